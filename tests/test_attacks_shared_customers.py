"""A customer with two providers, and a reseller that both have as a partner: the other provider's people, plan and
business are a stranger's (design.md §4.1), though all three know the customer and the reseller.
"""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activity.models import Activity
from customers.delegations import TENANT_OWNER, grant
from customers.endings import end_relationship
from customers.models import Delegation
from resellers.models import Partnership
from subscriptions.models import LicenceAssignment, Subscription
from tests.attack_tools import said, stored, text_of
from tests.factories import (
    LicenceAssignmentFactory,
    PartnershipFactory,
    RelationshipFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    SupportRequestFactory,
    member,
)

# What only Rhein, its people and its partners have; no page of Kita's may say it.
THEIRS = {"Rhein", "Lorelei", "Mosel", "Zollplan", "Zollfrage", "Aobafluss", "77001", "global-admin@rhein.example"}


@pytest.fixture
def shared(relationship, stranger, strange_relationship, reseller):
    """Aoba is Rhein's customer as well, there for Sakura; Rhein sold it Azure, and made Sakura tenant owner."""
    stranger.user.name = "Lorelei"
    stranger.user.save()
    rhein = strange_relationship.provider
    PartnershipFactory(provider=rhein, reseller=reseller)
    theirs = RelationshipFactory(
        provider=rhein, customer=relationship.customer, reseller=reseller, company_name="Aobafluss", administered=False
    )
    SubscriptionFactory(relationship=theirs, offer__category="usage", nickname="Zollplan Azure")
    bought = SubscriptionFactory(
        relationship=theirs, nickname="Zollplan", support_contact=strange_relationship.reseller
    )
    ResellerOfRecordFactory(
        subscription=bought, partner_account=strange_relationship.reseller.organisation.partner_accounts.get()
    )
    SupportRequestFactory(subscription=bought, title="Zollfrage")
    Delegation.objects.filter(partner=reseller.pk).update(granted_by=stranger.user)
    grant(relationship.customer, reseller.organisation, TENANT_OWNER, membership=stranger)
    return bought


def pages_of(customer) -> list[str]:
    names = [f"customers:{name}" for name in ("account", "row", "edit", "user_settings", "end")]
    names += [f"subscriptions:{name}" for name in ("customer", "users", "users_export")]
    lists = [f"{room}:{name}" for room in ("support", "activity", "customers") for name in ("list", "export")]
    pages = [reverse(name, args=[customer]) for name in names]
    return pages + [reverse(name) for name in (*lists, "overview", "notices:list")]


def test_a_provider_reads_nothing_of_the_other_on_any_page_of_the_customer(
    shared, relationship, subscription, provider_admin, sign_in
):
    user = member(relationship.customer.organisation, name="Aki")
    for each in (shared, subscription):
        LicenceAssignmentFactory(subscription=each, membership=user)
    client = sign_in(provider_admin)
    pages = [*pages_of(relationship.customer_id), reverse("subscriptions:user_licences", args=[user.pk])]
    pages.append(reverse("subscriptions:licences", args=[subscription.code]))

    answers = {page: client.get(page) for page in pages}

    assert {answer.status_code for answer in answers.values()} == {200}
    read = {page: text_of(answer) for page, answer in answers.items()}
    assert {page: said(THEIRS, text) for page, text in read.items() if said(THEIRS, text)} == {}
    assert said({"Aoba", "Sakura", "Aki"}, "".join(read.values())) == {"Aoba", "Sakura", "Aki"}


def test_who_the_other_provider_is_is_not_read_from_who_withdrew_an_access(
    shared, relationship, provider_admin, stranger, sign_in, strange_relationship
):
    """Rhein removes its relationship, and with it the access that Sakura had: Kita reads that it has ended."""
    Partnership.objects.filter(provider=relationship.provider_id).update(ended_at=relationship.created_at)
    Delegation.objects.filter(partner=relationship.reseller_id).update(
        withdrawn_at=relationship.created_at, withdrawn_by=stranger.user
    )

    page = sign_in(provider_admin).get(reverse("customers:account", args=[relationship.customer_id]))

    assert "Withdrawn on" in page.text
    assert said(THEIRS, page.text) == set()


