"""What the log never tells: a personal link is a secret (design.md §4.3), and its token stands in its address."""

import logging
import re

# Also where an address stands within another one, as in ?next=, and is encoded, once or several times.
_SLASH = r"(?:/|%(?:25)*2[Ff])"
_LINK = re.compile(rf"((?:invitation|join){_SLASH}[0-9a-fA-F-]{{36}}{_SLASH})[\w-]+", re.ASCII)


def masked(text: str) -> str:
    """The text with … where the token of a personal link stands."""
    return _LINK.sub(r"\1…", text)


class DiscreetRecord(logging.LogRecord):
    """A line of the log, of ours as of Django's, Celery's or gunicorn's, in which the tokens are masked.

    A record and not a filter: a filter belongs to one handler, and every library may bring handlers of its own.
    """

    def getMessage(self) -> str:  # noqa: N802  # logging calls it so
        return masked(super().getMessage())

    @property
    def exc_text(self) -> str | None:
        """The traceback as the first formatter wrote it."""
        return self._exc_text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._exc_text = text and masked(text)
