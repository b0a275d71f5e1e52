"""Several people change one subscription at the same moment: each change wins or is refused, and the ledger adds up."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from activity.verbs import Verb
from subscriptions.cancelling import cancel
from subscriptions.changes import reactivate, submit_changes, suspend
from subscriptions.conversions import convert
from subscriptions.models import Charge, RenewalPlan, ResellerOfRecord, Subscription
from subscriptions.plans import plan_renewal
from subscriptions.renewals import run_due
from subscriptions.upgrades import upgrade
from tests.factories import OfferFactory, PartnershipFactory, SubscriptionFactory, ready_reseller
from tests.subscriptions.lives import bought, sold
from tests.subscriptions.submitting import as_it_is
from tests.threads import at_once, fresh, results_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def premium(db):
    return sold(product_id="CFQPREMIUM", sku_title="Premium", unit_price=Decimal(1500))


@pytest.fixture
def subscription(relationship, premium):
    """Ten licences for a year, bought an hour ago."""
    offer = sold(product_id="CFQSTANDARD", sku_title="Standard", tags=["UpgradesTo:CFQPREMIUM:0001"])
    an_hour_ago = timezone.now() - timedelta(hours=1)
    return bought(relationship, f"{an_hour_ago:%Y-%m-%d %H:%M:%S}", offer)


def submitting(subscription, membership, **changes):
    """The page as it is now, to be submitted with these changes later."""
    seen, wanted, as_read = subscription.revision, as_it_is(subscription, **changes), fresh(membership)
    row = Subscription.objects.get(pk=subscription.pk)
    return lambda: submit_changes(row, wanted, revision=seen, membership=as_read)


def doing(act, subscription, *arguments, membership):
    """Any other change, to be made later."""
    row, as_read = Subscription.objects.get(pk=subscription.pk), fresh(membership)
    return lambda: act(row, *arguments, membership=as_read)


def check_ledger(subscription):
    """What is charged and not given back is what there is, and no charge is undone twice."""
    subscription.refresh_from_db()
    rows = list(Charge.objects.filter(subscription=subscription))
    net = sum(-each.licences if each.kind == "refund" else each.licences for each in rows)
    assert net == (0 if subscription.ended_at else subscription.licences)
    assert subscription.licences == sum(each.difference for each in subscription.licence_changes.all())
    for charge in rows:
        assert sum(each.licences for each in rows if each.undoes_id == charge.pk) <= charge.licences


def test_of_two_pages_at_once_the_second_is_told_and_none_is_lost(subscription, provider_admin, sales_agent):
    results = results_at_once(
        submitting(subscription, provider_admin, nickname="New name"),
        submitting(subscription, sales_agent, licences=20),
    )

    check_ledger(subscription)
    won = {("New name", 10): 0, ("Standard", 20): 1}[subscription.nickname, subscription.licences]
    assert results[1 - won] == "changed_meanwhile"
    assert results[won] == [[Verb.NICKNAME_CHANGED], [Verb.LICENCES_CHANGED]][won]
    assert subscription.revision == 2


def test_of_two_changes_of_licences_at_once_one_is_charged(subscription, provider_admin, sales_agent):
    results = results_at_once(
        submitting(subscription, provider_admin, licences=15), submitting(subscription, sales_agent, licences=5)
    )

    check_ledger(subscription)
    assert "changed_meanwhile" in results
    assert subscription.licences in (15, 5)
    assert [each.kind for each in Charge.objects.order_by("pk")[1:]] == [
        "licences_added" if subscription.licences == 15 else "refund"
    ]


def test_two_credits_at_once_make_one_period(subscription, provider, provider_admin, sales_agent):
    other = ready_reseller("Momiji", number="0077")
    PartnershipFactory(provider=provider, reseller=other)

    results = results_at_once(
        submitting(subscription, provider_admin, mpn_id="0012345"), submitting(subscription, sales_agent, mpn_id="0077")
    )

    assert sorted(results, key=str) == [[Verb.CREDIT_CHANGED], "changed_meanwhile"]
    assert ResellerOfRecord.objects.count() == 1


def test_suspending_twice_at_once_suspends_once(subscription, provider_admin, sales_agent):
    results = at_once(
        doing(suspend, subscription, membership=provider_admin), doing(suspend, subscription, membership=sales_agent)
    )

    assert sorted(results) == ["done", "wrong_state"]
    assert Subscription.objects.get().revision == 2


def test_cancelling_twice_at_once_gives_back_once(subscription, provider_admin, sales_agent):
    results = at_once(
        doing(cancel, subscription, membership=provider_admin), doing(cancel, subscription, membership=sales_agent)
    )

    check_ledger(subscription)
    assert sorted(results) == ["done", "wrong_state"]
    assert Charge.objects.filter(kind="refund").count() == 1


def test_cancelling_while_licences_are_added_gives_back_what_was_charged(subscription, provider_admin, sales_agent):
    results = at_once(
        doing(cancel, subscription, membership=provider_admin), submitting(subscription, sales_agent, licences=15)
    )

    check_ledger(subscription)
    assert (results[0], subscription.status) == ("done", "cancelled")
    assert results[1] in ("done", "changed_meanwhile")
    assert Charge.objects.filter(kind="refund").count() == (2 if results[1] == "done" else 1)


def test_upgrading_while_it_is_suspended(subscription, premium, provider_admin, sales_agent):
    results = at_once(
        doing(upgrade, subscription, premium, membership=provider_admin),
        doing(suspend, subscription, membership=sales_agent),
    )

    check_ledger(subscription)
    assert (results[1], subscription.status) == ("done", "suspended")
    assert results[0] in ("done", "wrong_state")
    assert (subscription.offer == premium) == (results[0] == "done") == (Charge.objects.count() == 3)


def test_upgrading_twice_at_once_is_charged_once(subscription, premium, provider_admin, sales_agent):
    results = at_once(
        *[doing(upgrade, subscription, premium, membership=each) for each in (provider_admin, sales_agent)]
    )

    check_ledger(subscription)
    assert sorted(results) == ["done", "not_offered"]
    assert Charge.objects.count() == 3


def test_converting_twice_at_once_begins_one_term(relationship, premium, provider_admin, sales_agent):
    offer = sold(category="trial", term="P1M", tags=["ConvertsTo:CFQPREMIUM:0001"], unit_price=Decimal(0))
    trial = bought(relationship, f"{timezone.now() - timedelta(hours=1):%Y-%m-%d %H:%M:%S}", offer)

    results = at_once(*[doing(convert, trial, premium, 12, membership=each) for each in (provider_admin, sales_agent)])

    check_ledger(trial)
    assert sorted(results) == ["done", "not_offered"]
    assert sum(each.amount for each in Charge.objects.all()) == 18000


def test_two_plans_at_once_leave_one(subscription, premium, provider_admin, sales_agent):
    def planning(licences, membership):
        row, as_read = Subscription.objects.get(pk=subscription.pk), fresh(membership)
        return lambda: plan_renewal(row, offer=premium, licences=licences, membership=as_read)

    assert at_once(planning(11, provider_admin), planning(12, sales_agent)) == ["done", "done"]
    assert RenewalPlan.objects.open().count() == 1


def test_limit_of_the_customer_holds_when_two_subscriptions_grow_at_once(relationship, provider_admin, sales_agent):
    offer = OfferFactory(tags=["Limit:25"])
    one, other = (SubscriptionFactory(relationship=relationship, offer=offer) for _each in range(2))

    results = at_once(submitting(one, provider_admin, licences=15), submitting(other, sales_agent, licences=15))

    assert sorted(results) == ["done", "too_many_altogether"]
    assert sorted(Subscription.objects.values_list("licences", flat=True)) == [10, 15]


def test_limit_of_the_customer_holds_when_two_renewals_are_scheduled_at_once(relationship, provider_admin, sales_agent):
    offer = OfferFactory(tags=["Limit:25"])
    monthly = OfferFactory(product_id=offer.product_id, term="P1M", tags=["Limit:25"])
    moment = f"{timezone.now() - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    one, other = (bought(relationship, moment, offer) for _each in range(2))

    def planning(subscription, membership):
        row, as_read = Subscription.objects.get(pk=subscription.pk), fresh(membership)
        return lambda: plan_renewal(row, offer=monthly, licences=15, membership=as_read)

    results = at_once(planning(one, provider_admin), planning(other, sales_agent))

    assert sorted(results) == ["done", "too_many_altogether"]
    assert RenewalPlan.objects.open().count() == 1


def test_base_and_add_on_at_once_wait_for_each_other_and_never_deadlock(relationship, provider_admin, sales_agent):
    moment = f"{timezone.now() - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    base = bought(relationship, moment)
    add_ons = [bought(relationship, moment, sold(category="add_on"), base=base) for _each in range(2)]

    results = at_once(
        doing(suspend, base, membership=provider_admin),
        *[submitting(each, sales_agent, nickname="Other") for each in add_ons],
    )

    assert results[0] == "done"
    assert set(results[1:]) <= {"done", "changed_meanwhile"}
    assert set(Subscription.objects.values_list("status", flat=True)) == {"suspended"}


def test_schedule_and_somebody_at_once_charge_the_period_once(relationship, provider_admin):
    forty_days_ago = timezone.now() - timedelta(days=40)
    subscription = bought(relationship, f"{forty_days_ago:%Y-%m-%d %H:%M:%S}")

    results = results_at_once(
        submitting(subscription, provider_admin, licences=15),
        lambda: run_due(timezone.now()),
        lambda: run_due(timezone.now()),
    )

    assert results[0] == [Verb.LICENCES_CHANGED]
    kinds = list(Charge.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["purchase", "cycle", "licences_added"]


def test_reactivating_while_it_is_cancelled(subscription, provider_admin, sales_agent):
    suspend(subscription, membership=provider_admin)

    results = at_once(
        doing(cancel, subscription, membership=provider_admin),
        doing(reactivate, subscription, membership=sales_agent),
    )

    check_ledger(subscription)
    assert (results[0], subscription.status) == ("done", "cancelled")
    assert results[1] in ("done", "wrong_state")