def test_a_tenant_owner_of_the_others_plan_is_not_withdrawn(shared, relationship, provider_admin, reseller, sign_in):
    """Kita sold no Azure plan: that its partner owns another provider's is the customer's business, and Rhein's."""
    client, customer = sign_in(provider_admin), relationship.customer_id
    before = stored("activity_activity", "activity_sighting")

    page = client.get(reverse("customers:user_settings", args=[customer]))
    answer = client.post(reverse("customers:owner_withdraw", args=[customer, reseller.pk]), follow=True)

    assert reverse("customers:owner_withdraw", args=[customer, reseller.pk]) not in page.text
    assert "Only a Global admin of the customer can give or withdraw this access." in answer.text
    assert stored("activity_activity", "activity_sighting") == before
    assert Activity.objects.latest("pk").refusal == "only_customer"


@pytest.mark.parametrize("status", ["active", "suspended", "cancelled"])
def test_who_sold_a_plan_withdraws_its_owner_also_when_the_plan_has_ended(
    status, shared, relationship, stranger, reseller, sign_in
):
    ended_at = timezone.now() if status in Subscription.ENDED else None
    Subscription.objects.update(status=status, ended_at=ended_at)
    url = reverse("customers:owner_withdraw", args=[relationship.customer_id, reseller.pk])

    page = sign_in(stranger).get(reverse("customers:user_settings", args=[relationship.customer_id]))
    sign_in(stranger).post(url)

    assert url in page.text
    assert not Delegation.objects.active().filter(privilege=TENANT_OWNER).exists()


@pytest.mark.parametrize("page", ["licences", "licences_assign", "licences_export", "detail", "suspend", "reactivate"])
def test_the_others_subscription_does_not_exist(page, shared, provider_admin, sign_in):
    client = sign_in(provider_admin)
    url = reverse(f"subscriptions:{page}", args=[shared.code])

    assert [client.get(url).status_code, client.post(url, {"users": "1"}).status_code] in ([404, 404], [404, 405])


def test_the_others_licences_are_neither_given_nor_taken_back(shared, relationship, provider_admin, sign_in):
    """Kita administers the account and sees the user, but not what the user has through Rhein."""
    user = member(relationship.customer.organisation, name="Aki")
    given = LicenceAssignmentFactory(subscription=shared, membership=user)
    client = sign_in(provider_admin)

    withdrawn = client.post(reverse("subscriptions:licence_withdraw", args=[shared.code, given.pk]))
    offered = client.get(reverse("subscriptions:user_assign", args=[user.pk]))
    assigned = client.post(reverse("subscriptions:user_assign", args=[user.pk]), {"subscriptions": [shared.pk]})

    assert (withdrawn.status_code, LicenceAssignment.objects.active().count()) == (404, 1)
    assert said(THEIRS, offered.text + assigned.text) == set()
    assert assigned.context["form"].errors.as_data()["subscriptions"][0].code == "invalid_choice"


def test_what_ends_with_ones_own_relationship_leaves_the_others(shared, relationship, provider_admin, reseller):
    Subscription.objects.filter(relationship=relationship).delete()

    end_relationship(relationship, actor=provider_admin.user)

    left = Delegation.objects.active().filter(customer=relationship.customer).order_by("privilege")
    assert list(left.values_list("partner__name", "privilege")) == [
        ("Sakura", "delegated_admin"),
        ("Sakura", "tenant_owner"),
    ]


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.HELPDESK_AGENT])
def test_a_support_request_to_the_other_is_not_found(role, shared, provider, sign_in):
    request = shared.support_requests.get()
    client = sign_in(member(provider.organisation, role))

    urls = [reverse(f"support:{name}", args=[request.code]) for name in ("detail", "write", "close")]
    answers = [client.get(urls[0]), *(client.post(url, {"text": "X"}) for url in urls[1:])]

    assert [answer.status_code for answer in answers] == [404] * 3
