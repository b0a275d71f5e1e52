"""Subscriptions as they were bought at some moment, and what became of them: for the tests of renewals."""

from datetime import UTC, datetime
from decimal import Decimal

from subscriptions.ledger import current_period, post, purchase
from subscriptions.models import Charge, Offer, RenewalPlan, Subscription
from subscriptions.terms import end_of_term
from tests.factories import OfferFactory, SubscriptionFactory, UserFactory

LONG_AGO, NEVER = datetime(2020, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def at(text: str) -> datetime:
    """The moment, in UTC: "2026-01-31" or "2026-01-31 15:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def sold(**fields) -> Offer:
    """A line of the price list that was on sale all the time."""
    return OfferFactory(**{"effective_from": LONG_AGO, **fields})


def bought(relationship, moment: str, offer: Offer | None = None, *, base: Subscription | None = None, **fields):
    """Bought at the moment, with the charge of that; an add-on ends with its base."""
    offer = offer or sold()
    start = at(moment)
    fields = {"starts_at": start, "created_at": start, "ends_at": end_of_term(start, offer), **fields}
    if base:
        fields |= {"base": base, "anchor": base.anchor, "ends_at": base.ends_at}
    made = SubscriptionFactory(relationship=relationship, offer=offer, **fields)
    made.charged_until = current_period(made, start).end
    made.due_at = None if base else made.charged_until
    made.save()
    post([purchase(made, made.order_line.order)], actor=None, moment=start)
    return made


def planned(subscription: Subscription, offer: Offer, licences: int) -> RenewalPlan:
    return RenewalPlan.objects.create(
        subscription=subscription, offer=offer, licences=licences, made_by=UserFactory(), made_at=subscription.starts_at
    )


def charges(subscription: Subscription) -> list[tuple[str, str, str, int, Decimal]]:
    """Kind, from, until (in UTC), licences and amount, as they were posted."""
    return [
        (each.kind, _short(each.period_start), _short(each.period_end), each.licences, each.amount)
        for each in Charge.objects.filter(subscription=subscription).order_by("pk")
    ]


def fresh(row):
    return type(row)._default_manager.get(pk=row.pk)


def _short(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}".removesuffix(" 00:00")
