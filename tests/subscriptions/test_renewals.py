"""Billing periods and terms that begin in time or late: what is charged, for when, and at which price."""

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction

from activity.models import Activity
from subscriptions.families import lock_family
from subscriptions.markups import change_markup, remove_markup
from subscriptions.models import Charge, LicenceChange, Subscription
from subscriptions.renewals import bring_up_to_date, run_due
from tests.factories import MarkupFactory, ResellerOfRecordFactory
from tests.subscriptions.lives import NEVER, at, bought, charges, fresh, sold

pytestmark = pytest.mark.django_db

PRICE = Decimal(10_000)


def test_nothing_happens_before_it_is_due(relationship):
    subscription = bought(relationship, "2026-01-31")

    assert run_due(at("2026-02-27 23:59")) == 0

    assert charges(subscription) == [("purchase", "2026-01-31", "2026-02-28", 10, PRICE)]


def test_billing_period_is_charged_when_it_begins(relationship):
    subscription = bought(relationship, "2026-01-15 15:30")

    assert run_due(at("2026-02-15 15:30")) == 1
    assert run_due(at("2026-02-15 15:30")) == 0

    subscription = fresh(subscription)
    assert charges(subscription)[1:] == [("cycle", "2026-02-15 15:30", "2026-03-15 15:30", 10, PRICE)]
    assert (subscription.charged_until, subscription.due_at) == (at("2026-03-15 15:30"), at("2026-03-15 15:30"))
    assert (subscription.starts_at, subscription.revision) == (at("2026-01-15 15:30"), 1)
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    ("start", "moments"),
    [
        ("2026-01-31", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]),
        ("2028-01-31", ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31", "2028-06-30"]),
        ("2026-02-28", ["2026-02-28", "2026-03-28", "2026-04-28", "2026-05-28", "2026-06-28", "2026-07-28"]),
        # The clocks of Europe and America change meanwhile; the hour in UTC does not.
        (
            "2026-10-01 00:30",
            [f"2026-{month}-01 00:30" for month in (10, 11, 12)] + [f"2027-0{month}-01 00:30" for month in (1, 2, 3)],
        ),
    ],
)
@pytest.mark.parametrize("term", ["P1M", "P1Y"])
def test_months_follow_the_calendar_counted_from_the_anchor(relationship, start, moments, term):
    subscription = bought(relationship, start, sold(term=term))
    kind = "renewal" if term == "P1M" else "cycle"

    for moment in moments[1:-1]:
        run_due(at(moment))

    assert charges(subscription) == [
        ("purchase" if begin == start else kind, begin, end, 10, PRICE) for begin, end in itertools.pairwise(moments)
    ]


def test_leap_day_renews_on_the_28th_and_on_the_29th_again(relationship):
    subscription = bought(relationship, "2024-02-29 12:00", sold(billing="annual"))

    run_due(at("2028-02-29 12:00"))

    days = [f"{year}-02-{29 if year == 2028 else 28} 12:00" for year in range(2025, 2030)]
    assert charges(subscription)[1:] == [("renewal", begin, end, 10, PRICE) for begin, end in itertools.pairwise(days)]


def test_renewal_begins_the_next_term_where_the_last_one_ended(relationship):
    subscription = bought(relationship, "2025-03-10 08:00")

    run_due(at("2026-03-12"))

    subscription = fresh(subscription)
    assert charges(subscription)[-1] == ("renewal", "2026-03-10 08:00", "2026-04-10 08:00", 10, PRICE)
    assert (subscription.starts_at, subscription.ends_at) == (at("2026-03-10 08:00"), at("2027-03-10 08:00"))
    assert (subscription.status, subscription.ended_at, subscription.revision) == ("active", None, 2)
    assert list(LicenceChange.objects.values_list("difference", flat=True)) == [10]


def test_renewal_is_in_the_log_of_all_who_are_there_and_names_no_price(relationship):
    subscription = bought(relationship, "2025-03-10")

    run_due(at("2026-03-10"))

    line = Activity.objects.get()
    title = subscription.offer.sku_title
    assert (line.verb, line.actor, line.target) == ("subscription_renewed", None, title)
    assert line.affected == relationship.customer.organisation
    assert line.details == {
        "subscription": str(subscription.code),
        "old": f"10 × {title} – 2026-03-10",
        "new": f"10 × {title} – 2027-03-10",
    }
    assert set(line.sightings.values_list("organisation", flat=True)) == {
        relationship.provider_id,
        relationship.customer_id,
        relationship.reseller_id,
    }


