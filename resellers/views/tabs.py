"""What the pages of Indirect resellers have in common: the tabs, and who may request a partnership."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import Permission, labels, listed, roles_with


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


def tabs(current: str) -> list[Tab]:
    """Indirect resellers | Requests | Contact requests."""
    pages = (
        ("resellers:list", _("Indirect resellers")),
        ("resellers:requests", _("Requests")),
        ("resellers:contacts", _("Contact requests")),
    )
    return [Tab(label, reverse(view), view == current) for view, label in pages]


def request_context(membership: Membership) -> dict[str, Any]:
    """Whether the member may request a partnership, and who could otherwise."""
    may_request = membership.can(Permission.REQUEST_PARTNERSHIP)
    roles = labels(roles_with(Permission.REQUEST_PARTNERSHIP, membership.kind))
    return {"may_request": may_request, "roles_that_request": listed(roles)}
