"""Personal links as messages carry them: shown to those who may see them, and a mark in their place when stored."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from accounts import tokens

LINK = "{{personal-link}}"


@dataclass(frozen=True)
class PersonalLink:
    """What a personal link is made of: the URL's name and code, the purpose, and the nonce that its row holds."""

    view: str
    code: str
    purpose: str
    nonce: str

    @property
    def template(self) -> str:
        """Its path with TOKEN where the secret half stands: what may be stored."""
        return reverse(self.view, args=[self.code, "TOKEN"])

    def path(self) -> str:
        return path_from(self.template, self.purpose, self.nonce)

    def url(self) -> str:
        """The whole address, as it goes into a message."""
        return f"{settings.PORTAL_URL}{self.path()}"

    def shown(self, text: str) -> str:
        """The text with the address where its mark is, for those who may see it."""
        return text.replace(LINK, self.url())

    def hidden(self, text: str) -> str:
        """The text with the mark where the address is, as it is stored; addresses under a former key count too."""
        before, after = f"{settings.PORTAL_URL}{self.template}".split("TOKEN")

        def mark(found: re.Match[str]) -> str:
            return LINK if tokens.verify(found["token"], self.nonce, purpose=self.purpose) else found[0]

        return re.sub(f"{re.escape(before)}(?P<token>[A-Za-z0-9_-]+){re.escape(after)}", mark, text)


def path_from(template: str, purpose: str, nonce: str) -> str:
    """The path, with its secret half, from what is stored of it."""
    return template.replace("TOKEN", tokens.issue(nonce, purpose=purpose))