def test_term_of_three_years_charged_at_once_renews_after_them(relationship):
    subscription = bought(relationship, "2023-11-30", sold(term="P3Y", billing="triennial"))

    run_due(at("2026-11-30"))

    assert charges(subscription)[1:] == [("renewal", "2026-11-30", "2029-11-30", 10, PRICE)]


def test_what_has_no_term_is_never_due(relationship):
    subscription = bought(relationship, "2026-01-31", sold(term="", billing="one_time"))

    assert run_due(at("2036-01-31")) == 0

    assert charges(subscription) == [("purchase", "2026-01-31", "", 10, PRICE)]


class TestPrices:
    """A term keeps its price; the next one has that of the moment at which it begins."""

    @pytest.fixture
    def lines(self):
        """One item of the price list, dearer from 1 March 2026 and again from 1 April."""
        first = sold(unit_price=1000, effective_to=at("2026-03-01"))
        item = {"product_id": first.product_id, "sku_title": first.sku_title}
        second = sold(unit_price=1100, effective_from=at("2026-03-01"), effective_to=at("2026-04-01"), **item)
        third = sold(unit_price=1500, effective_from=at("2026-04-01"), effective_to=NEVER, **item)
        return [first, second, third]

    @pytest.mark.parametrize("run", ["2026-03-10", "2026-03-31", "2026-06-09"])
    def test_renewal_has_the_price_of_its_moment_however_late_it_is(self, relationship, lines, run):
        subscription = bought(relationship, "2025-03-10", lines[0])

        run_due(at(run))

        subscription = fresh(subscription)
        assert (subscription.unit_price, subscription.offer) == (1100, lines[1])
        assert {amount for kind, *_rest, amount in charges(subscription) if kind == "renewal"} == {Decimal(11_000)}

    def test_line_holds_from_its_first_moment_on(self, relationship, lines):
        subscription = bought(relationship, "2025-04-01", lines[0])

        run_due(at("2026-04-01"))

        assert fresh(subscription).offer == lines[2]

    def test_months_of_delay_are_charged_at_the_prices_of_their_terms(self, relationship, lines):
        subscription = bought(relationship, "2025-03-10", lines[0])
        run_due(at("2026-01-10"))

        run_due(at("2026-05-01"))

        assert charges(subscription)[-4:] == [
            ("cycle", "2026-01-10", "2026-02-10", 10, Decimal(10_000)),
            ("cycle", "2026-02-10", "2026-03-10", 10, Decimal(10_000)),
            ("renewal", "2026-03-10", "2026-04-10", 10, Decimal(11_000)),
            ("cycle", "2026-04-10", "2026-05-10", 10, Decimal(11_000)),
        ]
        assert list(Charge.objects.filter(subscription=subscription).order_by("pk").values_list("offer", flat=True))[
            -3:
        ] == [lines[0].pk, lines[1].pk, lines[1].pk]

    def test_late_and_in_time_are_charged_the_same(self, relationship, lines):
        late, punctual = (bought(relationship, "2026-02-28 10:00", self._monthly(lines)) for _turn in range(2))
        late.due_at = None  # the schedule does not see it
        late.save()
        for days in range(100):
            run_due(at("2026-03-01") + timedelta(days=days))
        Subscription.objects.filter(pk=late.pk).update(due_at=late.charged_until)

        run_due(at("2026-03-01") + timedelta(days=99))

        assert charges(late) == charges(punctual)
        assert [amount for *_rest, amount in charges(late)] == [10_000, 11_000, 15_000, 15_000]

    def _monthly(self, lines):
        for line in lines:
            line.term = "P1M"
            line.save()
        return fresh(lines[0])


