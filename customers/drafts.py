"""The message that asks a customer for a reseller relationship, before anybody edits it."""

from django.utils import translation

from customers.models import RelationshipRequest
from outbox.models import LINK


def draft_text(request: RelationshipRequest, language: str) -> tuple[str, str]:
    """Subject and message in a language, from whoever made the request. Both companies are named (domain.md §14 #17).

    The message says what the link asks for, so it depends on the reseller and on the privileges that are included.
    """
    names = {
        "sender": request.sender.name,
        "provider": str(request.provider),
        "reseller": str(request.reseller or ""),
        "person": request.created_by.get_full_name(),
        "link": LINK,
    }
    with translation.override(language):
        subject = translation.gettext("Request for a reseller relationship from %(sender)s") % names
        paragraphs = [
            translation.gettext("Hello,"),
            _who_asks(request),
            _privileges(request),
            _what_to_do(),
            _regards(),
        ]
        return subject, "\n\n".join(paragraphs) % names


def _who_asks(request: RelationshipRequest) -> str:
    if request.reseller:
        return translation.gettext(
            "%(reseller)s and %(provider)s would like to look after your company's cloud services together: "
            "%(provider)s orders your subscriptions, and %(reseller)s is there for you day by day."
        )
    return translation.gettext(
        "%(provider)s would like to look after your company's cloud services, and to order subscriptions for you."
    )


def _privileges(request: RelationshipRequest) -> str:
    if request.includes_admin:
        return translation.gettext(
            "The request includes delegated administration privileges for your account. "
            "You can accept without them, and withdraw them at any time."
        )
    return translation.gettext("The request does not include delegated administration privileges for your account.")


def _what_to_do() -> str:
    return translation.gettext(
        "Open this link, see what you agree to, and accept or decline:\n\n"
        "%(link)s\n\n"
        "A Global admin of your company needs to sign in for this."
    )


def _regards() -> str:
    return translation.gettext("Kind regards\n%(person)s\n%(sender)s")
