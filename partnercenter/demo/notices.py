"""Under the bell: what is a fortnight old has been read."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Membership
from outbox.notices import mark_all_read

FRESH = timedelta(days=14)


def read_what_is_old() -> None:
    """As if everybody looked under the bell every other week."""
    for membership in Membership.objects.filter(notices__read_at=None).distinct():
        mark_all_read(membership, until=timezone.now() - FRESH)
