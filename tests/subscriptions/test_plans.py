from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.access import RoleMissing
from activity.models import Activity
from subscriptions.changes import suspend
from subscriptions.models import Offer, RenewalPlan
from subscriptions.plans import open_plan, plan_renewal, renewal_choices, withdraw_plan
from tests.factories import LicenceAssignmentFactory, SubscriptionFactory
from tests.subscriptions.lives import at, bought, planned, sold
from tests.subscriptions.submitting import log, refusal_of

NOW = at("2026-03-01 12:00")


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def premium(db):
    return sold(product_id="CFQPREMIUM", sku_title="Premium", unit_price=Decimal(1500))


@pytest.fixture
def subscription(relationship, premium):
    """Ten licences of Standard, which may become Premium."""
    offer = sold(product_id="CFQSTANDARD", sku_title="Standard", tags=["UpgradesTo:CFQPREMIUM:0001"])
    return bought(relationship, "2026-03-01 12:00", offer)


@pytest.fixture
def three_years(subscription):
    return sold(product_id="CFQSTANDARD", sku_title="Standard", term="P3Y", billing="triennial")


def scheduled(subscription):
    plan = open_plan(subscription)
    return plan and (plan.offer, plan.licences, plan.made_by)


def test_choices_are_itself_other_terms_and_what_it_may_become(subscription, three_years, premium, provider_admin):
    sold(product_id="CFQSTANDARD", term="", billing="one_time")
    sold(product_id="CFQSTANDARD", market="DE")
    sold(product_id="CFQSTANDARD", term="P1M", effective_to=at("2021-01-01"))
    sold()

    assert renewal_choices(subscription, provider_admin) == [subscription.offer, premium, three_years]


def test_choice_of_itself_is_the_line_of_the_price_list_that_holds_now(subscription, provider_admin):
    Offer.objects.filter(pk=subscription.offer_id).update(effective_to=NOW)
    Offer.objects.filter(product_id="CFQPREMIUM").delete()
    now = sold(product_id="CFQSTANDARD", sku_title="Standard", effective_from=NOW)

    assert renewal_choices(subscription, provider_admin) == [now]
    plan_renewal(subscription, offer=now, licences=12, membership=provider_admin)
    assert scheduled(subscription) == (now, 12, provider_admin.user)


def test_reseller_sees_no_other_product_than_its_own(subscription, three_years, reseller_admin):
    assert renewal_choices(subscription, reseller_admin) == [subscription.offer]


def test_trial_becomes_what_it_converts_to(relationship, premium, provider_admin):
    tags = ["ConvertsTo:CFQPREMIUM:0001"]
    trial = bought(relationship, "2026-03-01 12:00", sold(category="trial", term="P1M", tags=tags))

    assert renewal_choices(trial, provider_admin) == [premium]


def test_add_on_renews_as_it_is(relationship, subscription, provider_admin):
    add_on = bought(relationship, "2026-03-01 12:00", sold(product_id="CFQADDON", category="add_on"), base=subscription)
    other = sold(product_id="CFQADDON", category="add_on", term="P3Y")

    assert renewal_choices(add_on, provider_admin) == [add_on.offer]
    plan_renewal(add_on, offer=add_on.offer, licences=12, membership=provider_admin)
    assert scheduled(add_on) == (add_on.offer, 12, provider_admin.user)
    assert (
        refusal_of(lambda: plan_renewal(add_on, offer=other, licences=12, membership=provider_admin)) == "not_offered"
    )


def test_what_has_no_term_has_no_choices(azure, provider_admin):
    azure.term = ""

    assert renewal_choices(azure, provider_admin) == []


def test_plan_holds_the_offer_and_the_licences(subscription, premium, provider_admin):
    plan = plan_renewal(subscription, offer=premium, licences=12, membership=provider_admin)

    subscription.refresh_from_db()
    assert scheduled(subscription) == (premium, 12, provider_admin.user)
    assert (plan.made_at, subscription.revision, subscription.licences) == (NOW, 2, 10)
    assert log() == [("renewal_scheduled", "done", "")]
    assert Activity.objects.get().details == {
        "subscription": str(subscription.code),
        "term": "P1Y",
        "billing": "monthly",
        "old": "",
        "new": "12 × Premium",
    }


