"""What the pages of Customers have in common: the tabs, and who may request a reseller relationship."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import Permission, labels, listed, roles_with
from resellers.views.tabs import Tab


def request_context(membership: Membership, current: str) -> dict[str, Any]:
    """The tabs Customers and Requests; whether the member may ask customers for a relationship, and who could."""
    pages = (("customers:list", _("Customers")), ("customers:requests", _("Requests")))
    return {
        "tabs": [Tab(label, reverse(view), view == current) for view, label in pages],
        "may_request": membership.can(Permission.REQUEST_RELATIONSHIP),
        "roles_that_request": listed(labels(roles_with(Permission.REQUEST_RELATIONSHIP, membership.kind))),
    }
