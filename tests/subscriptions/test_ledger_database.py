"""What the database itself promises of the ledger and of statements, whatever the code does."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from subscriptions.models import Charge, Statement
from subscriptions.statements import close_month, draw_month
from tests.factories import ChargeFactory, StatementFactory
from tests.threads import held_up, results_at_once

OCTOBER = date(2026, 10, 1)
IN_OCTOBER = datetime(2026, 10, 15, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 1, 2, tzinfo=UTC)

racing = pytest.mark.django_db(transaction=True)


def post(subscription, **given):
    return ChargeFactory(subscription=subscription, **{"posted_at": IN_OCTOBER, **given})


def refusal_of(act) -> str:
    """The constraint that refuses the act, or what the database says."""
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        act()
    return refusal.value.__cause__.diag.constraint_name or refusal.value.__cause__.diag.message_primary


def try_to_post(subscription) -> str:
    try:
        post(subscription)
    except IntegrityError as refusal:
        return refusal.__cause__.diag.constraint_name
    return "posted"


def totals():
    rows = Statement.objects.order_by("pk")
    return [(each.charges, each.total, each.closed_at is not None) for each in rows]


@pytest.mark.parametrize("act", ["update", "delete"])
def test_a_charge_is_never_changed_or_removed(subscription, act):
    charge = post(subscription)
    rows = Charge.objects.filter(pk=charge.pk)

    said = refusal_of(partial(rows.update, licences=2) if act == "update" else rows.delete)

    assert said == "pgtrigger: Cannot update or delete rows from subscriptions_charge table"
    assert Charge.objects.get() == charge


@pytest.mark.parametrize("act", ["update", "reopen", "delete"])
def test_a_closed_statement_is_never_changed_or_removed(provider, act):
    statement = StatementFactory(provider=provider, closed_at=LATER, total=5)
    rows = Statement.objects.filter(pk=statement.pk)
    acts = {"update": partial(rows.update, total=6), "reopen": partial(rows.update, closed_at=None)}

    said = refusal_of(acts.get(act, rows.delete))

    assert said == "pgtrigger: Cannot update or delete rows from subscriptions_statement table"
    assert Statement.objects.values_list("total", "closed_at").get() == (5, LATER)


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"kind": "refund", "amount": Decimal(1)}, "subscriptions_charge_sign"),
        ({"kind": "renewal", "amount": Decimal(-1)}, "subscriptions_charge_sign"),
        ({"period_end": IN_OCTOBER - timedelta(seconds=1)}, "subscriptions_charge_period"),
        ({"resale_amount": Decimal(1)}, "subscriptions_charge_sides"),
    ],
)
def test_a_charge_that_cannot_be_is_refused(subscription, given, constraint):
    assert refusal_of(partial(post, subscription, **given)) == constraint


@pytest.mark.parametrize("kind", ["cycle", "renewal"])
def test_a_period_is_charged_once(subscription, kind):
    post(subscription, kind="cycle")

    assert refusal_of(partial(post, subscription, kind=kind)) == "subscriptions_charge_once"


def test_a_statement_is_there_once(provider):
    StatementFactory(provider=provider)

    assert refusal_of(partial(StatementFactory, provider=provider)) == "subscriptions_statement_once"


def test_a_statement_is_of_a_whole_month(provider):
    act = partial(StatementFactory, provider=provider, month=date(2026, 10, 2))

    assert refusal_of(act) == "subscriptions_statement_month"


def test_nothing_is_posted_into_a_closed_month(subscription):
    close_month(subscription.provider, OCTOBER, moment=LATER)

    assert refusal_of(partial(post, subscription)) == "subscriptions_month_open"
    assert Charge.objects.count() == 0


@pytest.mark.parametrize(
    "moment", [datetime(2026, 9, 30, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
)
def test_other_months_stay_open(subscription, moment):
    close_month(subscription.provider, OCTOBER, moment=LATER)

    post(subscription, posted_at=moment)

    assert Charge.objects.count() == 1


def test_other_providers_stay_open(subscription, strange_subscription):
    close_month(subscription.provider, OCTOBER, moment=LATER)

    post(strange_subscription)

    assert Charge.objects.count() == 1


def test_of_many_charges_one_into_a_closed_month_refuses_all(subscription):
    close_month(subscription.provider, OCTOBER, moment=LATER)
    charges = [ChargeFactory.build(subscription=subscription, posted_at=at) for at in (LATER, IN_OCTOBER)]
    for charge in charges:
        charge.provider, charge.customer, charge.offer = (
            subscription.provider,
            subscription.customer,
            subscription.offer,
        )

    assert refusal_of(partial(Charge.objects.bulk_create, charges)) == "subscriptions_month_open"
    assert Charge.objects.count() == 0


@racing
def test_closing_waits_for_whoever_has_posted_and_counts_it(subscription):
    provider = subscription.provider

    closed = held_up(
        partial(close_month, provider, OCTOBER, moment=LATER),
        by=partial(post, subscription, amount=Decimal(1000)),
        meanwhile=partial(post, subscription, amount=Decimal(500)),
    )

    assert len(closed) == 1
    assert totals() == [(2, 1500, True)]


@racing
def test_whoever_posts_while_the_month_is_closed_is_refused(subscription):
    post(subscription)

    answer = held_up(
        partial(try_to_post, subscription), by=partial(close_month, subscription.provider, OCTOBER, moment=LATER)
    )

    assert answer == "subscriptions_month_open"
    assert totals() == [(1, 1000, True)]


@racing
def test_whoever_posts_into_the_next_month_does_not_wait(subscription):
    def next_month():
        return post(subscription, posted_at=LATER).amount

    with transaction.atomic():
        close_month(subscription.provider, OCTOBER, moment=LATER)
        answers = results_at_once(next_month)

    assert answers == [1000]


@racing
def test_a_close_that_fails_leaves_the_month_open(subscription):
    post(subscription)
    draw_month(subscription.provider, OCTOBER)

    with transaction.atomic():
        close_month(subscription.provider, OCTOBER, moment=LATER)
        transaction.set_rollback(True)  # the worker is killed before the end

    assert try_to_post(subscription) == "posted"
    assert totals() == [(1, 1000, False)]


@racing
def test_of_several_that_close_at_once_one_does(subscription):
    post(subscription)
    close = partial(close_month, subscription.provider, OCTOBER, moment=LATER)

    closed = results_at_once(close, close, close)

    assert sorted(len(each) for each in closed) == [0, 0, 1]
    assert totals() == [(1, 1000, True)]


@racing
def test_several_that_draw_at_once_come_to_the_same(subscription, reseller):
    account = reseller.organisation.partner_accounts.get()
    for currency in ("JPY", "EUR", "USD"):
        post(subscription, currency=currency, partner_account=account)
    draw = partial(draw_month, subscription.provider, OCTOBER)

    drawn = results_at_once(draw, draw, draw)

    assert drawn == [6, 6, 6]
    assert totals() == [(1, 1000, False)] * 6