def test_next_plan_takes_the_place_of_the_last(subscription, premium, three_years, provider_admin):
    plan_renewal(subscription, offer=premium, licences=12, membership=provider_admin)
    plan_renewal(subscription, offer=three_years, licences=10, membership=provider_admin)

    assert scheduled(subscription) == (three_years, 10, provider_admin.user)
    assert RenewalPlan.objects.filter(withdrawn_at=NOW).count() == 1
    details = Activity.objects.order_by("pk").last().details
    assert (details["old"], details["new"]) == ("12 × Premium", "10 × Standard")


def test_plan_can_be_withdrawn(subscription, premium, provider_admin):
    plan_renewal(subscription, offer=premium, licences=12, membership=provider_admin)
    withdraw_plan(subscription, membership=provider_admin)

    subscription.refresh_from_db()
    assert (scheduled(subscription), subscription.revision) == (None, 3)
    assert log() == [("renewal_scheduled", "done", ""), ("renewal_unscheduled", "done", "")]
    assert refusal_of(lambda: withdraw_plan(subscription, membership=provider_admin)) == "no_plan"


def test_what_it_renews_with_anyway_is_no_plan(subscription, provider_admin):
    same = {"offer": subscription.offer, "licences": 10, "membership": provider_admin}

    assert refusal_of(lambda: plan_renewal(subscription, **same)) == "plan_same"


def test_what_is_no_choice_is_refused(subscription, provider_admin):
    other = sold()

    assert (
        refusal_of(lambda: plan_renewal(subscription, offer=other, licences=10, membership=provider_admin))
        == "not_offered"
    )
    assert log() == [("renewal_scheduled", "refused", "not_offered")]


@pytest.mark.parametrize(("licences", "code"), [(0, "too_few"), (301, "too_many"), (2, "licences_assigned")])
def test_licences_are_chosen_within_the_limits(subscription, premium, provider_admin, licences, code):
    for _user in range(3):
        LicenceAssignmentFactory(subscription=subscription)

    plan = {"offer": premium, "membership": provider_admin}
    assert refusal_of(lambda: plan_renewal(subscription, licences=licences, **plan)) == code
    plan_renewal(subscription, licences=3, **plan)


def test_what_it_may_become_is_what_the_price_list_says_now(subscription, premium, three_years, provider_admin):
    former, bought_line = premium, subscription.offer
    Offer.objects.filter(pk=bought_line.pk).update(effective_to=NOW)
    subscription.refresh_from_db()

    off_sale = renewal_choices(subscription, provider_admin)
    other = sold(product_id="CFQOTHER", sku_title="Other")
    tags = ["UpgradesTo:CFQOTHER:0001"]
    now = sold(product_id="CFQSTANDARD", sku_title="Standard", effective_from=NOW, tags=tags)

    assert off_sale == [former, three_years]  # nobody has said anything else
    assert renewal_choices(subscription, provider_admin) == [now, other, three_years]


def test_trial_may_become_what_the_price_list_says_now(relationship, premium, provider_admin):
    trial = {"product_id": "CFQTRIAL", "category": "trial", "term": "P1M"}
    old = sold(tags=["ConvertsTo:CFQGONE:0001"], effective_to=NOW, **trial)
    sold(tags=["ConvertsTo:CFQPREMIUM:0001"], effective_from=NOW, **trial)

    assert renewal_choices(bought(relationship, "2026-02-15", old), provider_admin) == [premium]


def test_product_that_an_add_on_does_not_go_with_is_refused(
    relationship, subscription, premium, three_years, provider_admin
):
    both = ["Requires:CFQSTANDARD:0001", "Requires:CFQPREMIUM"]
    for name, tags in {"Storage": both, "Archive": both[:1]}.items():
        add_on = sold(category="add_on", tags=tags)
        bought(relationship, "2026-03-01 12:00", add_on, base=subscription, nickname=name)

    with pytest.raises(ValidationError) as refusal:
        plan_renewal(subscription, offer=premium, licences=10, membership=provider_admin)

    (error,) = refusal.value.error_list
    assert (error.code, error.params) == ("add_on_not_supported", {"add_on": "Archive", "offer": "Premium"})
    assert log() == [("renewal_scheduled", "refused", "add_on_not_supported")]
    plan_renewal(subscription, offer=three_years, licences=10, membership=provider_admin)
    subscription.add_ons.filter(nickname="Archive").update(status="cancelled", ended_at=NOW)
    plan_renewal(subscription, offer=premium, licences=10, membership=provider_admin)
    assert scheduled(subscription) == (premium, 10, provider_admin.user)


