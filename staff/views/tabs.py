"""What the pages of User management have in common."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import Kind, Permission, labels, listed, roles_with


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


def title_for(membership: Membership) -> str:
    """A customer has users; a partner, with people in the portal all day, user management."""
    return _("Users") if membership.kind == Kind.CUSTOMER else _("User management")


def staff_context(membership: Membership, current: str = "") -> dict[str, Any]:
    """The title, the tabs, and whether the member may manage people, and who could otherwise."""
    pages = (("staff:list", _("Users")), ("staff:invitations", _("Invitations")))
    return {
        "title": title_for(membership),
        "tabs": [Tab(label, reverse(view), view == current) for view, label in pages],
        "may_manage": membership.can(Permission.MANAGE_STAFF),
        "roles_that_manage": listed(labels(roles_with(Permission.MANAGE_STAFF, membership.kind))),
    }
