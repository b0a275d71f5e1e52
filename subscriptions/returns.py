"""Which licences may be given back, until when, and which charges are undone by that (design.md §7, domain.md §7.4).

The 168 hours run from the purchase, the renewal, or the adding of those very licences. With a renewal all licences are
a new lot, from the start of the term. Those that are given back are the oldest that still can be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from subscriptions.ledger import Posting, giving_back
from subscriptions.models import Charge, Subscription

RETURN_WINDOW = timedelta(hours=168)


@dataclass(frozen=True)
class Returnable:
    """Licences that may be given back, and until when."""

    licences: int
    until: datetime

    @property
    def utc(self) -> str:
        """Until when, in the time that everybody has."""
        return utc(self.until)


@dataclass(frozen=True)
class Lot:
    """Licences that were added at the same moment, as far as they have not been given back."""

    licences: int
    since: datetime


def utc(moment: datetime) -> str:
    """A moment in the time that everybody has."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def returnable(subscription: Subscription, moment: datetime | None = None) -> list[Returnable]:
    """What may be given back at the moment, the first to lapse first.

    Never so many that fewer than the offer's least would stay.
    """
    room = max(0, subscription.licences - subscription.offer.min_licences)
    found = []
    for lot in reversed(_lots(subscription, moment or timezone.now())):
        if fits := min(lot.licences, room):
            found.append(Returnable(fits, lot.since + RETURN_WINDOW))
            room -= fits
    return found[::-1]


def returned(subscription: Subscription, licences: int, *, moment: datetime) -> list[Posting]:
    """The refunds for so many of the licences that may be given back at the moment.

    Licences added after the running billing period was charged undo the charge they were added with, all others the
    period's. What was not charged here, before there was a ledger, is not given back here.
    """
    covering = _covering(subscription, moment)
    main = next((charge for charge in reversed(covering) if charge.kind != Charge.Kind.LICENCES_ADDED), None)
    taken: dict[Charge, int] = {}
    for lot in _lots(subscription, moment):
        part, licences = min(lot.licences, licences), max(0, licences - lot.licences)
        own = [each for each in covering if each.period_start == lot.since and each != main]
        for charge in [*own, *([main] if main else [])]:
            undone = min(part, _left(charge) - taken.get(charge, 0))
            part -= undone
            if undone > 0:
                taken[charge] = taken.get(charge, 0) + undone
    return [giving_back(charge, subscription, count, moment=moment) for charge, count in taken.items()]


def unused(subscription: Subscription, *, moment: datetime) -> list[Posting]:
    """The refunds for all licences: the rest of whatever is charged beyond the moment.

    What has no period is never used up: it is given back whole within 168 hours of its own purchase, and then not at
    all, though its base may be cancelled again after a renewal, and what is billed by use at any time.
    """
    covering = _covering(subscription, moment)
    return [giving_back(each, subscription, _left(each), moment=moment) for each in covering if _left(each)]


def _lots(subscription: Subscription, moment: datetime) -> list[Lot]:
    """The licences that may be given back at the moment, by when they were added, the oldest first."""
    changes = list(
        subscription.licence_changes.filter(changed_at__gt=subscription.starts_at).order_by("changed_at", "pk")
    )
    start = subscription.licences - sum(change.difference for change in changes)
    lots = [Lot(start, subscription.starts_at)]
    for change in changes:
        lots = _open(lots, change.changed_at)
        if change.difference > 0:
            lots.append(Lot(change.difference, change.changed_at))
        else:
            lots = _without_oldest(lots, -change.difference)
    return [lot for lot in _open(lots, moment) if lot.licences]


def _open(lots: Sequence[Lot], moment: datetime) -> list[Lot]:
    return [lot for lot in lots if lot.since > moment - RETURN_WINDOW]


def _without_oldest(lots: Sequence[Lot], licences: int) -> list[Lot]:
    left = []
    for lot in lots:
        taken = min(lot.licences, licences)
        licences -= taken
        if lot.licences > taken:
            left.append(Lot(lot.licences - taken, lot.since))
    return left


def _covering(subscription: Subscription, moment: datetime) -> list[Charge]:
    """What was charged for the billing period that the moment falls into, and how much of that was undone, in the order
    of the ledger.

    The period's own charge, and what was charged for licences since. What was charged once, and has no period, for as
    long as it can be given back.
    """
    charges: QuerySet[Charge] = subscription.charges.exclude(kind=Charge.Kind.REFUND)
    running = Q(period_end__gt=moment) | Q(period_end=None, period_start__gt=moment - RETURN_WINDOW)
    beyond = charges.filter(running, period_start__lte=moment)
    undone = beyond.annotate(undone=Coalesce(Sum("undone_by__licences"), 0))
    return list(undone.order_by("period_start", "pk"))


def _left(charge: Charge) -> int:
    return charge.licences - charge.undone  # type: ignore[attr-defined,no-any-return]  # from _covering()
