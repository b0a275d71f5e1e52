"""What renews, and what ends instead, in the days ahead: as the schedule would decide it today (design.md §7)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership
from accounts.paging import Sorting
from accounts.roles import Kind, Permission
from subscriptions.families import Family
from subscriptions.models import Offer, RenewalPlan, Subscription
from subscriptions.models.subscriptions import SubscriptionQuerySet
from subscriptions.money import Money
from subscriptions.renewals.outlook import Outlook

_CHUNK = 500
SORTINGS = {"end": Sorting(("ends_or_never", "id"))}


@dataclass(frozen=True)
class Renewal:
    """A subscription, and what will become of it when its term ends unless somebody changes something."""

    subscription: Subscription
    plan: RenewalPlan | None
    offer: Offer | None
    """The line of the price list that it would renew by; None when it ends, or when none holds on that day."""
    licences: int
    outcome: Promise
    sees_prices: bool

    @property
    def renews(self) -> bool:
        return self.offer is not None

    @property
    def price(self) -> Money | None:
        """What a license will cost, as far as the price list knows it today; None for whom that is no business."""
        return self.offer.price if self.offer and self.sees_prices else None

    @property
    def old_price(self) -> Money | None:
        """What it costs now, where that is another price."""
        changes = self.price is not None and self.price != self.subscription.price
        return self.subscription.price if changes else None


RENEWS = gettext_lazy("Renews")
EXPIRES = gettext_lazy("Expires: auto-renew is off")
ENDS_SUSPENDED = gettext_lazy("Ends: it is suspended")
NOT_OFFERED = gettext_lazy("Expires: the price list does not offer it on that day")
WITH_BASE = gettext_lazy("Ends with the subscription that it adds to")


def renewals_within(days: int, membership: Membership) -> SubscriptionQuerySet:
    """The subscriptions that one may see and whose term ends within so many days."""
    return Subscription.objects.visible_to(membership).ending_within(days)


def with_names(rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
    """The rows with what the list shows of them, and with the bases of add-ons, which decide for them."""
    return rows.select_related("relationship", "offer", "base__offer")


def outcomes(rows: Iterable[Subscription], membership: Membership) -> list[Renewal]:
    """What becomes of each of the rows, as renewals.py would decide it; in a constant number of queries."""
    rows = list(rows)
    latest = max((each.ends_or_never for each in rows), default=timezone.now())
    bases = {each.base for each in rows if each.base} - set(rows)
    outlook = Outlook([Family(each, []) for each in (*rows, *bases)], latest)
    sees_prices = membership.kind == Kind.PROVIDER and membership.can(Permission.SEE_PRICES)
    return [_renewal(each, outlook, sees_prices=sees_prices) for each in rows]


def _renewal(subscription: Subscription, outlook: Outlook, *, sees_prices: bool) -> Renewal:
    offer, outcome = _fate(subscription, outlook)
    if offer and subscription.base and _ends_with(subscription, subscription.base, outlook):
        offer, outcome = None, WITH_BASE
    plan, licences = outlook.plans.get(subscription.pk), outlook.licences(subscription)
    return Renewal(subscription, plan, offer, licences, outcome, sees_prices)


def _fate(subscription: Subscription, outlook: Outlook) -> tuple[Offer | None, Promise]:
    """What it renews with at its end, and what one says of that; of an add-on as if its base renewed."""
    if subscription.status == Subscription.Status.SUSPENDED:
        return None, ENDS_SUSPENDED
    if not subscription.auto_renew:
        return None, EXPIRES
    offer = outlook.successor(subscription, subscription.ends_or_never)
    return offer, RENEWS if offer else NOT_OFFERED


def _ends_with(add_on: Subscription, base: Subscription, outlook: Outlook) -> bool:
    """Whether the base is over when the add-on ends. A base with a longer term goes on, and the add-on with it."""
    if base.ends_or_never > add_on.ends_or_never:
        return False
    offer, _outcome = _fate(base, outlook)
    return offer is None


def export_header() -> list[str]:
    return [
        *(_("End of term"), _("Subscription"), _("Subscription ID"), _("Company name"), _("Licenses")),
        *(_("At the end of the term"), _("Renews with"), _("Licenses then"), _("Unit price then"), _("Currency")),
    ]


def export_lines(rows: SubscriptionQuerySet, membership: Membership) -> Iterator[list[str | int]]:
    """One line a subscription, under export_header(). Days are those in UTC, wherever the reader is."""
    chunk: list[Subscription] = []
    for each in with_names(rows).iterator(chunk_size=_CHUNK):
        chunk.append(each)
        if len(chunk) == _CHUNK:
            yield from map(_line, outcomes(chunk, membership))
            chunk.clear()
    yield from map(_line, outcomes(chunk, membership))


def _line(renewal: Renewal) -> list[str | int]:
    each, price = renewal.subscription, renewal.price
    return [
        *(f"{each.ends_at:%Y-%m-%d}", each.nickname, str(each.code), each.relationship.company_name, each.licences),
        *(str(renewal.outcome), renewal.offer.sku_title if renewal.offer else ""),
        renewal.licences if renewal.renews else "",
        *(f"{price.amount.normalize():f}" if price else "", each.currency if price else ""),
    ]
