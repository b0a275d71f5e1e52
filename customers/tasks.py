"""What is told of relationship requests without anybody's doing. May run twice and at once: each is told once."""

from celery import shared_task

from accounts.roles import Permission
from customers.models import RelationshipRequest
from outbox.reminders import remind


@shared_task
def remind_of_requests() -> int:
    """Relationship requests that are about to expire, or have."""
    return remind(RelationshipRequest, holding=Permission.REQUEST_RELATIONSHIP, page="customers:requests")
