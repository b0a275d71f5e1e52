"""What is told of invitations without anybody's doing. May run twice and at once: each is told once."""

from celery import shared_task

from accounts.roles import Permission
from outbox.reminders import remind
from staff.models import StaffInvitation


@shared_task
def remind_of_invitations() -> int:
    """Invitations to join that are about to expire, or have."""
    return remind(StaffInvitation, holding=Permission.MANAGE_STAFF, page="staff:invitations")
