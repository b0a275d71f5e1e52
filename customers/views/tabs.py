"""What the pages of Customers have in common: the tabs, and who may request a reseller relationship."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import Permission, who_may
from accounts.tabs import tabs_to


def request_context(membership: Membership, current: str) -> dict[str, Any]:
    """The tabs Customers and Requests; whether the member may ask customers for a relationship, and who could."""
    pages = (("customers:list", _("Customers")), ("customers:requests", _("Requests")))
    return {
        "tabs": tabs_to(pages, current),
        "may_request": membership.can(Permission.REQUEST_RELATIONSHIP),
        "roles_that_request": who_may(Permission.REQUEST_RELATIONSHIP, membership.kind),
    }
