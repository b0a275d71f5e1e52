"""While developing, mail is written into files instead of being sent; this finds a message among them."""

from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings

from outbox.models import OutgoingEmail

_FILE_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
_BETWEEN = b"\n" + b"-" * 79 + b"\n"


def delivered_copy(email: OutgoingEmail) -> str | None:
    """The message as it left, with its personal link. None outside DEBUG, or where mail really leaves."""
    if not settings.DEBUG or settings.EMAIL_BACKEND != _FILE_BACKEND:
        return None
    for path in sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"), reverse=True):
        for part in path.read_bytes().split(_BETWEEN):
            message = message_from_bytes(part.lstrip(), policy=policy.default)
            if message["Message-ID"] == email.message_id:
                headers = [f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date")]
                body = message.get_body(("plain",))
                return "\n".join([*headers, "", body.get_content() if body else ""])
    return None
