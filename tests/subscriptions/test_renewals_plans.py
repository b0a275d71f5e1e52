"""Renewals with what was scheduled for them: licences, product, term, billing frequency."""

import pytest

from activity.models import Activity
from subscriptions.models import LicenceChange
from subscriptions.renewals import run_due
from tests.factories import LicenceAssignmentFactory, member
from tests.subscriptions.lives import at, bought, charges, fresh, planned, sold

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(relationship):
    return bought(relationship, "2025-03-31")


def licence_changes(subscription):
    changes = LicenceChange.objects.filter(subscription=subscription).order_by("pk")
    return list(changes.values_list("difference", "changed_at"))


@pytest.mark.parametrize("licences", [4, 12])
def test_renews_with_the_planned_licences(running, licences):
    plan = planned(running, running.offer, licences)

    run_due(at("2026-04-02"))

    assert fresh(running).licences == licences
    assert charges(running)[-1] == ("renewal", "2026-03-31", "2026-04-30", licences, licences * 1000)
    assert licence_changes(running)[1:] == [(licences - 10, at("2026-03-31"))]
    assert (fresh(plan).applied_at is None, fresh(plan).withdrawn_at) == (False, None)


def test_is_applied_once(running):
    planned(running, sold(term="P1M"), 12)

    run_due(at("2026-05-31"))

    assert [(kind, count) for kind, *_period, count, _amount in charges(running)[-3:]] == [("renewal", 12)] * 3
    assert len(licence_changes(running)) == 2


def test_is_left_alone_before_the_term_ends(running):
    plan = planned(running, sold(), 12)

    run_due(at("2026-02-28"))

    assert (fresh(running).offer, fresh(plan).applied_at) == (running.offer, None)


@pytest.mark.parametrize(
    ("term", "billing", "ends_at", "charged_until"),
    [
        ("P1M", "monthly", "2026-04-30", "2026-04-30"),
        ("P1Y", "annual", "2027-03-31", "2027-03-31"),
        ("P3Y", "monthly", "2029-03-31", "2026-04-30"),
        ("P3Y", "annual", "2029-03-31", "2027-03-31"),
        ("P3Y", "triennial", "2029-03-31", "2029-03-31"),
    ],
)
def test_another_product_term_and_billing_begin_where_the_last_term_ended(
    running, term, billing, ends_at, charged_until
):
    offer = sold(term=term, billing=billing, unit_price=990, currency="JPY")
    planned(running, offer, 10)

    run_due(at("2026-03-31"))

    running = fresh(running)
    assert (running.offer, running.term, running.billing, running.unit_price) == (offer, term, billing, 990)
    assert (running.starts_at, running.ends_at) == (at("2026-03-31"), at(ends_at))
    assert charges(running)[-1] == ("renewal", "2026-03-31", charged_until, 10, 9900)
    assert (running.nickname, running.due_at) == (offer.sku_title, at(charged_until))
    assert licence_changes(running)[1:] == []


def test_has_the_price_of_the_renewal_not_of_the_plan(running):
    cheap = sold(unit_price=500, effective_to=at("2026-01-01"))
    dear = sold(product_id=cheap.product_id, unit_price=800, effective_from=at("2026-01-01"))
    plan = planned(running, cheap, 10)

    run_due(at("2026-03-31"))

    assert (fresh(running).offer, fresh(running).unit_price) == (dear, 800)
    assert fresh(plan).applied_at is not None


def test_for_what_is_not_on_sale_then_is_withdrawn_and_the_renewal_goes_as_it_was(running):
    plan = planned(running, sold(effective_to=at("2026-03-31")), 3)

    run_due(at("2026-03-31"))

    assert (fresh(running).offer, fresh(running).status, fresh(running).licences) == (running.offer, "active", 10)
    assert licence_changes(running)[1:] == []
    assert (fresh(plan).applied_at, fresh(plan).withdrawn_at is None) == (None, False)


def test_keeps_what_is_sold_when_the_product_itself_is_withdrawn(relationship):
    running = bought(relationship, "2025-03-31", sold(effective_to=at("2026-01-01")))
    successor = sold()
    planned(running, successor, 10)

    run_due(at("2026-03-31"))

    assert (fresh(running).offer, fresh(running).status) == (successor, "active")


def test_never_renews_with_fewer_than_are_assigned(relationship, running):
    planned(running, running.offer, 1)
    for _turn in range(2):
        LicenceAssignmentFactory(subscription=running)
    gone = LicenceAssignmentFactory(
        subscription=running, membership=member(relationship.customer.organisation)
    ).membership
    gone.ended_at = at("2026-01-01")
    gone.save()

    run_due(at("2026-03-31"))

    assert fresh(running).licences == 2
    assert licence_changes(running)[1:] == [(-8, at("2026-03-31"))]


def test_log_says_what_it_was_and_what_it_became(running):
    offer = sold(sku_title="Business plan")
    planned(running, offer, 12)

    run_due(at("2026-03-31"))

    line = Activity.objects.get()
    assert line.verb == "subscription_renewed"
    assert line.details == {
        "subscription": str(running.code),
        "old": f"10 × {running.offer.sku_title} – 2026-03-31",
        "new": "12 × Business plan – 2027-03-31",
    }


def test_of_a_trial_decides_what_it_becomes(relationship):
    paid, other = sold(term="P1M"), sold(term="P1Y")
    offer = sold(term="P1M", billing="none", category="trial", unit_price=0, tags=[f"ConvertsTo:{paid.sku}"])
    trial = bought(relationship, "2026-01-31", offer, trial_of=offer.sku)
    planned(trial, other, 3)

    run_due(at("2026-02-28"))

    assert (fresh(trial).offer, fresh(trial).licences) == (other, 3)
