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

MENU = (
    Entry("overview", _("Overview")),
    Entry("resellers:list", _("Indirect resellers"), _PROVIDER),
    Entry("resellers:providers", _("Indirect providers"), _RESELLER),
    Entry("customers:list", _("Customers"), _PARTNERS),
    Entry("orders:list", _("Orders"), _PARTNERS),
    Entry("subscriptions:list", _("Subscriptions")),
    Entry("subscriptions:price_list", _("Price list"), _PROVIDER, Permission.SEE_PRICES),
    Entry("activity:list", _("Activity log")),
    Entry("account_settings", _("Account settings")),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context: who is acting for whom, and the menu. The longest matching address is the current page."""
    membership: Membership | None = getattr(request, "membership", None)
    entries = [(reverse(entry.view), entry) for entry in MENU if membership and entry.is_for(membership)]
    home = reverse("overview")  # every address begins with it
    matching = [url for url, _entry in entries if request.path == url or (url != home and request.path.startswith(url))]
    current = max(matching, key=len, default="")
    return {
        "membership": membership,
        "memberships": getattr(request, "memberships", []),
        "menu": [Item(url, entry.label, url == current) for url, entry in entries],
    }
