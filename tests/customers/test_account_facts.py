"""What the reseller can do: separate facts, counted for what one may see."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from activity.log import record
from activity.models import Activity
from activity.verbs import Verb
from customers.delegations import DELEGATED_ADMIN, TENANT_OWNER, grant, withdraw
from customers.facts import Share, facts_of
from customers.models import Delegation
from customers.ways import Way, ways_to_change
from subscriptions.changes import Changes, submit_changes
from tests.factories import (
    CustomerFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    member,
    ready_reseller,
)


@pytest.fixture
def administration(relationship, provider_admin):
    """The provider's, then the reseller's."""
    Delegation.objects.update(granted_by=provider_admin.user)
    return list(Delegation.objects.order_by("pk"))


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
    assert facts.support == [Share("Momiji", 1), Share("Kita", 3)]
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
        "Since",
    ):
        assert shown in text


def test_page_without_any_fact_says_so(sign_in, relationship, provider_admin):
    relationship.reseller = None
    relationship.save()

    text = sign_in(provider_admin).get(reverse("customers:account", args=[relationship.customer_id])).text

    assert text.count("No subscriptions yet") == 2
    assert "No indirect reseller" in text


def test_page_costs_the_same_for_one_subscription_and_three(
    sign_in,
    relationship,
    administration,
    provider_admin,
    reseller,
    django_assert_num_queries,
    django_assert_max_num_queries,
):
    url = reverse("customers:account", args=[relationship.customer_id])
    client = sign_in(provider_admin)
    credited(relationship, reseller)

    with django_assert_max_num_queries(12) as one:
        client.get(url)
    credited(relationship, ready_reseller("Momiji"))
    SubscriptionFactory(relationship=relationship, support_contact=reseller)
    with django_assert_num_queries(len(one)):
        client.get(url)


# Each fact: since when, by whom, and how to change it


def account_page(client, relationship):
    return client.get(reverse("customers:account", args=[relationship.customer_id]))


def test_azure_tenant_owner_is_a_fact_of_its_own(relationship, azure, provider_admin, reseller):
    owner = grant(relationship.customer, reseller.organisation, TENANT_OWNER, membership=provider_admin)

    facts = facts_of(relationship, provider_admin)

    assert (facts.owners, facts.has_azure_plan) == ([owner], True)
    assert owner not in facts.administrators


def test_credit_and_support_say_since_when_and_by_whom(relationship, provider_admin, reseller):
    subscription = credited(relationship, reseller)
    credited(relationship, reseller)
    subscription.resellers_of_record.update(set_by=provider_admin.user)
    changes = Changes(subscription.nickname, 10, auto_renew=True, mpn_id="0012345", support_contact=reseller)
    submit_changes(subscription, changes, revision=1, membership=provider_admin)

    facts = facts_of(relationship, provider_admin)

    [credit], [sakura, kita] = facts.credit, sorted(facts.support, key=lambda share: share.name, reverse=True)
    assert (credit.since, credit.by) == (subscription.resellers_of_record.get().starts_at, provider_admin.user.name)
    assert (kita.name, kita.by, sakura.name, sakura.by) == ("Kita", "", "Sakura", provider_admin.user.name)
    assert kita.since < sakura.since


def test_credit_set_by_several_people_names_nobody(relationship, provider_admin, helpdesk, reseller):
    for membership in (provider_admin, helpdesk):
        credited(relationship, reseller).resellers_of_record.update(set_by=membership.user)

    assert [share.by for share in facts_of(relationship, provider_admin).credit] == [""]


def test_support_contact_set_by_nobody_known_is_without_a_name(relationship, provider_admin, reseller):
    SubscriptionFactory(relationship=relationship, support_contact=reseller)
    record(
        Verb.SUPPORT_CONTACT_CHANGED,
        "a subscription",
        actor=None,
        seen_by=[relationship.provider.organisation],
        affected=relationship.customer.organisation,
        new="Sakura",
    )

    [share] = facts_of(relationship, provider_admin).support

    assert (share.by, share.since) == ("", Activity.objects.get().happened_at)


def test_who_lacks_administration_and_since_when(relationship, provider_admin, reseller_admin, customer_admin):
    delegation = Delegation.objects.get(partner=relationship.reseller_id)
    withdraw(delegation, membership=customer_admin)
    Delegation.objects.filter(partner=relationship.provider_id).delete()

    lacks = {
        who.organisation.name: [(each.partner.name, each.last) for each in facts_of(relationship, who).lacks]
        for who in (provider_admin, reseller_admin, customer_admin)
    }

    both = [("Kita", None), ("Sakura", delegation)]
    assert lacks == {"Kita": both, "Sakura": [("Sakura", delegation)], "Aoba": both}


def test_administration_given_again_lacks_nowhere(relationship, provider_admin, customer_admin, reseller):
    withdraw(Delegation.objects.get(partner=reseller.pk), membership=customer_admin)
    again = grant(relationship.customer, reseller.organisation, DELEGATED_ADMIN, membership=customer_admin)

    facts = facts_of(relationship, provider_admin)

    assert (facts.administration, facts.lacks) == (again, [])


def test_page_says_who_withdrew_administration(sign_in, relationship, provider_admin, customer_admin, reseller):
    withdraw(Delegation.objects.get(partner=reseller.pk), membership=customer_admin)

    text = account_page(sign_in(provider_admin), relationship).text

    assert f"by {customer_admin.user.name}" in text
    assert "Not given to Sakura" in text


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (
            "provider_admin",
            [
                "A Global admin of Aoba gives and withdraws it, on the page Partner relationships.",
                "Give and withdraw it on the Azure service portal.",
                "Choose another Reseller (MPN ID) on the subscription.",
                "Choose another designated support contact on the subscription.",
            ],
        ),
        (
            "billing_admin",
            [
                "A Global admin of Aoba gives and withdraws it, on the page Partner relationships.",
                "Roles that can change this: Global admin, Admin agent.",
                "Roles that can change this: Global admin, User management admin, Admin agent, Sales agent.",
                "Roles that can change this: Global admin, User management admin, Admin agent, Sales agent, "
                "Helpdesk agent.",
            ],
        ),
        (
            "reseller_admin",
            [
                "A Global admin of Aoba gives and withdraws it, on the page Partner relationships.",
                "Kita, or a Global admin of Aoba, gives and withdraws it.",
                *["Only the indirect provider, Kita, can change this."] * 2,
            ],
        ),
        (
            "customer_admin",
            [
                "You give and withdraw it.",
                "Give and withdraw it on the Azure service portal.",
                *["Only the indirect provider, Kita, can change this."] * 2,
            ],
        ),
        (
            "customer_helper",
            [
                *["Roles that can change this: Global admin."] * 2,
                *["Only the indirect provider, Kita, can change this."] * 2,
            ],
        ),
    ],
)
def test_each_fact_says_how_it_is_changed(relationship, azure, request, who, words):
    membership = request.getfixturevalue(who)

    ways = ways_to_change(relationship, membership, has_azure_plan=True)

    assert [way.text for way in ways.values()] == words


@pytest.fixture
def customer_helper(relationship):
    return member(relationship.customer.organisation, Role.HELPDESK_AGENT)


def test_without_an_azure_plan_there_is_nothing_to_own(relationship, provider_admin, sign_in):
    way = ways_to_change(relationship, provider_admin, has_azure_plan=False)["owner"]

    assert way == Way("It takes an active Azure plan, and this customer has none.")
    assert "No Azure plan" in account_page(sign_in(provider_admin), relationship).text


# Without account administration


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin"])
def test_buttons_that_take_administration_are_disabled_with_the_reason(
    sign_in, request, relationship, customer_admin, who
):
    membership = request.getfixturevalue(who)
    client = sign_in(membership)
    pages = [reverse(f"customers:{name}", args=[relationship.customer_id]) for name in ("edit", "reset_password")]
    before = account_page(client, relationship).text
    withdraw(Delegation.objects.get(partner=membership.organisation_id), membership=customer_admin)

    after = account_page(client, relationship).text
    answers = [client.get(page).text for page in pages]

    assert [page in before for page in pages] == [True, True]
    assert [page in after for page in pages] == [False, False]
    for text in (after, *answers):
        assert "A Global admin of the customer can give them" in text
    for page in pages:
        assert "A Global admin of the customer can give them" in client.post(page, {"email": "a@b.example"}).text


def test_who_may_edit_nothing_is_not_told_about_administration(sign_in, relationship, billing_admin, customer_admin):
    withdraw(Delegation.objects.get(partner=relationship.provider_id), membership=customer_admin)

    for who in (billing_admin, customer_admin):
        assert 'id="no-access"' not in account_page(sign_in(who), relationship).text


def test_subscription_of_a_reseller_without_administration_is_to_be_read(
    sign_in, subscription, reseller, reseller_admin, customer_admin
):
    withdraw(Delegation.objects.get(partner=reseller.pk), membership=customer_admin)
    client = sign_in(reseller_admin)
    url = reverse("subscriptions:detail", args=[subscription.code])

    text = client.get(url).text
    answer = client.post(url, {"revision": 1, "nickname": "Mine", "licences": 10, "auto_renew": "on"})
    moved = client.post(reverse("subscriptions:suspend", args=[subscription.code]))

    assert text.count("It takes delegated administration privileges.") == 3
    assert reverse("subscriptions:suspend", args=[subscription.code]) not in text
    assert answer.context["form"].non_field_errors().as_data()[0].code == "no_delegation"
    assert moved.status_code == 302
    subscription.refresh_from_db()
    assert (subscription.nickname == "Mine", subscription.status) == (False, "active")


def test_customer_without_a_partner_sees_its_own_account_and_no_other(db, sign_in):
    alone = CustomerFactory(organisation__name="Umikaze Kitchen")
    other = CustomerFactory(organisation__name="Yamabiko")
    client = sign_in(member(alone.organisation, Role.GLOBAL_ADMIN))

    own = client.get(reverse("customers:account", args=[alone.pk]))
    strange = client.get(reverse("customers:account", args=[other.pk]))

    assert (own.status_code, strange.status_code) == (200, 404)
    assert own.context["customer"] == alone
    assert "Your company has no partner at this moment." in own.content.decode()
