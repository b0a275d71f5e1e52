"""Which licences may be given back, and until when (design.md §7)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from subscriptions.models import Subscription

RETURN_WINDOW = timedelta(hours=168)


@dataclass(frozen=True)
class Returnable:
    """Licences that may be given back, and until when."""

    licences: int
    until: datetime

    @property
    def utc(self) -> str:
        """Until when, in the time that everybody has."""
        return f"{self.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def returnable(subscription: Subscription) -> list[Returnable]:
    """What may be given back now, the first to lapse first.

    The 168 hours run for each licence from the moment it was added. Those given back were the oldest that could be.
    Never so many that fewer than the offer's least would stay.
    """
    added: list[tuple[int, datetime]] = []
    for change in subscription.licence_changes.order_by("changed_at", "pk"):
        added = _still_returnable(added, change.changed_at)
        if change.difference > 0:
            added.append((change.difference, change.changed_at))
        else:
            added = _without_oldest(added, -change.difference)
    room = max(0, subscription.licences - subscription.offer.min_licences)
    lots = []
    for count, since in reversed(_still_returnable(added, timezone.now())):
        if fits := min(count, room):
            lots.append(Returnable(fits, since + RETURN_WINDOW))
            room -= fits
    return lots[::-1]


def _still_returnable(added: list[tuple[int, datetime]], moment: datetime) -> list[tuple[int, datetime]]:
    return [(count, since) for count, since in added if since > moment - RETURN_WINDOW]


def _without_oldest(added: list[tuple[int, datetime]], returned: int) -> list[tuple[int, datetime]]:
    left = []
    for count, since in added:
        taken = min(count, returned)
        returned -= taken
        if count > taken:
            left.append((count - taken, since))
    return left
