"""Delivery in the background. Both tasks may run twice and at once: deliver() sends a message once."""

from celery import shared_task
from django.utils import timezone

from outbox import post
from outbox.models import OutgoingEmail

BATCH = 100


@shared_task
def deliver_email(email_id: int) -> None:
    """Send one message that has just been posted."""
    post.deliver(email_id)


@shared_task
def deliver_waiting() -> int:
    """Send what is due and was not: lost tasks, faults that have passed. At most BATCH a run; returns how many left."""
    due = OutgoingEmail.objects.filter(state=OutgoingEmail.State.WAITING, next_attempt_at__lte=timezone.now())
    waiting = due.order_by("next_attempt_at").values_list("pk", flat=True)[:BATCH]
    return sum(post.deliver(email_id) for email_id in list(waiting))
