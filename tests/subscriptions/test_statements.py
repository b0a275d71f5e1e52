"""What a month's statements say, when they are drawn and how they are closed; the races are in test_ledger_database."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.roles import Role
from activity.models import Activity
from outbox.models import Notice
from partnercenter.celery import app
from subscriptions import tasks
from subscriptions.models import Charge, Statement
from subscriptions.statements import charges_of, close_month, draw_month, has_news, months_to_close
from tests.factories import (
    ChargeFactory,
    ProviderFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.refusals import refused

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
IN_OCTOBER = datetime(2026, 10, 15, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 1, 2, tzinfo=UTC)


@pytest.fixture
def account(reseller):
    return reseller.organisation.partner_accounts.get()


@pytest.fixture
def accounts(account):
    return {"Sakura": account, "Wave": ready_reseller("Wave").organisation.partner_accounts.get()}


def charge(subscription, amount=1000, **given):
    """A charge of October; what is below zero is a refund."""
    given.setdefault("posted_at", IN_OCTOBER)
    given.setdefault("kind", Charge.Kind.REFUND if amount < 0 else Charge.Kind.PURCHASE)
    if "resale_amount" in given:
        given["resale_amount"] = Decimal(given["resale_amount"])
    return ChargeFactory(subscription=subscription, amount=Decimal(amount), **given)


def sums(month=OCTOBER):
    """Reseller, currency, charges and total of every statement of the month."""
    rows = Statement.objects.filter(month=month).order_by("reseller__organisation__name", "currency")
    return [(str(each.reseller or ""), each.currency, each.charges, each.total) for each in rows]


def test_draw_states_what_the_provider_owes_and_what_it_bills(subscription, account):
    charge(subscription, 1000, partner_account=account, resale_amount=1100)
    charge(subscription, 500)
    charge(subscription, -200, partner_account=account, resale_amount=-220)

    drawn = draw_month(subscription.provider, OCTOBER)

    assert drawn == 2
    assert sums() == [("Sakura", "JPY", 2, 880), ("", "JPY", 3, 1300)]


def test_draw_keeps_currencies_apart(subscription, account):
    charge(subscription, 1000, partner_account=account)
    charge(subscription, Decimal("12.34"), currency="EUR", partner_account=account, resale_amount="15.00")

    draw_month(subscription.provider, OCTOBER)

    assert sums() == [
        *[("Sakura", "EUR", 1, Decimal("15.00")), ("Sakura", "JPY", 1, 1000)],
        *[("", "EUR", 1, Decimal("12.34")), ("", "JPY", 1, 1000)],
    ]


def test_draw_keeps_resellers_providers_and_months_apart(subscription, strange_subscription, account):
    wave = ready_reseller("Wave").organisation.partner_accounts.get()
    charge(subscription, 1000, partner_account=account)
    charge(subscription, 300, partner_account=wave)
    charge(subscription, 7, posted_at=datetime(2026, 9, 30, 23, 59, 59, 999999, tzinfo=UTC))
    charge(subscription, 9, posted_at=datetime(2026, 11, 1, tzinfo=UTC))
    charge(strange_subscription, 5000)

    draw_month(subscription.provider, OCTOBER)

    assert sums() == [("Sakura", "JPY", 1, 1000), ("Wave", "JPY", 1, 300), ("", "JPY", 2, 1300)]
    assert set(Statement.objects.values_list("provider", flat=True)) == {subscription.provider_id}


def test_month_is_that_of_utc(subscription):
    # Already November in Tokyo, still October in UTC.
    charge(subscription, 1000, posted_at=datetime(2026, 10, 31, 23, 0, tzinfo=UTC))

    draw_month(subscription.provider, OCTOBER)
    draw_month(subscription.provider, NOVEMBER)

    assert (sums(OCTOBER), sums(NOVEMBER)) == ([("", "JPY", 1, 1000)], [])


def test_draw_counts_what_is_eligible_on_the_side_of_the_statement(subscription, relationship, account):
    trial = SubscriptionFactory(relationship=relationship)
    charge(subscription, 1000, licences=10, partner_account=account, resale_amount=1200)
    charge(subscription, 500, licences=5, partner_account=account, resale_amount=600, kind=Charge.Kind.LICENCES_ADDED)
    charge(subscription, -200, licences=2, partner_account=account, resale_amount=-240)
    charge(trial, 0, licences=25, partner_account=account, ineligible=Charge.Ineligible.TRIAL)
    charge(trial, 70, licences=3, ineligible=Charge.Ineligible.NO_RESELLER)

    draw_month(subscription.provider, OCTOBER)

    names = ("eligible_subscriptions", "eligible_licences", "eligible_amount", "ineligible_subscriptions")
    assert Statement.objects.filter(reseller=None).values_list(*names).get() == (1, 13, 1300, 1)
    assert Statement.objects.exclude(reseller=None).values_list(*names).get() == (1, 13, 1560, 1)


def test_eligible_licences_may_be_below_zero(subscription):
    charge(subscription, -700, licences=7)

    draw_month(subscription.provider, OCTOBER)

    assert Statement.objects.values_list("eligible_licences", "eligible_amount", "total").get() == (-7, -700, -700)


def test_draw_of_a_month_without_charges_draws_nothing(provider):
    assert draw_month(provider, OCTOBER) == 0
    assert sums() == []


def test_drawn_anew_a_statement_keeps_its_address(subscription):
    charge(subscription, 1000)
    draw_month(subscription.provider, OCTOBER)
    before = Statement.objects.get()
    charge(subscription, 500)

    draw_month(subscription.provider, OCTOBER)

    after = Statement.objects.get()
    assert (after.pk, after.code, after.total) == (before.pk, before.code, 1500)
    assert after.drawn_at > before.drawn_at


def test_charges_of_a_statement_are_those_that_it_sums_up(subscription, strange_subscription, account):
    mine = charge(subscription, 1000, partner_account=account)
    direct = charge(subscription, 500)
    other = charge(subscription, 5, currency="EUR")
    charge(strange_subscription, 9)
    charge(subscription, 7, posted_at=LATER)
    draw_month(subscription.provider, OCTOBER)

    found = {
        (str(each.reseller or ""), each.currency): list(charges_of(each).order_by("pk"))
        for each in Statement.objects.all()
    }

    assert found == {("Sakura", "JPY"): [mine], ("", "JPY"): [mine, direct], ("", "EUR"): [other]}


def test_close_draws_a_last_time_and_closes_all_of_the_month(subscription, account):
    charge(subscription, 1000, partner_account=account)
    draw_month(subscription.provider, OCTOBER)
    charge(subscription, 500, partner_account=account)

    closed = close_month(subscription.provider, OCTOBER, moment=LATER)

    assert {(str(each.reseller or ""), each.total, each.closed_at) for each in closed} == {
        ("", 1500, LATER),
        ("Sakura", 1500, LATER),
    }
    assert len(closed) == Statement.objects.exclude(closed_at=None).count() == 2


def test_closed_a_second_time_nothing_happens(subscription):
    charge(subscription)
    close_month(subscription.provider, OCTOBER, moment=LATER)
    before = list(Statement.objects.values())

    again = close_month(subscription.provider, OCTOBER, moment=LATER + timedelta(days=1))

    assert again == []
    assert list(Statement.objects.values()) == before
    assert Activity.objects.filter(verb="statement_closed").count() == 1


def test_drawing_leaves_what_is_closed_alone(subscription):
    charge(subscription)
    close_month(subscription.provider, OCTOBER, moment=LATER)
    before = list(Statement.objects.values())

    drawn = draw_month(subscription.provider, OCTOBER)

    assert drawn == 0
    assert list(Statement.objects.values()) == before


@pytest.mark.parametrize("moment", [IN_OCTOBER, datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC)])
def test_a_month_that_runs_is_not_closed(subscription, moment):
    charge(subscription)

    code = refused(close_month, subscription.provider, OCTOBER, moment=moment)

    assert code == "month_not_over"
    assert sums() == []


def test_a_month_can_be_closed_from_its_last_moment_on(subscription):
    charge(subscription)

    close_month(subscription.provider, OCTOBER, moment=datetime(2026, 11, 1, tzinfo=UTC))

    assert Statement.objects.exclude(closed_at=None).count() == 1


@pytest.mark.parametrize(("country", "currency"), [("JP", "JPY"), ("DE", "EUR")])
def test_a_month_without_charges_is_closed_in_the_countrys_currency(db, country, currency):
    provider = ProviderFactory(organisation__country=country)
    agent = member(provider.organisation, Role.GLOBAL_ADMIN)

    close_month(provider, OCTOBER, moment=LATER)

    assert sums() == [("", currency, 0, 0)]
    assert not Notice.objects.filter(membership=agent).exists()


def test_a_month_without_charges_is_closed_in_the_currency_of_the_one_before(subscription):
    charge(subscription, currency="USD", posted_at=datetime(2026, 9, 2, tzinfo=UTC))
    close_month(subscription.provider, date(2026, 9, 1), moment=LATER)

    close_month(subscription.provider, OCTOBER, moment=LATER)

    assert sums() == [("", "USD", 0, 0)]


def test_closing_is_in_the_log_of_both_sides_and_of_nobody_else(subscription, account, stranger):
    charge(subscription, partner_account=account)

    close_month(subscription.provider, OCTOBER, moment=LATER)

    line = Activity.objects.get(verb="statement_closed")
    seen = set(line.sightings.values_list("organisation__name", flat=True))
    assert (line.target, line.actor, seen) == ("2026-10", None, {"Kita", "Sakura"})


def test_closing_tells_those_who_see_bills_once(subscription, account, billing_admin, helpdesk, reseller_admin):
    charge(subscription, partner_account=account)
    charge(subscription, currency="EUR", partner_account=account)

    close_month(subscription.provider, OCTOBER, moment=LATER)

    told = Notice.objects.filter(subject="statement_closed").order_by("membership")
    assert {each.membership for each in told} == {billing_admin, reseller_admin}
    assert [(each.title, each.path) for each in told] == [
        ("The statements of October 2026 are closed", "/statements/?month=2026-10")
    ] * 2


def test_news_are_charges_that_are_not_drawn_yet(subscription, time_machine):
    provider = subscription.provider
    time_machine.move_to(IN_OCTOBER, tick=False)
    nothing = has_news(provider, OCTOBER)
    charge(subscription, posted_at=IN_OCTOBER - timedelta(hours=2))
    first = has_news(provider, OCTOBER)
    draw_month(provider, OCTOBER)
    drawn = has_news(provider, OCTOBER)
    # Shown before it was drawn, submitted afterwards.
    charge(subscription, posted_at=IN_OCTOBER - timedelta(minutes=14))

    assert (nothing, first, drawn, has_news(provider, OCTOBER)) == (False, True, False, True)


def test_months_to_close_are_those_since_the_first_charge_that_are_over(subscription):
    provider = subscription.provider
    charge(subscription, posted_at=datetime(2026, 8, 31, 23, tzinfo=UTC))
    charge(subscription, posted_at=datetime(2026, 10, 31, 23, tzinfo=UTC))
    before = list(months_to_close(provider, LATER))
    close_month(provider, date(2026, 9, 1), moment=LATER)

    after = list(months_to_close(provider, LATER))

    assert before == [date(2026, 8, 1), date(2026, 9, 1), OCTOBER]
    assert after == [date(2026, 8, 1), OCTOBER]


def test_nothing_is_to_be_closed_without_charges(provider):
    assert list(months_to_close(provider, LATER)) == []


def test_tasks_draw_the_running_month_and_close_those_before(subscription, strange_subscription, time_machine):
    app.conf.task_always_eager = True
    time_machine.move_to(LATER)
    charge(subscription, 1000, posted_at=LATER - timedelta(days=40))
    charge(subscription, 30, posted_at=LATER - timedelta(hours=3))
    charge(strange_subscription, 500, posted_at=LATER)
    providers = {subscription.provider_id, strange_subscription.provider_id}

    try:
        results = [tasks.draw_statements(), tasks.close_statements(), tasks.draw_statements()]
    finally:
        app.conf.task_always_eager = False

    rows = [
        (each.month, each.total, each.closed_at is None, each.provider_id)
        for each in Statement.objects.order_by("month", "total")
    ]
    kita, rhein = subscription.provider_id, strange_subscription.provider_id
    assert results == [len(providers)] * 3
    assert rows == [
        (date(2026, 9, 1), 1000, False, kita),
        (OCTOBER, 30, False, kita),
        (NOVEMBER, 500, True, rhein),
    ]


def test_tasks_of_one_provider_say_what_they_did(subscription, account, time_machine):
    time_machine.move_to(LATER)
    charge(subscription, posted_at=LATER - timedelta(days=70), partner_account=account)
    charge(subscription, posted_at=LATER, partner_account=account)
    pk = str(subscription.provider_id)

    drawn = [tasks.draw_statements_of(pk), tasks.draw_statements_of(pk)]
    closed = [tasks.close_statements_of(pk), tasks.close_statements_of(pk)]

    assert (drawn, closed) == ([2, 2], [3, 0])


ROWS = st.lists(
    st.tuples(
        st.integers(-100_000, 100_000),  # the amount, in cents
        st.integers(-50, 50),  # what the reseller pays more
        st.sampled_from(["JPY", "EUR", "USD"]),
        st.sampled_from(["", "Sakura", "Wave"]),
        st.integers(-40, 40),  # days from the middle of October
        st.sampled_from(["", "trial", "no_account"]),
    ),
    max_size=12,
)


def expected(rows):
    """The same sums, reckoned by hand: charges, total and eligible amount of each party and currency in October."""
    found: dict = {}
    for cents, more, currency, reseller, days, ineligible in rows:
        amount = Decimal(cents) / 100
        sides = {"": amount} | ({reseller: amount + more} if reseller else {})
        for party, value in sides.items() if (IN_OCTOBER + timedelta(days=days)).month == 10 else ():
            count, total, eligible = found.get((party, currency), (0, 0, 0))
            found[party, currency] = (count + 1, total + value, eligible + (0 if ineligible else value))
    return found


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_statements_come_to_what_the_ledger_comes_to(subscription, accounts, rows):
    """Whatever is charged: every statement is the sum of its side of its charges, and none is missing."""
    with transaction.atomic():
        for cents, more, currency, reseller, days, ineligible in rows:
            amount = Decimal(cents) / 100
            side = {"partner_account": accounts[reseller], "resale_amount": amount + more} if reseller else {}
            posted_at = IN_OCTOBER + timedelta(days=days)
            charge(subscription, amount, currency=currency, posted_at=posted_at, ineligible=ineligible, **side)

        draw_month(subscription.provider, OCTOBER)

        drawn = {
            (str(each.reseller or ""), each.currency): (each.charges, each.total, each.eligible_amount)
            for each in Statement.objects.filter(month=OCTOBER)
        }
        transaction.set_rollback(True)
    assert drawn == expected(rows)
