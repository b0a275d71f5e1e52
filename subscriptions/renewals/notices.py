"""Who is told that subscriptions have ended, or renew or end soon: the provider, and a reseller entrusted with them."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count
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

    Of each subscription once: today those count whose term ends on the day (UTC) that came into sight with it. May run
    twice and at once: a company is told once a day. Returns how many companies were told.
    """
    today = timezone.now().astimezone(UTC).date()
    start = datetime.combine(today, time.min, UTC) + AHEAD
    counts: Counter[UUID] = Counter()
    for provider in Provider.objects.order_by("pk").values_list("pk", flat=True):
        counts.update(_ending(provider, start))
    occasion = f"renewals {today}"
    told = {company for _occasion, company in told_already(Subject.RENEWALS_AHEAD, [occasion])}
    waiting = Organisation.objects.filter(pk__in=[company for company in counts if company not in told]).order_by("pk")
    return sum(_tell(company, counts[company.pk], occasion) > 0 for company in waiting)


def _ending(provider: UUID, start: datetime) -> Counter[UUID]:
    """How many of a provider's end on the day that starts then, for itself and its resellers: one range of an index."""
    ending = Subscription.objects.not_ended().filter(
        provider=provider, ends_or_never__gte=start, ends_or_never__lt=start + timedelta(days=1)
    )
    found: Counter[UUID] = Counter()
    entrusted = ending.order_by().values_list("relationship__reseller", "relationship__ended_at").annotate(Count("pk"))
    for reseller, relationship_ended_at, count in entrusted:
        found[provider] += count
        if reseller and not relationship_ended_at:
            found[reseller] += count
    return found


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
