"""A base subscription and its add-ons: they are locked, charged, renewed and ended together (design.md §7)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q

from subscriptions.models import Subscription


@dataclass(frozen=True)
class Family:
    """A base and those of its add-ons that have not ended, all of them held until the transaction ends."""

    base: Subscription
    add_ons: list[Subscription]

    def __iter__(self) -> Iterator[Subscription]:
        yield self.base
        yield from self.add_ons

    def member(self, pk: int) -> Subscription:
        """The subscription with this key, as it is now."""
        return next(each for each in self if each.pk == pk)

    def plan_next_visit(self) -> None:
        """Say on the base when the schedule has to look next: when the first of them has to be charged, or ends."""
        charged = [each.charged_until for each in self if each.charged_until and not each.ended_at]
        self.base.due_at = min(charged, default=None) if not self.base.ended_at else None


def lock_family(subscription: Subscription) -> Family:
    """Hold the base of a subscription, then its add-ons, and return them as they are now.

    Always in this order, so that two that hold families wait for each other and never deadlock. An add-on that ended
    before comes along when it is the one that was asked for.
    """
    base_pk = subscription.base_id or subscription.pk
    return next(iter(lock_families([base_pk], asked=subscription.pk)))


def lock_families(bases: Iterable[int], *, asked: int | None = None, skip_locked: bool = False) -> list[Family]:
    """Hold several families, in the order of their keys; with skip_locked those only that nobody else holds."""
    rows = Subscription.objects.order_by("pk").values_list("pk", flat=True)
    keys = list(rows.filter(pk__in=list(bases)).select_for_update(skip_locked=skip_locked))
    add_ons = list(rows.filter(Q(ended_at=None) | Q(pk=asked), base__in=keys).select_for_update())
    # In a step of its own: a query that has waited for a row would join it to the offer that it had before the wait.
    members = Subscription.objects.with_parties().filter(pk__in=[*keys, *add_ons]).order_by("pk")
    families: dict[int, Family] = {}
    for member in sorted(members, key=lambda each: each.base_id is not None):
        if member.base_id is None:
            families[member.pk] = Family(member, [])
        else:
            families[member.base_id].add_ons.append(member)
    return list(families.values())
