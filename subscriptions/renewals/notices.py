"""Who is told that subscriptions have ended, or renew or end soon: the provider, and a reseller entrusted with them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation
from accounts.roles import Permission
from outbox.notices import News, notify, notify_many
from outbox.reminders import told_already
from outbox.subjects import Subject
from providers.models import Provider
from subscriptions.models import Subscription

AHEAD = timedelta(days=30)
MADE_UP = 7
"""For so many days on which it was not told of what came into sight, that is told later; nobody is told of more."""


def tell_of_ends(ended: Sequence[tuple[Subscription, str]]) -> None:
    """Tell whoever manages a subscription that it has ended with its term, and why (a word of outbox/sentences.py)."""
    news = [
        News(
            organisation,
            path=subscription.get_absolute_url(),
            names={
                "subscription": subscription.nickname,
                "company": subscription.relationship.company_name,
                "change": reason,
            },
        )
        for subscription, reason in ended
        for organisation in _managers(subscription)
    ]
    notify_many(Subject.SUBSCRIPTION_ENDED, news, holding=Permission.EDIT_SUBSCRIPTIONS)


def tell_of_renewals_ahead() -> int:
    """Tell each provider, and each reseller of those entrusted to it, how many subscriptions renew or end in 30 days.

    Of each subscription once: those count whose term ends on a day (UTC) that came into sight since the company was
    told last, today or on one of the seven days before. May run twice and at once: a company is told once a day.
    Returns how many companies were told.
    """
    today = timezone.now().astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(MADE_UP, -1, -1)]
    last, counts = _last_told(days), Counter[UUID]()
    for provider in Provider.objects.order_by("pk").values_list("pk", flat=True):
        for company, day, count in _ending(provider, days):
            if company not in last or day > last[company]:
                counts[company] += count
    waiting = Organisation.objects.filter(pk__in=counts).order_by("pk")
    return sum(_tell(company, counts[company.pk], _occasion(today)) > 0 for company in waiting)


def _last_told(days: Iterable[date]) -> dict[UUID, date]:
    """On which of the days, the first comes first, each company was told last; its notices remember that."""
    by_occasion = {_occasion(day): day for day in days}
    told = told_already(Subject.RENEWALS_AHEAD, by_occasion)
    return dict(sorted((company, by_occasion[occasion]) for occasion, company in told))


def _ending(provider: UUID, days: Sequence[date]) -> Iterator[tuple[UUID, date, int]]:
    """How many of a provider's came into sight on each of the days, for itself and its resellers.

    One range of an index; days on which there was nothing are left out.
    """
    first, last = (datetime.combine(day, time.min, UTC) + AHEAD for day in (days[0], days[-1]))
    ending = Subscription.objects.not_ended().filter(
        provider=provider, ends_or_never__gte=first, ends_or_never__lt=last + timedelta(days=1)
    )
    by_day = ending.annotate(day=TruncDate("ends_or_never", tzinfo=UTC)).order_by()
    counted = by_day.values_list("relationship__reseller", "relationship__ended_at", "day").annotate(Count("pk"))
    for reseller, relationship_ended_at, end, count in counted:
        yield provider, end - AHEAD, count
        if reseller and not relationship_ended_at:
            yield reseller, end - AHEAD, count


def _occasion(day: date) -> str:
    return f"renewals {day}"


def _tell(company: Organisation, count: int, occasion: str) -> int:
    return notify(
        Subject.RENEWALS_AHEAD,
        company,
        holding=Permission.EDIT_SUBSCRIPTIONS,
        path=reverse("subscriptions:renewals"),
        occasion=occasion,
        count=str(count),
    )


def _managers(subscription: Subscription) -> list[UUID]:
    """The provider, and the reseller that the customer is entrusted to."""
    relationship = subscription.relationship
    is_entrusted = relationship.reseller_id and not relationship.ended_at
    return [subscription.provider_id, *([relationship.reseller_id] if is_entrusted else [])]
