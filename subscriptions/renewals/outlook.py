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
        found = (self._line(item, at) for item in _items_after(subscription.offer))
        return next((line for line in found if line), None)

    def markup(self, subscription: Subscription, offer: Offer, at: datetime) -> Decimal:
        """What counted at that moment for whoever is credited, however late the renewal runs."""
        return self._markups[self._pair(subscription)].percent(offer, at)

    def licences(self, subscription: Subscription) -> int:
        """With how many it renews: as planned, but never with fewer than its users have.

        A plan for fewer is refused; that more were assigned since is no reason to take them from anybody.
        """
        plan = self.plans.get(subscription.pk)
        return max(plan.licences, self._assigned.get(subscription.pk, 0)) if plan else subscription.licences

    def _read(self, ending: Sequence[Subscription], moment: datetime) -> None:
        keys = [each.pk for each in ending]
        plans = RenewalPlan.objects.open().filter(subscription__in=keys).select_related("offer")
        self.plans = {plan.subscription_id: plan for plan in plans}
        items = {item for each in ending for item in _items_after(each.offer)}
        items.update(item for plan in self.plans.values() for item in (plan.offer.item, *_items_after(plan.offer)))
        first = min(each.ends_at for each in ending if each.ends_at)
        for line in Offer.objects.filter(item__in=items, effective_from__lte=moment, effective_to__gt=first):
            self._lines.setdefault(line.item, []).append(line)
        given = LicenceAssignment.objects.active().filter(subscription__in=keys)
        self._assigned = dict(given.order_by().values_list("subscription").annotate(Count("pk")))
        credits_ = ResellerOfRecord.objects.current().filter(subscription__in=keys)
        self._resellers = dict(credits_.values_list("subscription", "partner_account__organisation"))
        self._markups = markups_of((self._pair(each) for each in ending), since=first)

    def _line(self, item: str, at: datetime) -> Offer | None:
        lines = self._lines.get(item, [])
        return next((line for line in lines if line.effective_from <= at < line.effective_to), None)

    def _pair(self, subscription: Subscription) -> tuple[UUID, UUID | None]:
        return subscription.provider_id, self._resellers.get(subscription.pk)


def _ends(subscription: Subscription, moment: datetime) -> bool:
    return bool(subscription.ends_at and subscription.ends_at <= moment and not subscription.ended_at)


def _items_after(offer: Offer) -> list[str]:
    """What a line is renewed by, the best first: itself, but for a trial, which is never had twice."""
    if not offer.is_trial:
        return [offer.item]
    where = f"{offer.market}:{offer.currency}:{offer.segment}"
    terms = sorted(_SHORTEST_FIRST, key=lambda each: each != (offer.term, offer.billing))
    return [f"{sku}:{term}:{billing}:{where}" for sku in offer.converts_to for term, billing in terms]
