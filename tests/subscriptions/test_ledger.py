from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import time_machine
from django.db import IntegrityError, ProgrammingError, transaction

from subscriptions.credit import credit
from subscriptions.ledger import Posting, current_period, for_the_rest, giving_back, post, purchase
from subscriptions.models import Charge, Statement
from subscriptions.money import Money
from subscriptions.sides import Reader
from subscriptions.terms import Span
from tests.factories import MarkupFactory, PartnerAccountFactory, SubscriptionFactory
from tests.subscriptions.lives import at, bought, sold

NOW = at("2026-03-01 12:00")
LATER = at("2026-03-11 12:00")  # 21 of 31 days are left


def yen(amount):
    return Money(Decimal(amount), "JPY")


@pytest.fixture
def bare(relationship):
    """Ten licences at 1000 yen a month from NOW for a year; nothing is posted yet."""
    return SubscriptionFactory(
        relationship=relationship, offer=sold(), starts_at=NOW, created_at=NOW, ends_at=at("2027-03-01 12:00")
    )


@pytest.fixture
def credited(bare, provider, provider_admin, reseller):
    """Sakura is billed ten percent more than Kita owes."""
    MarkupFactory(provider=provider, percent=Decimal(10))
    with time_machine.travel(NOW, tick=False):
        credit(bare, reseller.organisation.partner_accounts.get(), actor=provider_admin.user)
    bare.save()
    return bare


def test_current_period_is_the_month_that_the_moment_falls_into(bare):
    assert current_period(bare, LATER) == Span(NOW, at("2026-04-01 12:00"))
    assert current_period(bare, at("2026-04-01 12:00")) == Span(at("2026-04-01 12:00"), at("2026-05-01 12:00"))


def test_purchase_is_the_first_period_in_full(bare):
    order = bare.order_line.order

    posting = purchase(bare, order)

    assert posting == Posting(bare, Charge.Kind.PURCHASE, 10, Span(NOW, at("2026-04-01 12:00")), order=order)
    assert (posting.cost, posting.bill) == (yen(10000), yen(10000))


def test_the_rest_is_charged_by_the_second(bare):
    posting = for_the_rest(bare, Charge.Kind.LICENCES_ADDED, 3, moment=LATER + timedelta(seconds=1))

    assert posting.period == Span(LATER + timedelta(seconds=1), at("2026-04-01 12:00"))
    assert posting.share == Fraction(21 * 86400 - 1, 31 * 86400)
    assert (posting.cost, posting.order, posting.undoes) == (yen(2032), None, None)


def test_giving_back_is_never_more_than_was_charged(bare):
    (charge,) = post([for_the_rest(bare, Charge.Kind.LICENCES_ADDED, 3, moment=LATER)], actor=None)
    at_once = giving_back(charge, bare, 3, moment=LATER)
    before = giving_back(charge, bare, 1, moment=NOW)

    assert charge.amount == 2032
    assert (at_once.cost, at_once.bill, at_once.undoes, at_once.order) == (yen(-2032), yen(-2032), charge, None)
    assert before.period == Span(LATER, at("2026-04-01 12:00"))  # of a charge no more than its own period
    with pytest.raises(AssertionError, match="more cannot be given back"):
        giving_back(charge, bare, 4, moment=LATER)


def test_posting_writes_both_sides(credited, reseller, provider_admin):
    (charge,) = post([purchase(credited, credited.order_line.order)], actor=provider_admin.user, moment=NOW)

    charge.refresh_from_db()
    assert (charge.kind, charge.posted_at, charge.posted_by) == ("purchase", NOW, provider_admin.user)
    assert (charge.provider, charge.customer, charge.subscription) == (
        *(credited.provider, credited.customer),
        credited,
    )
    assert (charge.order, charge.offer, charge.undoes) == (credited.order_line.order, credited.offer, None)
    assert (charge.period_start, charge.period_end) == (NOW, at("2026-04-01 12:00"))
    assert (charge.licences, charge.unit_price, charge.cost) == (10, Decimal(1000), yen(10000))
    assert (charge.reseller, charge.partner_account.number) == (reseller, "0012345")
    assert (charge.resale_unit_price, charge.bill, charge.ineligible) == (Decimal(1100), yen(11000), "")


def test_what_costs_less_than_a_coin_is_rounded_with_its_line_and_not_before(credited):
    credited.unit_price, credited.licences = Decimal("0.4"), 1000

    (charge,) = post([purchase(credited, credited.order_line.order)], actor=None, moment=NOW)

    charge.refresh_from_db()
    assert (charge.resale_unit_price, charge.cost, charge.bill) == (Decimal("0.44"), yen(400), yen(440))


def test_without_a_reseller_there_is_one_side(bare):
    (charge,) = post([purchase(bare, bare.order_line.order)], actor=None)

    assert (charge.reseller_id, charge.partner_account_id, charge.resale_unit_price, charge.bill) == (None,) * 4
    assert charge.ineligible == "no_reseller"


