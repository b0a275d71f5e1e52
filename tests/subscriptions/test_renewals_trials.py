"""Trials when their month is over: what they become, or that they end (domain.md §6.3)."""

import pytest

from activity.models import Activity
from subscriptions.models import Charge
from subscriptions.renewals import run_due
from tests.subscriptions.lives import at, bought, charges, fresh, sold

pytestmark = pytest.mark.django_db


def outcome(subscription):
    subscription = fresh(subscription)
    return subscription.status, subscription.ended_at, subscription.due_at


def verbs():
    return list(Activity.objects.order_by("pk").values_list("verb", "details__reason"))


@pytest.fixture
def paid():
    return sold(sku_title="Plan", term="P1M", billing="monthly", unit_price=700)


def trial_of(relationship, *tags, **fields):
    offer = sold(
        sku_title="Plan trial", term="P1M", billing="none", category="trial", unit_price=0, tags=["Trial", *tags]
    )
    return bought(relationship, "2026-01-31", offer, licences=25, trial_of=offer.sku, **fields)


def test_trial_becomes_the_paid_offer(relationship, paid):
    trial = trial_of(relationship, f"ConvertsTo:{paid.sku}")

    run_due(at("2026-03-01"))

    converted = fresh(trial)
    assert charges(trial) == [
        ("purchase", "2026-01-31", "2026-02-28", 25, 0),
        ("renewal", "2026-02-28", "2026-03-31", 25, 17_500),
    ]
    assert (converted.offer, converted.billing, converted.unit_price) == (paid, "monthly", 700)
    assert (converted.nickname, converted.trial_of) == ("Plan", trial.trial_of)
    assert "plan trial" not in converted.search_text
    assert verbs() == [("trial_converted", None)]


def test_trial_that_became_paid_counts_for_incentives(relationship, paid):
    trial_of(relationship, f"ConvertsTo:{paid.sku}")

    run_due(at("2026-03-01"))

    assert list(Charge.objects.order_by("pk").values_list("ineligible", flat=True)) == ["trial", "no_reseller"]


def test_trial_keeps_the_name_that_somebody_gave_it(relationship, paid):
    trial = trial_of(relationship, f"ConvertsTo:{paid.sku}", nickname="Sales team")

    run_due(at("2026-03-01"))

    assert fresh(trial).nickname == "Sales team"


def test_trial_becomes_the_shortest_commitment_that_is_on_sale(relationship, paid):
    paid.effective_to = at("2026-02-01")
    paid.save()
    item = {"product_id": paid.product_id, "sku_title": "Plan"}
    sold(term="P3Y", billing="triennial", **item)
    sold(term="P1Y", billing="annual", **item)
    yearly = sold(term="P1Y", billing="monthly", **item)
    sold(term="P1M", billing="monthly", market="DE", currency="EUR", **item)
    trial = trial_of(relationship, f"ConvertsTo:{paid.sku}")

    run_due(at("2026-03-01"))

    converted = fresh(trial)
    assert (converted.offer, converted.term) == (yearly, "P1Y")
    assert (converted.starts_at, converted.ends_at) == (at("2026-02-28"), at("2027-02-28"))


def test_trial_that_was_paid_once_renews_as_what_it_is(relationship, paid):
    trial = trial_of(relationship, f"ConvertsTo:{paid.sku}")

    run_due(at("2026-04-30"))

    assert [kind for kind, *_rest in charges(trial)] == ["purchase", "renewal", "renewal", "renewal"]
    assert verbs() == [("trial_converted", None), *[("subscription_renewed", None)] * 2]


def test_trial_becomes_what_the_price_list_says_when_it_ends(relationship, paid):
    trial = trial_of(relationship, "ConvertsTo:GONE:0001")
    offer = trial.offer
    offer.effective_to = at("2026-02-01")
    offer.save()
    again = {"product_id": offer.product_id, "term": "P1M", "billing": "none", "category": "trial"}
    sold(effective_from=at("2026-02-01"), unit_price=0, tags=[f"ConvertsTo:{paid.sku}"], **again)

    run_due(at("2026-03-01"))

    assert (fresh(trial).offer, verbs()) == (paid, [("trial_converted", None)])


@pytest.mark.parametrize("tags", [[], ["ConvertsTo:GONE:0001"]])
def test_trial_that_becomes_nothing_expires(relationship, tags):
    trial = trial_of(relationship, *tags)

    run_due(at("2026-03-01"))

    assert outcome(trial) == ("expired", at("2026-02-28"), None)
    assert verbs() == [("subscription_expired", "ended_trial")]


def test_trial_without_auto_renew_expires(relationship, paid):
    trial = trial_of(relationship, f"ConvertsTo:{paid.sku}", auto_renew=False)

    run_due(at("2026-03-01"))

    assert outcome(trial) == ("expired", at("2026-02-28"), None)
    assert len(charges(trial)) == 1
