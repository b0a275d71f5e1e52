"""The message that invites somebody to join an organisation, before anybody edits it."""

from django.utils import translation

from accounts.roles import Role, labels, listed
from outbox.models import LINK
from staff.models import StaffInvitation


def draft_text(invitation: StaffInvitation, language: str) -> tuple[str, str]:
    """Subject and message in a language, from whoever made the invitation."""
    company, author = invitation.organisation, invitation.created_by
    with translation.override(language):
        roles = listed(labels(Role(each) for each in invitation.roles)) or translation.gettext("None")
        names = {"company": company.name, "person": author.get_full_name(), "roles": roles, "link": LINK}
        subject = translation.gettext("Invitation to work for %(company)s in Partner Center") % names
        message = (
            translation.gettext(
                "Hello,\n\n"
                "%(person)s invites you to work for %(company)s in Partner Center.\n\n"
                "Your roles there: %(roles)s\n\n"
                "1. Open this link and read what it is about:\n\n"
                "%(link)s\n\n"
                "2. Sign in, or create an account.\n"
                "3. Select Join.\n\n"
                "The link is for you alone and works once. Please do not pass it on.\n\n"
                "Kind regards\n%(person)s\n%(company)s"
            )
            % names
        )
    return subject, message
