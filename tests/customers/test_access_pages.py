"""Partner relationships, and User settings of the Azure service portal: what they show, and what is pressed there."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from customers.delegations import DELEGATED_ADMIN, TENANT_OWNER, grant, withdraw
from customers.models import Delegation
from resellers.models import SupportProfile
from tests.factories import (
    PartnershipFactory,
    RelationshipFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)
from tests.refusals import codes_on

PARTNERS = reverse("customers:partners")


@pytest.fixture
def customer(relationship):
    return relationship.customer


@pytest.fixture
def plain_admin(customer):
    """Somebody of the customer who may look, not decide."""
    return member(customer.organisation, Role.USER_ADMIN)


def give(partner):
    return reverse("customers:administration_give", args=[partner.pk])


def take(partner):
    return reverse("customers:administration_withdraw", args=[partner.pk])


def user_settings(customer):
    return reverse("customers:user_settings", args=[customer.pk])


def owner_grant(customer):
    return reverse("customers:owner_grant", args=[customer.pk])


def owner_withdraw(customer, partner):
    return reverse("customers:owner_withdraw", args=[customer.pk, partner.pk])


def said(response) -> list[str]:
    return [str(each) for each in get_messages(response.wsgi_request)]


def active(privilege) -> set[str]:
    return set(Delegation.objects.active().filter(privilege=privilege).values_list("partner__name", flat=True))


# Partner relationships


def test_customer_sees_each_partner_and_what_it_may_do(
    sign_in, customer_admin, customer, reseller, provider, subscription, azure, strange_subscription
):
    SupportProfile.objects.create(
        organisation=reseller.organisation, phone="+81312345678", email="help@sakura.example", hours="9–17"
    )
    subscription.support_contact = reseller
    subscription.save()
    grant(customer, reseller.organisation, TENANT_OWNER, membership=customer_admin)
    withdraw(Delegation.objects.get(partner=provider.pk), membership=customer_admin)

    response = sign_in(customer_admin).get(PARTNERS)

    kita, sakura = response.context["cards"]
    assert (kita.organisation.name, kita.administration, kita.owner) == ("Kita", None, None)
    assert kita.last_administration.withdrawn_by == customer_admin.user
    assert (kita.may_be_given, kita.supported, kita.others_supported) == (True, [azure], 0)
    assert (sakura.organisation.name, sakura.may_be_given) == ("Sakura", False)
    assert (sakura.administration.partner_id, sakura.owner.partner_id) == (reseller.pk, reseller.pk)
    assert (sakura.supported, sakura.contact.email) == ([subscription], "help@sakura.example")
    for shown in (give(provider), take(reseller), "+81 3-1234-5678", "Withdrawn on", "Indirect reseller of Kita"):
        assert shown in response.text
    assert "0012345" not in response.text  # whom its subscriptions credit is between the partners
    assert "Rhein" not in response.text


def test_a_provider_without_a_reseller_stands_alone(sign_in, customer_admin, relationship):
    relationship.reseller = None
    relationship.save()
    Delegation.objects.exclude(partner=relationship.provider_id).delete()

    cards = sign_in(customer_admin).get(PARTNERS).context["cards"]

    assert [(card.organisation.name, card.relationships) for card in cards] == [("Kita", [relationship])]


def test_who_may_not_decide_sees_who_may(sign_in, plain_admin, provider):
    text = sign_in(plain_admin).get(PARTNERS).text

    assert "Only a Global admin of your company" in text
    assert (take(provider) in text, "Kita" in text) == (False, True)


def test_customer_without_partners_is_told_so(sign_in, customer_admin, relationship):
    relationship.ended_at = relationship.created_at
    relationship.save()
    Delegation.objects.update(withdrawn_at=relationship.created_at)

    assert "No partners" in sign_in(customer_admin).get(PARTNERS).text


def test_a_company_that_only_supports_is_a_partner_without_access(sign_in, customer_admin, relationship):
    helper = ready_reseller("Tsubaki")
    for number in range(7):
        SubscriptionFactory(relationship=relationship, support_contact=helper, nickname=f"Plan {number}")

    response = sign_in(customer_admin).get(PARTNERS)

    card = response.context["cards"][-1]
    assert (card.organisation.name, card.may_be_given, card.relationships) == ("Tsubaki", False, [])
    assert [each.nickname for each in card.supported] == [f"Plan {number}" for number in range(5)]
    assert "and 2 more" in response.text


def test_partners_cost_the_same_for_one_and_three(
    sign_in, customer_admin, customer, subscription, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(customer_admin)

    with django_assert_max_num_queries(12) as one:
        client.get(PARTNERS)
    for name in ("Momiji", "Tsubaki"):
        other = RelationshipFactory(customer=customer, reseller=ready_reseller(name))
        SubscriptionFactory(relationship=other, support_contact=other.reseller)
    with django_assert_num_queries(len(one)):
        client.get(PARTNERS)


# Giving and withdrawing administration


def test_global_admin_withdraws_and_gives_administration(sign_in, customer_admin, reseller):
    client = sign_in(customer_admin)

    asked = client.get(take(reseller))
    assert active(DELEGATED_ADMIN) == {"Kita", "Sakura"}
    withdrawn = client.post(take(reseller))
    assert active(DELEGATED_ADMIN) == {"Kita"}
    asked_again = client.get(give(reseller))
    given = client.post(give(reseller))

    assert active(DELEGATED_ADMIN) == {"Kita", "Sakura"}
    assert ("What ends" in asked.text, "What it does not give" in asked_again.text) == (True, True)
    assert (withdrawn.url, given.url) == (PARTNERS, PARTNERS)
    assert said(withdrawn) == ["Sakura cannot administer your account any more."]
    assert said(given)[-1] == "Sakura can administer your account now."


@pytest.mark.parametrize("page", [give, take])
def test_what_was_done_meanwhile_is_said(sign_in, customer_admin, reseller, page):
    client = sign_in(customer_admin)
    if page == take:
        withdraw(Delegation.objects.get(partner=reseller.pk), membership=customer_admin)

    response = client.post(page(reseller))

    assert response.url == PARTNERS
    assert said(response) == [
        "Sakura has this access already." if page == give else "Sakura does not have this access any more."
    ]


@pytest.mark.parametrize("page", [give, take])
def test_pages_of_administration_are_for_the_customers_global_admin(
    sign_in, plain_admin, provider_admin, reseller_admin, stranger, customer_admin, reseller, strange_relationship, page
):
    answers = [sign_in(who).post(page(reseller)).status_code for who in (plain_admin, provider_admin, reseller_admin)]

    assert answers == [403, 404, 404]
    assert sign_in(stranger).post(page(reseller)).status_code == 404
    for company in (strange_relationship.reseller, strange_relationship.provider, customer_admin.organisation):
        assert sign_in(customer_admin).post(page(company)).status_code == 404
    assert active(DELEGATED_ADMIN) == {"Kita", "Sakura", "Rhein", "Mosel"}


# User settings


@pytest.mark.parametrize("who", ["provider_admin", "customer_admin"])
def test_tenant_owner_is_granted_and_withdrawn(request, sign_in, customer, azure, reseller, who):
    client = sign_in(request.getfixturevalue(who))

    before = client.get(user_settings(customer))
    granted = client.post(owner_grant(customer), {"reseller": reseller.pk})
    assert active(TENANT_OWNER) == {"Sakura"}
    after = client.get(user_settings(customer))
    asked = client.get(owner_withdraw(customer, reseller))
    withdrawn = client.post(owner_withdraw(customer, reseller))

    assert active(TENANT_OWNER) == set()
    assert "No reseller is tenant owner yet." in before.text
    assert [each.partner.name for each in after.context["owners"]] == ["Sakura"]
    assert "loses its owner rights on the Azure plan of Aoba" in asked.text
    assert (granted.url, withdrawn.url) == (user_settings(customer), user_settings(customer))
    assert said(withdrawn)[-1] == "Sakura is not a tenant owner any more."


def test_refusals_stand_beside_the_reseller(sign_in, provider_admin, customer, azure, reseller, strange_relationship):
    client = sign_in(provider_admin)
    grant(customer, reseller.organisation, TENANT_OWNER, membership=provider_admin)

    def errors(typed):
        return codes_on(client.post(owner_grant(customer), typed))

    assert errors({"reseller": reseller.pk}) == {"reseller": ["already_given"]}
    assert errors({"reseller": strange_relationship.reseller_id}) == {"reseller": ["invalid_choice"]}
    assert errors({"reseller": ""}) == {"reseller": ["required"]}
    azure.status, azure.ended_at = "cancelled", timezone.now()
    azure.save()
    response = client.post(owner_grant(customer), {"reseller": reseller.pk})
    assert codes_on(response) == {"reseller": ["no_azure_plan"]}
    assert "no active Azure plan" in response.text
    assert active(TENANT_OWNER) == {"Sakura"}


def test_without_an_azure_plan_the_page_says_what_to_do(
    sign_in, provider_admin, reseller_admin, customer_admin, customer, subscription
):
    text = sign_in(provider_admin).get(user_settings(customer)).text

    assert ("No Azure plan" in text, reverse("orders:add", args=[customer.pk]) in text) == (True, True)
    for who in (reseller_admin, customer_admin):
        assert "The indirect provider orders it." in sign_in(who).get(user_settings(customer)).text
    response = sign_in(provider_admin).post(owner_grant(customer), {"reseller": str(customer.pk)})
    assert response.status_code == 200
    assert "Choose a reseller from the list." in response.text


def test_reseller_sees_that_it_is_owner_and_whom_to_ask(
    sign_in, reseller_admin, provider_admin, customer, azure, reseller, provider
):
    other = ready_reseller("Momiji")
    PartnershipFactory(provider=provider, reseller=other)
    grant(customer, other.organisation, TENANT_OWNER, membership=provider_admin)
    client = sign_in(reseller_admin)

    before = client.get(user_settings(customer))
    grant(customer, reseller.organisation, TENANT_OWNER, membership=provider_admin)
    after = client.get(user_settings(customer))

    assert "Your company is not a tenant owner." in before.text
    assert "Kita, or a Global admin of Aoba, gives and withdraws it." in before.text
    assert [each.partner.name for each in after.context["owners"]] == ["Sakura"]
    assert owner_grant(customer) not in after.text
    assert "Momiji" not in before.text + after.text


def test_user_settings_name_the_role_that_could(sign_in, billing_admin, customer, azure):
    text = sign_in(billing_admin).get(user_settings(customer)).text

    assert "Roles that can change this: Global admin, Admin agent." in text


def test_a_customer_that_knows_no_reseller_is_told_so(sign_in, relationship, customer_admin, azure):
    relationship.reseller = None
    relationship.save()

    text = sign_in(customer_admin).get(user_settings(relationship.customer)).text

    assert "No indirect reseller looks after your company" in text


def test_a_provider_without_partners_is_told_so(sign_in, stranger, strange_relationship):
    SubscriptionFactory(relationship=strange_relationship, offer__category="usage")
    strange_relationship.reseller = None
    strange_relationship.save()
    stranger.organisation.provider.partnerships.update(ended_at=strange_relationship.created_at)

    text = sign_in(stranger).get(user_settings(strange_relationship.customer)).text

    assert "You are not partnered with a reseller yet." in text


@pytest.mark.parametrize("page", ["grant", "withdraw"])
def test_tenant_owner_is_for_who_may_give_access(sign_in, request, customer, azure, reseller, provider_admin, page):
    grant(customer, reseller.organisation, TENANT_OWNER, membership=provider_admin)
    url = owner_grant(customer) if page == "grant" else owner_withdraw(customer, reseller)

    answers = {
        who: sign_in(request.getfixturevalue(who)).post(url, {"reseller": reseller.pk}).status_code
        for who in ("sales_agent", "helpdesk", "billing_admin", "plain_admin", "reseller_admin", "stranger")
    }

    assert answers == {
        "sales_agent": 403,
        "helpdesk": 403,
        "billing_admin": 403,
        "plain_admin": 403,
        "reseller_admin": 404,
        "stranger": 404,
    }
    assert active(TENANT_OWNER) == {"Sakura"}


def test_nobody_withdraws_what_a_stranger_was_given(sign_in, provider_admin, customer, azure, strange_relationship):
    client = sign_in(provider_admin)

    assert client.post(owner_withdraw(customer, strange_relationship.reseller)).status_code == 404
    assert client.get(user_settings(strange_relationship.customer)).status_code == 404


def test_user_settings_cost_the_same_for_one_owner_and_three(
    sign_in,
    provider_admin,
    customer,
    azure,
    reseller,
    provider,
    django_assert_num_queries,
    django_assert_max_num_queries,
):
    client = sign_in(provider_admin)
    grant(customer, reseller.organisation, TENANT_OWNER, membership=provider_admin)

    with django_assert_max_num_queries(12) as one:
        client.get(user_settings(customer))
    for name in ("Momiji", "Tsubaki"):
        other = ready_reseller(name)
        PartnershipFactory(provider=provider, reseller=other)
        grant(customer, other.organisation, TENANT_OWNER, membership=provider_admin)
    with django_assert_num_queries(len(one)):
        client.get(user_settings(customer))


def test_the_column_leads_to_user_settings_of_an_azure_customer(sign_in, provider_admin, customer, subscription):
    client = sign_in(provider_admin)
    pages = [
        reverse("customers:account", args=[customer.pk]),
        reverse("customers:edit", args=[customer.pk]),
        reverse("subscriptions:customer", args=[customer.pk]),
        reverse("subscriptions:detail", args=[subscription.code]),
        f"{reverse('orders:list')}?customer={customer.pk}",
    ]

    def leading():
        return [user_settings(customer) in client.get(page).text for page in pages]

    before = leading()
    SubscriptionFactory(relationship=subscription.relationship, offer__category="usage")

    assert (before, leading()) == ([False] * 5, [True] * 5)
