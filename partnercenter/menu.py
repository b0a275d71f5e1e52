"""The Partner Center menu: what each kind of organisation finds in the left column."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind, Permission


@dataclass(frozen=True)
class Entry:
    """A page of the menu: where it leads, and to whom it is shown."""

    view: str
    label: str | Promise
    kinds: frozenset[Kind] = frozenset(Kind)
    permission: Permission = Permission.VIEW
    of_organisation: bool = False
    """Whether its address names the organisation that one acts for."""
    covers: frozenset[str] = frozenset()
    """Pages that one comes to from it, and whose addresses begin otherwise, by name."""

    def url_for(self, membership: Membership) -> str:
        return reverse(self.view, args=[membership.organisation_id] if self.of_organisation else [])

    def is_for(self, membership: Membership) -> bool:
        return membership.kind in self.kinds and membership.can(self.permission)


@dataclass(frozen=True)
class Item:
    """An entry as the template shows it."""

    url: str
    label: str | Promise
    current: bool


_PROVIDER = frozenset({Kind.PROVIDER})
_RESELLER = frozenset({Kind.RESELLER})
_PARTNERS = _PROVIDER | _RESELLER
_CUSTOMER = frozenset({Kind.CUSTOMER})
_ENROLMENT = {"resellers:enrolment_status", "resellers:profile", "resellers:sign_agreement"}
_MPN_ACCOUNTS = {"resellers:accounts", "resellers:account_register", "resellers:account_associate"}
_PUBLISHED = {"resellers:support_profile", "directory:own", "directory:propose", "directory:preview"}

MENU = (
    Entry("overview", _("Overview")),
    Entry("resellers:list", _("Indirect resellers"), _PROVIDER),
    Entry("resellers:providers", _("Indirect providers"), _RESELLER),
    Entry("directory:list", _("Indirect providers list"), _RESELLER, covers=frozenset({"resellers:contact_ask"})),
    Entry("customers:list", _("Customers"), _PARTNERS),
    Entry("orders:list", _("Orders"), _PARTNERS),
    Entry("subscriptions:list", _("Subscriptions")),
    Entry("customers:partners", _("Partner relationships"), _CUSTOMER),
    Entry("support:list", _("Support requests")),
    Entry("incentives:list", _("Incentives"), _PARTNERS, Permission.SEE_BILLS),
    Entry("subscriptions:price_list", _("Price list"), _PROVIDER, Permission.SEE_PRICES),
    Entry("subscriptions:own_prices", _("Price list"), _RESELLER, Permission.SEE_BILLS),
    Entry("statements:list", _("Statements"), _PARTNERS, Permission.SEE_BILLS),
    Entry("activity:list", _("Activity log")),
    Entry("account_settings", _("Account settings"), covers=frozenset(_ENROLMENT | _MPN_ACCOUNTS | _PUBLISHED)),
    Entry("staff:list", _("User management"), _PARTNERS),
    Entry("staff:list", _("Users"), _CUSTOMER),
    Entry("customers:account", _("Account"), _CUSTOMER, of_organisation=True),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context: who is acting for whom, and the menu with the entry of the current page."""
    membership: Membership | None = getattr(request, "membership", None)
    entries = [(entry.url_for(membership), entry) for entry in MENU if membership and entry.is_for(membership)]
    current = _current(request, entries)
    return {
        "membership": membership,
        "memberships": getattr(request, "memberships", []),
        "menu": [Item(url, entry.label, url == current) for url, entry in entries],
    }


def _current(request: HttpRequest, entries: list[tuple[str, Entry]]) -> str:
    """The entry that covers the page, else the one with the longest address that the page's own begins with."""
    page = request.resolver_match.view_name if request.resolver_match else ""
    covering = [url for url, entry in entries if page in entry.covers]
    home = reverse("overview")  # every address begins with it
    matching = [url for url, _entry in entries if request.path == url or (url != home and request.path.startswith(url))]
    return max(covering or matching, key=len, default="")
