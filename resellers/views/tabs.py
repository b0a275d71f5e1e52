"""What the pages of Indirect resellers have in common: the tabs, and who may request a partnership."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import Permission, who_may
from accounts.tabs import Tab, tabs_to


def tabs(current: str) -> list[Tab]:
    """Indirect resellers | Requests | Contact requests."""
    pages = (
        ("resellers:list", _("Indirect resellers")),
        ("resellers:requests", _("Requests")),
        ("resellers:contacts", _("Contact requests")),
    )
    return tabs_to(pages, current)


def request_context(membership: Membership) -> dict[str, Any]:
    """Whether the member may request a partnership, and who could otherwise."""
    may_request = membership.can(Permission.REQUEST_PARTNERSHIP)
    return {"may_request": may_request, "roles_that_request": who_may(Permission.REQUEST_PARTNERSHIP, membership.kind)}
