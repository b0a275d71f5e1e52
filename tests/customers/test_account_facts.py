"""What the reseller can do: separate facts, counted for what one may see."""

import pytest
from django.urls import reverse

from customers.facts import Share, facts_of
from customers.models import Delegation
from tests.factories import (
    ResellerOfRecordFactory,
    SubscriptionFactory,
    ready_reseller,
)


@pytest.fixture
def administration(relationship, provider_admin):
    return [
        Delegation.objects.create(
            customer=relationship.customer,
            partner=partner.organisation,
            privilege="delegated_admin",
            granted_by=provider_admin.user,
        )
        for partner in (relationship.provider, relationship.reseller)
    ]


def credited(relationship, reseller, **fields):
    subscription = SubscriptionFactory(relationship=relationship, **fields)
    ResellerOfRecordFactory(subscription=subscription, partner_account=reseller.organisation.partner_accounts.get())
    return subscription


def test_facts_are_separate(relationship, administration, provider_admin, reseller, strange_subscription):
    other = ready_reseller("Momiji", number="0077")
    credited(relationship, other)
    credited(relationship, other, support_contact=other)
    credited(relationship, reseller)
    SubscriptionFactory(relationship=relationship)
    credited(relationship, reseller, status="cancelled", support_contact=reseller)

    facts = facts_of(relationship, provider_admin)

    assert facts.administration == administration[1]
    assert facts.credit == [Share("Momiji", 2, "0077"), Share("Sakura", 1, "0012345")]
    assert facts.uncredited == 1
    assert facts.support == [Share("Kita", 3), Share("Momiji", 1)] or facts.support == [
        Share("Momiji", 1),
        Share("Kita", 3),
    ]
    assert facts.delegations == administration


def test_ended_credit_is_no_fact(relationship, provider_admin, reseller):
    subscription = credited(relationship, reseller)
    subscription.resellers_of_record.update(ends_at=subscription.created_at.replace(year=2099))

    facts = facts_of(relationship, provider_admin)

    assert (facts.credit, facts.uncredited) == ([], 1)


def test_withdrawn_access_is_no_fact(relationship, administration, provider_admin):
    Delegation.objects.update(withdrawn_at=relationship.created_at)

    facts = facts_of(relationship, provider_admin)

    assert (facts.administration, facts.delegations) == (None, [])


def test_reseller_sees_its_own_access_only(relationship, administration, reseller_admin):
    assert facts_of(relationship, reseller_admin).delegations == [administration[1]]


def test_page_shows_the_facts(sign_in, relationship, administration, provider_admin, reseller):
    credited(relationship, reseller)
    SubscriptionFactory(relationship=relationship, support_contact=reseller)

    text = sign_in(provider_admin).get(reverse("customers:account", args=[relationship.customer_id])).text

    for shown in (
        "by Person",
        "Sakura (ID: 0012345) on 1 subscription<",
        "Nobody on 1 subscription<",
        "Sakura on 1 subscription<",
        "Kita on 1 subscription<",
        "Delegated administration privileges",
    ):
        assert shown in text


def test_page_without_any_fact_says_so(sign_in, relationship, provider_admin):
    relationship.reseller = None
    relationship.save()

    text = sign_in(provider_admin).get(reverse("customers:account", args=[relationship.customer_id])).text

    assert text.count("No subscriptions yet") == 2
    assert "No indirect reseller" in text


def test_page_costs_the_same_for_one_subscription_and_three(
    sign_in, relationship, administration, provider_admin, reseller, django_assert_num_queries
):
    url = reverse("customers:account", args=[relationship.customer_id])
    client = sign_in(provider_admin)
    credited(relationship, reseller)

    with django_assert_num_queries(8):
        client.get(url)
    credited(relationship, ready_reseller("Momiji"))
    SubscriptionFactory(relationship=relationship, support_contact=reseller)
    with django_assert_num_queries(8):
        client.get(url)