def test_refund_mirrors_its_charge_whatever_has_changed_since(credited, reseller, provider_admin):
    order = credited.order_line.order
    (charge,) = post([purchase(credited, order)], actor=None, moment=NOW)
    posting = giving_back(charge, credited, 4, moment=LATER)
    credit(credited, None, actor=provider_admin.user)
    credited.offer = sold()
    credited.unit_price, credited.markup = Decimal(9), Decimal(99)

    (refund,) = post([posting], actor=None, moment=LATER)

    assert (posting.cost, posting.bill) == (yen(-2709), yen(-2980))
    assert (refund.kind, refund.undoes, refund.order, refund.offer_id) == ("refund", charge, order, charge.offer_id)
    assert (refund.unit_price, refund.cost, refund.resale_unit_price, refund.bill) == (
        *(Decimal(1000), yen(-2709)),
        *(Decimal(1100), yen(-2980)),
    )
    assert (refund.reseller, refund.partner_account, refund.ineligible) == (reseller, charge.partner_account, "")


def test_reseller_that_was_billed_nothing_gets_nothing_back(credited, reseller_admin):
    credited.markup = Decimal(-100)
    (charge,) = post([purchase(credited, credited.order_line.order)], actor=None, moment=NOW)
    posting = giving_back(charge, credited, 4, moment=LATER)

    (refund,) = post([posting], actor=None, moment=LATER)

    assert (charge.resale_unit_price, charge.bill) == (0, yen(0))
    assert (posting.bill, refund.bill, refund.cost) == (yen(0), yen(0), yen(-2709))
    (line,) = Reader(reseller_admin).postings([posting], reseller_admin.organisation_id).lines
    assert (line.price, line.amount) == (yen(0), yen(0))


def test_refund_of_what_nobody_was_billed_is_billed_to_nobody(credited, reseller, provider_admin):
    account = reseller.organisation.partner_accounts.get()
    credit(credited, None, actor=provider_admin.user)
    (charge,) = post([purchase(credited, credited.order_line.order)], actor=None, moment=NOW)
    credit(credited, account, actor=provider_admin.user)

    posting = giving_back(charge, credited, 4, moment=LATER)
    (refund,) = post([posting], actor=None)

    assert (refund.reseller_id, refund.bill, refund.ineligible) == (None, None, "no_reseller")
    (line,) = Reader(provider_admin).postings([posting], account.organisation_id).lines
    assert (line.amount, line.bill_price, line.bill) == (yen(-2709), None, None)


def test_why_a_charge_earns_no_incentive(credited, relationship, reseller):
    def why(subscription):
        (charge,) = post([for_the_rest(subscription, Charge.Kind.LICENCES_ADDED, 1, moment=NOW)], actor=None)
        return charge.ineligible

    assert why(credited) == ""
    reseller.organisation.partner_agreements.update(ended_at=NOW)
    assert why(credited) == "no_agreement"
    reseller.organisation.partner_accounts.update(is_associated=False)
    PartnerAccountFactory(organisation=reseller.organisation, number="0099")
    assert why(credited) == "no_account"
    credited.offer.category = "trial"
    assert why(credited) == "trial"
    credited.offer.category, credited.trial_of = "enterprise", "TRIED:0001"  # a trial that was converted
    assert why(credited) == "no_account"


def test_many_are_posted_in_as_many_queries_as_one(credited, relationship, django_assert_num_queries):
    others = [SubscriptionFactory(relationship=relationship, offer=credited.offer) for _each in range(3)]

    for subscriptions in ([credited], others):
        postings = [for_the_rest(each, Charge.Kind.CYCLE, 1, moment=NOW) for each in subscriptions]
        with transaction.atomic(), django_assert_num_queries(2):
            post(postings, actor=None)


def test_database_refuses_a_second_charge_for_a_period(bare):
    postings = [for_the_rest(bare, Charge.Kind.CYCLE, 10, moment=NOW)]
    post(postings, actor=None)

    with pytest.raises(IntegrityError, match="subscriptions_charge_once"), transaction.atomic():
        post([for_the_rest(bare, Charge.Kind.RENEWAL, 10, moment=NOW)], actor=None)
    assert Charge.objects.count() == 1


def test_database_refuses_a_charge_in_a_closed_month(bare):
    Statement.objects.create(provider=bare.provider, month=NOW.date(), currency="JPY", closed_at=LATER)
    posting = for_the_rest(bare, Charge.Kind.CYCLE, 10, moment=NOW)

    with pytest.raises(IntegrityError, match="The month is closed"), transaction.atomic():
        post([posting], actor=None, moment=at("2026-03-31 23:59"))
    post([posting], actor=None, moment=at("2026-04-01"))


@pytest.mark.parametrize("change", [lambda row: row.update(amount=1), lambda row: row.delete()])
def test_nothing_in_the_ledger_is_changed_or_removed(relationship, change):
    subscription = bought(relationship, "2026-03-01 12:00")

    with pytest.raises(ProgrammingError, match="Cannot update or delete rows"), transaction.atomic():
        change(Charge.objects.filter(subscription=subscription))
    assert [each.amount for each in Charge.objects.all()] == [10000]


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"amount": Decimal(-1)}, "subscriptions_charge_sign"),
        ({"kind": "refund"}, "subscriptions_charge_sign"),
        ({"period_end": at("2026-02-01")}, "subscriptions_charge_period"),
        ({"resale_amount": Decimal(1)}, "subscriptions_charge_sides"),
    ],
)
def test_database_refuses_what_cannot_be(bare, fields, constraint):
    (charge,) = post([purchase(bare, bare.order_line.order)], actor=None)
    charge.pk = None
    for name, value in fields.items():
        setattr(charge, name, value)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        charge.save(force_insert=True)
