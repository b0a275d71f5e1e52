"""The demo's books: what falls due is charged as the year goes by, and months are closed when they are over."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.utils import timezone

from providers.models import Provider
from subscriptions.renewals import run_due
from subscriptions.statements import close_month, draw_month, months_to_close
from subscriptions.terms import first_of_month, month_of, months_later

_AFTER_MIDNIGHT = timedelta(hours=3)


def events() -> Iterator[tuple[float, Callable[[], object]]]:
    """The closing of each month of the last year, a few hours after it was over."""
    now = timezone.now()
    this_month = first_of_month(month_of(now))
    for months in range(11):
        closing = months_later(this_month, -months) + _AFTER_MIDNIGHT
        if closing < now:
            yield (now - closing) / timedelta(days=1), close_what_is_over


def settle() -> None:
    """Charge, renew and end whatever is due by now."""
    run_due(timezone.now())


def close_what_is_over() -> None:
    """Close the months that are over, for every provider."""
    now = timezone.now()
    for provider in Provider.objects.all():
        for month in list(months_to_close(provider, now)):
            close_month(provider, month)


def draw_the_running_month() -> None:
    """Statements and incentives as of now."""
    for provider in Provider.objects.all():
        draw_month(provider, month_of(timezone.now()))
