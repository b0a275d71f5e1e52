from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from resellers.models import PartnerAgreement
from subscriptions.models import OrderDraft, Subscription
from tests.factories import (
    PartnershipFactory,
    PartnershipRequestFactory,
    RelationshipFactory,
    SubscriptionFactory,
    UserFactory,
    member,
    ready_reseller,
)

TOMORROW = timedelta(days=1)


def overview(membership):
    client = Client()
    client.force_login(membership.user)
    return client.get("/")


@pytest.fixture
def busy(provider, provider_admin, partnership, subscription, stranger, strange_subscription):
    """Kita with one of everything that waits, and Rhein with the same."""
    for who in (provider, stranger.organisation.provider):
        OrderDraft.objects.create(provider=who, created_by=provider_admin.user, account={"company_name": f"For {who}"})
        PartnershipRequestFactory(provider=who, recipient=f"{who}@x.example".lower())
    PartnerAgreement.objects.update(ended_at=timezone.now())
    Subscription.objects.update(ends_at=timezone.now() + TOMORROW)
    return subscription


def test_a_provider_sees_what_waits_for_it_and_nothing_of_a_stranger(busy, provider_admin):
    context = overview(provider_admin).context

    assert [draft.company_name for draft in context["drafts"]] == ["For Kita"]
    assert [request.recipient for request in context["requests"]] == ["kita@x.example"]
    assert [str(partnership.reseller) for partnership in context["unsigned"]] == ["Sakura"]
    assert list(context["ending"]) == [busy]
    assert [bar.value for bar in context["plot"].bars] == [1, 0, 0, 0, 0, 0, 0, 0]


def test_what_is_shown_leads_on(busy, provider_admin):
    html = overview(provider_admin).content.decode()
    draft = OrderDraft.objects.get(provider=provider_admin.organisation_id)

    assert f'href="{draft.get_absolute_url()}"' in html
    assert f'href="{busy.get_absolute_url()}"' in html
    assert 'href="/resellers/requests/"' in html


def test_who_may_not_order_is_not_shown_orders_to_finish(busy, billing_admin):
    assert overview(billing_admin).context["drafts"] == []


def test_the_overview_takes_as_many_queries_for_three_rows_as_for_one(busy, provider_admin, provider):
    client = Client()
    client.force_login(provider_admin.user)

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        return len(queries)

    for_one = count()
    for number in range(2):
        reseller = ready_reseller(f"Reseller {number}")
        PartnershipFactory(provider=provider, reseller=reseller)
        relationship = RelationshipFactory(provider=provider, reseller=reseller)
        SubscriptionFactory(relationship=relationship, ends_at=timezone.now() + TOMORROW)
        PartnershipRequestFactory(provider=provider)
        OrderDraft.objects.create(provider=provider, created_by=provider_admin.user)
    PartnerAgreement.objects.update(ended_at=timezone.now())

    assert count() == for_one
    assert for_one <= 12


def test_closed_requests_wait_for_nobody(provider, provider_admin):
    now = timezone.now()
    for closed in (
        {"withdrawn_at": now},
        {"declined_at": now},
        {"expires_at": now},
        {"uses": 1},
        {"uses": 3, "max_uses": 3},
    ):
        PartnershipRequestFactory(provider=provider, **closed)
    endless = PartnershipRequestFactory(provider=provider, max_uses=None, uses=7)

    assert overview(provider_admin).context["requests"] == [endless]


@pytest.mark.parametrize(
    ("change", "waits"),
    [
        ({}, True),
        ({"status": "suspended"}, False),
        ({"ends_at": None}, False),
        ({"ends_at": timedelta(days=-1)}, False),
        ({"ends_at": timedelta(days=31)}, False),
    ],
)
def test_only_active_subscriptions_that_end_soon_are_shown(provider_admin, subscription, change, waits):
    change = {"ends_at": TOMORROW} | change
    if change["ends_at"] is not None:
        change["ends_at"] += timezone.now()
    Subscription.objects.filter(pk=subscription.pk).update(**change)

    assert list(overview(provider_admin).context["ending"]) == [subscription] * waits


def test_a_new_provider_is_shown_the_first_steps(provider_admin):
    html = overview(provider_admin).content.decode()

    assert "First steps" in html
    assert '<form method="post" action="/resellers/requests/new/" data-once>' in html
    assert 'href="/orders/new/"' in html


def test_first_steps_offer_nothing_that_the_role_forbids(billing_admin):
    html = overview(billing_admin).content.decode()

    assert '"/resellers/requests/new/"' not in html
    assert 'href="/orders/new/"' not in html


def test_a_provider_with_nothing_to_do_is_told_so(provider_admin, relationship):
    html = overview(provider_admin).content.decode()

    assert "Nothing waits for you" in html
    assert "First steps" not in html


def test_a_reseller_sees_its_providers_and_the_customers_entrusted_to_it(
    reseller_admin, relationship, strange_relationship
):
    context = overview(reseller_admin).context

    assert [str(each.provider) for each in context["partnerships"]] == ["Kita"]
    assert [each.company_name for each in context["customers"]] == ["Aoba"]
    assert (context["program"].state, context["program"].mpn_id) == ("Active", "0012345")