def test_limit_of_the_customer_counts_what_is_scheduled_for_its_others(
    relationship, subscription, premium, provider_admin
):
    premium.tags = ["Limit:25"]
    premium.save()
    one, two = (bought(relationship, "2026-03-01 12:00", subscription.offer) for _each in range(2))
    held = bought(relationship, "2026-03-01 12:00", premium, licences=3)
    plan = {"offer": premium, "membership": provider_admin}
    planned(held, premium, 2)  # it has three until then
    planned(bought(relationship, "2026-03-01 12:00"), sold(), 99)
    plan_renewal(subscription, licences=10, **plan)
    plan_renewal(one, licences=2, **plan)

    with pytest.raises(ValidationError) as refusal:
        plan_renewal(two, licences=11, **plan)

    (error,) = refusal.value.error_list
    assert (error.code, error.params["others"]) == ("too_many_altogether", 15)
    assert "counting what is scheduled" in error.messages[0]
    plan_renewal(two, licences=10, **plan)
    plan_renewal(subscription, licences=9, **plan)


def test_limit_without_anything_scheduled_says_what_there_is(relationship, subscription, premium, provider_admin):
    premium.tags = ["Limit:25"]
    premium.save()
    bought(relationship, "2026-03-01 12:00", premium, licences=16)

    with pytest.raises(ValidationError) as refusal:
        plan_renewal(subscription, offer=premium, licences=10, membership=provider_admin)

    assert refusal.value.messages == [
        "A customer can have at most 25 licenses of Premium altogether, and has 16 elsewhere."
    ]


def test_without_auto_renew_there_is_no_renewal_to_plan(subscription, premium, provider_admin):
    subscription.auto_renew = False
    subscription.save()

    plan = {"offer": premium, "licences": 10, "membership": provider_admin}
    assert refusal_of(lambda: plan_renewal(subscription, **plan)) == "plan_auto_renew_off"


def test_what_has_no_term_does_not_renew(relationship, provider_admin):
    software = bought(relationship, "2026-03-01 12:00", sold(term="", billing="one_time"))

    plan = {"offer": software.offer, "licences": 12, "membership": provider_admin}
    assert refusal_of(lambda: plan_renewal(software, **plan)) == "no_term"


def test_suspended_and_ended_ones_are_refused(subscription, relationship, provider_admin):
    suspend(subscription, membership=provider_admin)
    ended = SubscriptionFactory(relationship=relationship, status="expired")

    for each in (subscription, ended):
        plan = {"offer": each.offer, "licences": 12, "membership": provider_admin}
        assert refusal_of(lambda each=each, plan=plan: plan_renewal(each, **plan)) == "wrong_state"


def test_licences_take_the_right_to_edit_and_anything_else_the_right_to_order(
    subscription, premium, three_years, helpdesk, reseller_admin, billing_admin, provider_admin
):
    for membership in (helpdesk, reseller_admin):
        plan_renewal(subscription, offer=subscription.offer, licences=12, membership=membership)
        for offer in (premium, three_years):
            with pytest.raises(RoleMissing):
                plan_renewal(subscription, offer=offer, licences=12, membership=membership)
        withdraw_plan(subscription, membership=membership)
    plan_renewal(subscription, offer=premium, licences=12, membership=provider_admin)
    for membership in (helpdesk, reseller_admin, billing_admin):
        with pytest.raises(RoleMissing):
            withdraw_plan(subscription, membership=membership)
    assert scheduled(subscription) == (premium, 12, provider_admin.user)


def test_nobody_else_plans_it(subscription, stranger, relationship, reseller_admin):
    plan = {"offer": subscription.offer, "licences": 12}
    assert refusal_of(lambda: plan_renewal(subscription, **plan, membership=stranger)) == "no_delegation"
    assert refusal_of(lambda: withdraw_plan(subscription, membership=stranger)) == "no_delegation"

    relationship.customer.delegations.filter(partner=reseller_admin.organisation_id).delete()
    assert refusal_of(lambda: plan_renewal(subscription, **plan, membership=reseller_admin)) == "no_delegation"
    assert RenewalPlan.objects.count() == 0
