"""What has to be known before terms can end: plans, prices of then, markups, licences that are in use.

Read for many families at once, in as many queries as it takes for one, and only when a term of theirs ends.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import product
from uuid import UUID

from django.db.models import Count

from subscriptions.families import Family
from subscriptions.markups import Markups, markups_of
from subscriptions.models import LicenceAssignment, Offer, RenewalPlan, ResellerOfRecord, Subscription
from subscriptions.models.catalogue import Billing, Term
from subscriptions.ordering.holdings import may_add_to

# A trial says what it becomes, not for how long: the shortest commitment comes first (domain.md §6.3).
_SHORTEST_FIRST = tuple(product((Term.MONTH, Term.YEAR, Term.THREE_YEARS), Billing))


class Outlook:
    """What the families may become between the first end of a term of theirs and the moment."""

    def __init__(self, families: Iterable[Family], moment: datetime) -> None:
        ending = [each for family in families for each in family if _ends(each, moment)]
        self.plans: dict[int, RenewalPlan] = {}
        self._lines: dict[str, list[Offer]] = {}
        self._assigned: dict[int, int] = {}
        self._resellers: dict[int, UUID] = {}
        self._markups: dict[tuple[UUID, UUID | None], Markups] = {}
        if ending:
            self._read(ending, moment)

    def successor(self, subscription: Subscription, at: datetime) -> Offer | None:
        """The line of the price list that a subscription renews with when its term ends; None when there is none.

        That of its plan; of what a trial becomes (domain.md §6.3); of what it is already. A plan for what is not on
        sale then is as if there were none: nobody loses what is sold still, because something else is not.
        """
        plan = self.plans.get(subscription.pk)
        if plan and (line := self._line(plan.offer.item, at)):
            return line
        found = (self._line(item, at) for item in _items_after(self._rules(subscription.offer, at)))
        return next((line for line in found if line), None)

    def markup(self, subscription: Subscription, offer: Offer, at: datetime) -> Decimal:
        """What counted at that moment for whoever is credited, however late the renewal runs."""
        return self._markups[self._pair(subscription)].percent(offer, at)

    def plan(self, subscription: Subscription, offer: Offer) -> RenewalPlan | None:
        """The plan that it follows when it renews with this line; none when that is not what was planned."""
        plan = self.plans.get(subscription.pk)
        return plan if plan and plan.offer.item == offer.item else None

    def licences(self, subscription: Subscription, offer: Offer) -> int:
        """With how many it renews: as the plan says that it follows, but never with fewer than its users have.

        A plan for fewer is refused; that more were assigned since is no reason to take them from anybody.
        """
        plan = self.plan(subscription, offer)
        return max(plan.licences, self._assigned.get(subscription.pk, 0)) if plan else subscription.licences

    def reseller(self, subscription: Subscription) -> UUID | None:
        """Whoever is credited for it now."""
        return self._resellers.get(subscription.pk)

    def is_left_behind(self, add_on: Subscription, before: Offer, after: Offer, at: datetime) -> bool:
        """Whether the base becomes another product then, which the add-on does not go with by its rules of then."""
        return before.sku != after.sku and not may_add_to(self._rules(add_on.offer, at), after)

    def _read(self, ending: Sequence[Subscription], moment: datetime) -> None:
        keys = [each.pk for each in ending]
        plans = RenewalPlan.objects.open().filter(subscription__in=keys).select_related("offer")
        self.plans = {plan.subscription_id: plan for plan in plans}
        first = min(each.ends_at for each in ending if each.ends_at)
        self._read_lines(ending, first, moment)
        given = LicenceAssignment.objects.active().filter(subscription__in=keys)
        self._assigned = dict(given.order_by().values_list("subscription").annotate(Count("pk")))
        credits_ = ResellerOfRecord.objects.current().filter(subscription__in=keys)
        self._resellers = dict(credits_.values_list("subscription", "partner_account__organisation"))
        self._markups = markups_of((self._pair(each) for each in ending), since=first)

    def _read_lines(self, ending: Sequence[Subscription], first: datetime, moment: datetime) -> None:
        """The lines that hold between the two moments. Those of trials come first: they name what is read next."""
        offers = [*(each.offer for each in ending), *(plan.offer for plan in self.plans.values())]
        held = Offer.objects.filter(effective_from__lte=moment, effective_to__gt=first)
        trials = {offer.item for offer in offers if offer.is_trial}
        rules = [*held.filter(item__in=trials)] if trials else []
        items = {plan.offer.item for plan in self.plans.values()}
        items.update(item for offer in (*offers, *rules) for item in _items_after(offer))
        for line in (*rules, *held.filter(item__in=items - trials)):
            self._lines.setdefault(line.item, []).append(line)

    def _rules(self, offer: Offer, at: datetime) -> Offer:
        """What the price list says of a line then: see offers.as_sold()."""
        return self._line(offer.item, at) or offer

    def _line(self, item: str, at: datetime) -> Offer | None:
        lines = self._lines.get(item, [])
        return next((line for line in lines if line.effective_from <= at < line.effective_to), None)

    def _pair(self, subscription: Subscription) -> tuple[UUID, UUID | None]:
        return subscription.provider_id, self.reseller(subscription)


def _ends(subscription: Subscription, moment: datetime) -> bool:
    return bool(subscription.ends_at and subscription.ends_at <= moment and not subscription.ended_at)


def _items_after(offer: Offer) -> list[str]:
    """What a line is renewed by, the best first: itself, but for a trial, which is never had twice."""
    if not offer.is_trial:
        return [offer.item]
    where = f"{offer.market}:{offer.currency}:{offer.segment}"
    terms = sorted(_SHORTEST_FIRST, key=lambda each: each != (offer.term, offer.billing))
    return [f"{sku}:{term}:{billing}:{where}" for sku in offer.converts_to for term, billing in terms]