def test_a_reseller_without_a_provider_is_told_how_to_get_one(reseller_admin):
    html = overview(reseller_admin).content.decode()

    assert "No indirect provider yet" in html
    assert f'<a class="button primary" href="{reverse("directory:list")}">Find an indirect provider</a>' in html
    assert "/resellers/agreement/" not in html


def test_a_reseller_without_an_agreement_is_asked_to_sign(reseller_admin):
    PartnerAgreement.objects.update(ended_at=timezone.now())

    assert 'href="/resellers/agreement/"' in overview(reseller_admin).content.decode()


def test_a_reseller_sees_what_is_missing_and_the_newest_customers_first(
    reseller_admin, relationship, strange_relationship
):
    newest = RelationshipFactory(provider=relationship.provider, reseller=relationship.reseller)

    context = overview(reseller_admin).context

    assert [str(step.name) for step in context["missing"]] == ["Company profile"]
    assert [each.pk for each in context["customers"]] == [newest.pk, relationship.pk]
    assert context["leaving"] == []


def test_a_resellers_overview_takes_as_many_queries_for_three_rows_as_for_one(
    busy, reseller_admin, reseller, django_assert_max_num_queries
):
    client = Client()
    client.force_login(reseller_admin.user)
    client.get("/")
    with django_assert_max_num_queries(12) as one:
        client.get("/")
    for _each in range(2):
        partnership = PartnershipFactory(reseller=reseller, leave_requested_at=timezone.now())
        relationship = RelationshipFactory(provider=partnership.provider, reseller=reseller)
        SubscriptionFactory(relationship=relationship, ends_at=timezone.now() + TOMORROW)
    with django_assert_max_num_queries(12) as three:
        client.get("/")

    assert len(three) == len(one)


def test_who_may_not_sign_is_not_asked_to(reseller):
    PartnerAgreement.objects.update(ended_at=timezone.now())

    html = overview(member(reseller.organisation, Role.HELPDESK_AGENT)).content.decode()

    assert "Not signed" in html
    assert "/resellers/agreement/" not in html


def test_a_customer_sees_its_subscriptions_and_who_supports_them(
    customer_admin, subscription, reseller, strange_subscription
):
    Subscription.objects.filter(pk=subscription.pk).update(support_contact=reseller)

    response = overview(customer_admin)

    assert list(response.context["subscriptions"]) == [subscription]
    assert [each.company for each in response.context["contacts"]] == ["Sakura"]
    assert [str(each.provider) for each in response.context["partners"]] == ["Kita"]
    assert response.content.decode().count("Sakura") == 3  # supports it, is to be reached for it, and has access


def test_a_customer_without_subscriptions_or_partners_is_told_so(customer_admin, relationship):
    relationship.ended_at = relationship.created_at
    relationship.save()

    assert "Your company has no partner" in overview(customer_admin).content.decode()


def test_a_customers_overview_costs_the_same_for_one_subscription_and_three(
    customer_admin, relationship, django_assert_num_queries, django_assert_max_num_queries
):
    SubscriptionFactory(relationship=relationship)
    SubscriptionFactory(relationship=relationship, support_contact=relationship.reseller)
    client = Client()
    client.force_login(customer_admin.user)

    with django_assert_max_num_queries(12) as one:
        client.get("/")
    for name in ("Momiji", "Tsubaki"):
        helper = ready_reseller(name)
        other = RelationshipFactory(customer=relationship.customer, reseller=helper)
        SubscriptionFactory(relationship=other, support_contact=helper)
    with django_assert_num_queries(len(one)):
        client.get("/")


def test_a_user_without_a_role_is_told_who_decides(customer_admin, relationship, subscription):
    response = overview(member(relationship.customer.organisation, name="Plain Person", email="plain@aoba.example"))

    html = response.content.decode()
    assert response.context["admins"] == [customer_admin]
    assert "You are signed in as Plain Person (plain@aoba.example), a user of Aoba." in html
    assert (customer_admin.user.email in html, subscription.nickname in html) == (True, False)
    assert 'href="/account-settings/"' not in html


def test_a_user_without_a_role_and_without_an_admin_is_told_so(relationship):
    assert "no Global admin at this moment" in overview(member(relationship.customer.organisation)).content.decode()


def test_a_partners_user_without_a_role_gets_no_overview(provider):
    assert overview(member(provider.organisation)).status_code == 403


def test_a_customer_without_subscriptions_is_told_so(customer_admin):
    assert "Nothing has been ordered" in overview(customer_admin).content.decode()


def test_who_acts_for_no_company_is_told_how_to_begin(db):
    client = Client()
    client.force_login(UserFactory())

    html = client.get("/").content.decode()

    assert 'href="/resellers/enrol/"' in html
    assert "/operator/" not in html


def test_the_operator_is_led_to_the_operators_pages(db):
    client = Client()
    client.force_login(UserFactory(is_staff=True))

    assert 'href="/operator/"' in client.get("/").content.decode()


def test_a_member_without_a_role_is_told_which_role_is_needed(provider_admin):
    provider_admin.roles = []
    provider_admin.save(update_fields=["roles"])

    assert overview(provider_admin).status_code == 403
