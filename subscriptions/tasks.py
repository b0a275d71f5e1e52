"""What becomes of subscriptions and their money without anybody's doing. Everything may run twice and at once."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from providers.models import Provider
from subscriptions.bulk import rows as bulk_rows
from subscriptions.price_list import apply as price_list_apply
from subscriptions.renewals import run_due
from subscriptions.renewals.notices import tell_of_renewals_ahead
from subscriptions.statements import close_month, draw_month, has_news, months_to_close
from subscriptions.terms import month_of


@shared_task
def draw_statements() -> int:
    """Bring the running month's statements up to date, of each provider in a task of its own; returns how many."""
    return len([draw_statements_of.delay(str(pk)) for pk in Provider.objects.values_list("pk", flat=True)])


@shared_task
def draw_statements_of(provider_id: str) -> int:
    """Of one provider, if there is something new; returns how many statements were drawn."""
    provider, month = Provider.objects.get(pk=UUID(provider_id)), month_of(timezone.now())
    return draw_month(provider, month) if has_news(provider, month) else 0


@shared_task
def close_statements() -> int:
    """Close the months that are over, of each provider in a task of its own; returns how many."""
    return len([close_statements_of.delay(str(pk)) for pk in Provider.objects.values_list("pk", flat=True)])


@shared_task
def close_statements_of(provider_id: str) -> int:
    """Of one provider, the oldest month first, each in a transaction of its own; returns how many were closed."""
    provider = Provider.objects.select_related("organisation").get(pk=UUID(provider_id))
    return sum(bool(close_month(provider, month)) for month in months_to_close(provider, timezone.now()))


@shared_task
def renew_due() -> int:
    """Charge, renew and end what is due, for less than the minute after which it is asked for again."""
    return run_due(timezone.now(), seconds=50)


@shared_task
def remind_of_renewals() -> int:
    """How many subscriptions came into sight of their end today; returns how many companies were told."""
    return tell_of_renewals_ahead()


@shared_task
def carry_on_bulk_change(change_id: int) -> int:
    """The next rows of a bulk change, checked or carried out; returns how many."""
    return bulk_rows.carry_on(change_id)


@shared_task
def resume_bulk_changes() -> int:
    """Bulk changes that stand still, because their worker was killed; returns how many."""
    return bulk_rows.carry_on_stalled()


@shared_task
def check_price_list(price_list_id: int) -> None:
    """Check a price list that has just been uploaded."""
    price_list_apply.check(price_list_id)


@shared_task
def apply_price_list(price_list_id: int) -> None:
    """Apply a price list that the operator has looked at."""
    price_list_apply.apply(price_list_id)


@shared_task
def take_up_price_lists() -> None:
    """Price lists that were left on their way: tasks that were lost, workers that were killed."""
    price_list_apply.take_up()
