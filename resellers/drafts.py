"""The message that asks a reseller for a partnership, before anybody edits it."""

from django.utils import translation

from outbox.models import LINK
from resellers.models import PartnershipRequest


def draft_text(request: PartnershipRequest, language: str) -> tuple[str, str]:
    """Subject and message in a language, from whoever made the request."""
    provider, author = request.provider, request.created_by
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
    return subject, message
