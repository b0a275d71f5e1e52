"""What renews, and what ends instead, in the days ahead: as the schedule would decide it today (design.md §7)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership
from accounts.paging import Sorting
from subscriptions.families import Family
from subscriptions.models import Offer, RenewalPlan, Subscription
from subscriptions.models.subscriptions import SubscriptionQuerySet
from subscriptions.money import Money
from subscriptions.renewals.outlook import Outlook
from subscriptions.sides import Reader

_CHUNK = 500
SORTINGS = {"end": Sorting(("ends_or_never", "id"))}


@dataclass(frozen=True)
class Renewal:
    """A subscription, and what will become of it when its term ends unless somebody changes something."""

    subscription: Subscription
    plan: RenewalPlan | None
    """What was scheduled, when that is what it would renew with."""
    offer: Offer | None
    """The line of the price list that it would renew by; None when it ends, or when none holds on that day."""
    licences: int
    outcome: Promise
    price: Money | None = None
    """What a license will cost the reader, as far as is known today; None for whom that is no business."""
    price_now: Money | None = None
    sees_prices: bool = False
    """Whether there are prices of subscriptions that are this reader's business at all."""

    @property
    def renews(self) -> bool:
        return self.offer is not None

    @property
    def goes_on(self) -> bool:
        """Whether it is still there afterwards; what is not wants to be seen."""
        return self.renews or self.outcome == STAYS

    @property
    def old_price(self) -> Money | None:
        """What it costs now, where that is another price."""
        return self.price_now if self.price and self.price != self.price_now else None


RENEWS = gettext_lazy("Renews")
EXPIRES = gettext_lazy("Expires: auto-renew is off")
ENDS_SUSPENDED = gettext_lazy("Ends: it is suspended")
NOT_OFFERED = gettext_lazy("Expires: the price list does not offer it on that day")
WITH_BASE = gettext_lazy("Ends with the subscription that it adds to")
STAYS = gettext_lazy("Stays with the subscription that it adds to")
LEFT_BEHIND = gettext_lazy("Ends: it does not go with what its base becomes")


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
    reader = Reader(membership)
    return [_renewal(each, outlook, reader) for each in rows]


def _renewal(subscription: Subscription, outlook: Outlook, reader: Reader) -> Renewal:
    sees_prices = reader.sees_cost or reader.is_billed
    offer, outcome = _fate(subscription, outlook)
    if subscription.base and (offer or outcome is STAYS):
        end = _end_by_base(subscription, subscription.base, outlook)
        offer, outcome = (None, end) if end else (offer, outcome)
    if offer is None:
        return Renewal(subscription, None, None, subscription.licences, outcome, sees_prices=sees_prices)
    plan, licences = outlook.plan(subscription, offer), outlook.licences(subscription, offer)
    price = _price(subscription, offer, outlook, reader)
    price_now = reader.own_price(subscription, outlook.reseller(subscription))
    return Renewal(subscription, plan, offer, licences, outcome, price, price_now, sees_prices)


def _price(subscription: Subscription, offer: Offer, outlook: Outlook, reader: Reader) -> Money | None:
    """The provider's cost; for the reseller of record its own price, with the markup that counts today (sides.py)."""
    if reader.is_billed and outlook.reseller(subscription) == reader.organisation:
        return offer.price.marked_up(outlook.markup(subscription, offer, subscription.ends_or_never))
    return offer.price if reader.sees_cost else None


def _fate(subscription: Subscription, outlook: Outlook) -> tuple[Offer | None, Promise]:
    """What it renews with at its end, and what one says of that; of an add-on as if its base renewed."""
    if subscription.status == Subscription.Status.SUSPENDED:
        return None, ENDS_SUSPENDED
    if subscription.base_id and not subscription.term:
        return None, STAYS
    if not subscription.auto_renew:
        return None, EXPIRES
    offer = outlook.successor(subscription, subscription.ends_or_never)
    return offer, RENEWS if offer else NOT_OFFERED


def _end_by_base(add_on: Subscription, base: Subscription, outlook: Outlook) -> Promise | None:
    """Why the add-on ends because of its base: that ends too, or becomes what the add-on does not go with.

    A base with a longer term goes on, and the add-on with it.
    """
    if base.ends_or_never > add_on.ends_or_never:
        return None
    offer, _outcome = _fate(base, outlook)
    if offer is None:
        return WITH_BASE
    return LEFT_BEHIND if outlook.is_left_behind(add_on, base.offer, offer, add_on.ends_or_never) else None


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
