"""The message that carries a personalised link: what it says before anybody edits it, and what it must keep."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from outbox.models import LINK
from providers.models import Provider
from resellers.models import PartnershipRequest

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Draft:
    """A message as its author left it: the text has LINK where the personal link stands."""

    subject: str
    message: str
    recipient: str = ""
    expires_at: datetime | None = None
    max_uses: int | None = 1
    language: str = ""
    """Empty: as it was."""


def draft_text(provider: Provider, author: User, language: str) -> tuple[str, str]:
    """Subject and message in a language, from an author. The message has LINK where the personal link stands."""
    names = {"provider": str(provider), "person": author.get_full_name(), "link": LINK}
    with translation.override(language):
        subject = translation.gettext("Partnership request from %(provider)s") % names
        message = (
            translation.gettext(
                "Hello,\n\n"
                "%(provider)s would like to be your indirect provider and to serve customers together with you.\n\n"
                "1. Check that your company's profile is complete.\n"
                "2. Open this link, see what you agree to, and authorize %(provider)s:\n\n"
                "%(link)s\n\n"
                "A Global admin of your company needs to sign in for this.\n\n"
                "Kind regards\n%(person)s\n%(provider)s"
            )
            % names
        )
    return Truncator(subject).chars(SUBJECT_LENGTH), message


def is_unedited(request: PartnershipRequest, subject: str, message: str) -> bool:
    """Whether subject and message are still as the portal drafted them."""
    return (subject, message) == draft_text(request.provider, request.created_by, request.language)


def check_message(message: str) -> None:
    """Refuse a message without its link (link_missing), or with an address that looks like it and is not
    (link_altered): a typing mistake would send the reseller nowhere, and another request's link is nobody's to store.
    """
    if _before_any_code() in message:
        raise ValidationError(
            _("The text has a personal link that is not this one, or that was changed. Copy the link below anew."),
            "link_altered",
        )
    if LINK not in message:
        raise ValidationError(_("Put the link back: without it, nobody can accept."), "link_missing")


def _before_any_code() -> str:
    code = str(UUID(int=0))
    return reverse("resellers:invitation", args=[code, "TOKEN"]).partition(code)[0]