def test_reseller_of_record_is_billed_with_the_markup_of_the_renewal(relationship, reseller):
    subscription = bought(relationship, "2025-03-10", markup=5)
    account = reseller.organisation.partner_accounts.get()
    ResellerOfRecordFactory(subscription=subscription, partner_account=account)
    for percent, who in ((20, reseller), (50, None)):
        MarkupFactory(provider=relationship.provider, reseller=who, percent=percent)

    run_due(at("2026-02-10"))
    run_due(at("2026-03-10"))

    cycle, renewal = Charge.objects.order_by("pk")[11:13]
    assert [(each.kind, each.amount, each.resale_amount) for each in (cycle, renewal)] == [
        ("cycle", 10_000, 10_500),
        ("renewal", 10_000, 12_000),
    ]
    assert (renewal.reseller, renewal.partner_account, renewal.ineligible) == (reseller, account, "")
    assert fresh(subscription).markup == 20


@pytest.mark.parametrize(
    ("changed", "removed", "expected"),
    [
        ("2026-03-09 12:00", None, 30),
        ("2026-03-10 12:00", None, 20),
        (None, "2026-03-09 12:00", 7),
        (None, "2026-03-10 12:00", 20),
        ("2026-03-09 12:00", "2026-03-10 12:00", 30),
        ("2026-03-10 12:00", "2026-03-10 18:00", 20),
    ],
)
def test_late_renewal_takes_the_markup_of_its_moment(relationship, provider_admin, changed, removed, expected):
    subscription = bought(relationship, "2025-03-10")
    MarkupFactory(provider=relationship.provider, percent=7)
    markup = MarkupFactory(provider=relationship.provider, product_id=subscription.offer.product_id, percent=20)
    if changed:
        with time_machine.travel(at(changed), tick=False):
            change_markup(markup, Decimal(30), membership=provider_admin)
    if removed:
        with time_machine.travel(at(removed), tick=False):
            remove_markup(markup, membership=provider_admin)

    with time_machine.travel(at("2026-03-13"), tick=False):
        run_due(at("2026-03-13"))

    assert (charges(subscription)[-1][:2], fresh(subscription).markup) == (("renewal", "2026-03-10"), expected)


def test_without_reseller_of_record_nobody_is_billed(relationship):
    subscription = bought(relationship, "2025-03-10")
    MarkupFactory(provider=relationship.provider, percent=50)

    run_due(at("2026-03-10"))

    renewal = Charge.objects.get(kind="renewal")
    assert (renewal.reseller, renewal.resale_amount, renewal.ineligible) == (None, None, "no_reseller")
    assert fresh(subscription).markup == 50


def test_fractions_of_the_currency_are_rounded_per_line(relationship):
    subscription = bought(relationship, "2026-01-10", sold(currency="USD", unit_price=Decimal("4.1555")), licences=3)

    run_due(at("2026-02-10"))

    assert [amount for *_rest, amount in charges(subscription)] == [Decimal("12.4700"), Decimal("12.4700")]


def test_bringing_a_family_up_to_date_goes_on_with_the_same_objects(relationship):
    subscription = bought(relationship, "2025-03-10")

    with transaction.atomic():
        family = lock_family(subscription)
        bring_up_to_date(family, at("2026-04-09"))

    base = family.base
    saved = fresh(subscription)
    assert charges(subscription)[-1][:2] == ("renewal", "2026-03-10")
    for name in ("starts_at", "ends_at", "charged_until", "due_at", "revision"):
        assert getattr(base, name) == getattr(saved, name)


def test_bringing_up_to_date_what_is_asks_nothing(relationship, django_assert_num_queries):
    subscription = bought(relationship, "2025-03-10")

    with transaction.atomic():
        family = lock_family(subscription)
        with django_assert_num_queries(0):
            bring_up_to_date(family, at("2025-04-09"))

    assert len(charges(subscription)) == 1


def test_batches_go_on_until_nothing_is_due(relationship):
    made = [bought(relationship, "2026-01-10") for _turn in range(5)]

    assert run_due(at("2026-02-10"), batch=2) == 5

    assert [len(charges(each)) for each in made] == [2] * 5


def test_time_that_is_over_ends_the_run(relationship):
    subscription = bought(relationship, "2026-01-10")

    assert run_due(at("2026-02-10"), seconds=0) == 0

    assert len(charges(subscription)) == 1


def test_schedule_that_looks_too_early_only_notes_when_to_look_again(relationship):
    subscription = bought(relationship, "2026-01-10")
    Subscription.objects.filter(pk=subscription.pk).update(due_at=at("2026-01-20"))

    assert run_due(at("2026-01-20")) == 1

    assert (fresh(subscription).due_at, len(charges(subscription))) == (at("2026-02-10"), 1)
