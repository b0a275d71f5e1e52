"""What the pages of User management have in common."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import Kind, Permission, who_may
from accounts.tabs import tabs_to


def title_for(membership: Membership) -> str:
    """A customer has users; a partner, with people in the portal all day, user management."""
    return _("Users") if membership.kind == Kind.CUSTOMER else _("User management")


def staff_context(membership: Membership, current: str = "") -> dict[str, Any]:
    """The title, the tabs, and whether the member may manage people, and who could otherwise."""
    pages = (("staff:list", _("Users")), ("staff:invitations", _("Invitations")))
    return {
        "title": title_for(membership),
        "tabs": tabs_to(pages, current),
        "may_manage": membership.can(Permission.MANAGE_STAFF),
        "roles_that_manage": who_may(Permission.MANAGE_STAFF, membership.kind),
    }
