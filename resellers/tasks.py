"""What resellers and their providers are told without anybody's doing. May run twice and at once: each is told once."""

from celery import shared_task

from accounts.roles import Permission
from outbox.reminders import remind
from resellers.models import PartnershipRequest
from resellers.reminders import tell_of_missing_agreements


@shared_task
def remind_of_requests() -> int:
    """Partnership requests that are about to expire, or have."""
    return remind(PartnershipRequest, holding=Permission.REQUEST_PARTNERSHIP, page="resellers:requests")


@shared_task
def remind_of_agreements() -> int:
    """Partner agreements that ended or were never signed."""
    return tell_of_missing_agreements()
