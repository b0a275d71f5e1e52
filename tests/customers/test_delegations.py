"""Access that customers give and withdraw: by whom, to whom, once, and what a partner can no longer do without it."""

import pytest

from accounts.roles import Role
from activity.models import Activity
from customers.accounts import AccountDetails, change_account
from customers.delegations import (
    DELEGATED_ADMIN,
    TENANT_OWNER,
    administers,
    check_administers,
    grant,
    has_azure_plan,
    possible_administrators,
    possible_owners,
    withdraw,
)
from customers.endings import end_relationship
from customers.models import Delegation, Relationship
from customers.registration import reset_temporary_password
from outbox.models import Notice
from subscriptions.changes import Changes, reactivate, submit_changes, suspend
from tests.factories import PartnershipFactory, RelationshipFactory, member, ready_reseller
from tests.refusals import refused
from tests.threads import at_once


@pytest.fixture
def customer(relationship):
    return relationship.customer


def given(customer, partner, privilege=DELEGATED_ADMIN) -> Delegation:
    return Delegation.objects.active().get(customer=customer, partner=partner.pk, privilege=privilege)


# Delegated administration


def test_withdrawn_administration_is_kept_told_and_gone(customer, customer_admin, reseller, reseller_admin, provider):
    delegation = given(customer, reseller)

    withdrawn = withdraw(delegation, membership=customer_admin)

    assert (withdrawn, withdrawn.withdrawn_by) == (delegation, customer_admin.user)
    assert withdrawn.withdrawn_at is not None
    assert not administers(reseller_admin, customer)
    line = Activity.objects.get()
    assert (line.verb, line.target, line.details) == ("access_withdrawn", "Sakura", {"privilege": "delegated_admin"})
    seen_by = set(line.sightings.values_list("organisation__name", flat=True))
    assert seen_by == {"Aoba", "Sakura", "Kita"}
    notice = Notice.objects.get()
    assert (notice.membership, notice.subject) == (reseller_admin, "access_changed")
    assert notice.names == {"company": "Aoba", "change": "delegated_admin_withdrawn"}
    assert notice.path == f"/customers/{customer.pk}/"


def test_administration_is_given_again(customer, customer_admin, provider, provider_admin):
    withdraw(given(customer, provider), membership=customer_admin)

    again = grant(customer, provider.organisation, DELEGATED_ADMIN, membership=customer_admin)

    assert again == given(customer, provider)
    assert again.granted_by == customer_admin.user
    assert administers(provider_admin, customer)
    assert Delegation.objects.filter(customer=customer, partner=provider.pk).count() == 2
    assert list(Notice.objects.order_by("pk").values_list("membership", flat=True)) == [provider_admin.pk] * 2
    assert Activity.objects.latest("pk").get_verb_display() == "Gave a partner access"


def test_what_is_withdrawn_from_one_partner_stays_with_the_other(customer, customer_admin, reseller, provider):
    withdraw(given(customer, reseller), membership=customer_admin)

    assert list(Delegation.objects.active().values_list("partner__name", flat=True)) == ["Kita"]


def test_administration_is_given_once(customer, customer_admin, reseller):
    assert (
        refused(lambda: grant(customer, reseller.organisation, DELEGATED_ADMIN, membership=customer_admin))
        == "already_given"
    )
    assert Activity.objects.get().refusal == "already_given"


def test_administration_is_withdrawn_once(customer, customer_admin, reseller):
    delegation = given(customer, reseller)
    first = withdraw(delegation, membership=customer_admin)

    assert refused(lambda: withdraw(delegation, membership=customer_admin)) == "already_withdrawn"

    delegation.refresh_from_db()
    assert delegation.withdrawn_at == first.withdrawn_at
    assert Notice.objects.count() == 0  # the reseller has nobody here to be told


def test_administration_goes_to_partners_only(customer, customer_admin, provider, strange_relationship):
    friend = ready_reseller("Momiji")
    PartnershipFactory(provider=provider, reseller=friend)

    for company in (friend, strange_relationship.provider, strange_relationship.reseller):
        refusal = refused(
            lambda each=company: grant(customer, each.organisation, DELEGATED_ADMIN, membership=customer_admin)
        )
        assert refusal == "not_a_partner"


def test_an_ended_relationship_makes_nobody_a_partner(customer, customer_admin, relationship, reseller):
    withdraw(given(customer, reseller), membership=customer_admin)
    Relationship.objects.update(ended_at=relationship.created_at)

    assert list(possible_administrators(customer)) == []
    assert (
        refused(lambda: grant(customer, reseller.organisation, DELEGATED_ADMIN, membership=customer_admin))
        == "not_a_partner"
    )


def test_a_partner_decides_nothing_about_administration(customer, provider, reseller, provider_admin, reseller_admin):
    for membership in (provider_admin, reseller_admin):
        assert refused(lambda who=membership: withdraw(given(customer, reseller), membership=who)) == "only_customer"
        assert (
            refused(lambda who=membership: grant(customer, provider.organisation, DELEGATED_ADMIN, membership=who))
            == "only_customer"
        )


# Tenant owner


@pytest.mark.parametrize("who", ["provider_admin", "customer_admin"])
def test_tenant_owner_is_given_and_withdrawn(request, customer, azure, reseller, reseller_admin, who):
    membership = request.getfixturevalue(who)

    owner = grant(customer, reseller.organisation, TENANT_OWNER, membership=membership)
    withdraw(owner, membership=membership)

    assert not Delegation.objects.active().filter(privilege=TENANT_OWNER).exists()
    assert administers(reseller_admin, customer)  # one has nothing to do with the other
    assert [notice.names["change"] for notice in Notice.objects.order_by("pk")] == [
        "tenant_owner_given",
        "tenant_owner_withdrawn",
    ]
    assert {line.affected for line in Activity.objects.all()} == {customer.organisation}


def test_a_partner_that_the_customer_was_not_added_for_may_become_tenant_owner(customer, azure, provider_admin):
    friend = ready_reseller("Momiji")
    PartnershipFactory(provider=provider_admin.organisation.provider, reseller=friend)
    theirs = member(friend.organisation, Role.GLOBAL_ADMIN)

    grant(customer, friend.organisation, TENANT_OWNER, membership=provider_admin)

    assert given(customer, friend, TENANT_OWNER).granted_by == provider_admin.user
    notice = Notice.objects.get(membership=theirs)
    assert notice.path == ""  # the customer's page is not for this reseller


def test_tenant_owner_takes_an_active_azure_plan(customer, subscription, azure, provider_admin, reseller):
    azure.status = "suspended"
    azure.save()

    assert not has_azure_plan(customer, provider_admin)
    assert (
        refused(lambda: grant(customer, reseller.organisation, TENANT_OWNER, membership=provider_admin))
        == "no_azure_plan"
    )


def test_another_providers_azure_plan_is_not_ones_own(customer, azure, stranger, strange_relationship):
    strange_relationship.customer = customer
    strange_relationship.save()

    assert not has_azure_plan(customer, stranger)
    assert (
        refused(lambda: grant(customer, strange_relationship.reseller.organisation, TENANT_OWNER, membership=stranger))
        == "no_azure_plan"
    )


def test_a_provider_that_sold_no_azure_plan_takes_no_owner_away(
    customer, azure, reseller, provider_admin, stranger, sign_in
):
    RelationshipFactory(provider=stranger.organisation.provider, reseller=None, customer=customer)
    owner = grant(customer, reseller.organisation, TENANT_OWNER, membership=provider_admin)

    assert refused(withdraw, owner, membership=stranger) == "only_customer"

    owner.refresh_from_db()
    assert owner.withdrawn_at is None
    assert Activity.objects.latest("pk").refusal == "only_customer"


def test_tenant_owner_goes_to_resellers_of_this_customer(
    customer, azure, provider, provider_admin, customer_admin, strange_relationship, reseller_admin
):
    friend, helper = ready_reseller("Momiji"), ready_reseller("Tsubaki")
    PartnershipFactory(provider=provider, reseller=friend)
    azure.support_contact = helper
    azure.save()

    def names(membership):
        return {str(each) for each in possible_owners(customer, membership)}

    assert names(provider_admin) == {"Sakura", "Momiji"}
    assert names(customer_admin) == {"Sakura", "Tsubaki"}
    for company in (strange_relationship.reseller, provider):
        for membership in (provider_admin, customer_admin):
            refusal = refused(
                lambda each=company, who=membership: grant(customer, each.organisation, TENANT_OWNER, membership=who)
            )
            assert refusal == "not_a_partner"
    assert (
        refused(lambda: grant(customer, friend.organisation, TENANT_OWNER, membership=reseller_admin))
        == "only_customer"
    )


# What rests on it


@pytest.fixture
def details(customer):
    names = ("address_line1", "first_name", "last_name", "email", "language")
    return AccountDetails(company_name="Aoba", **{name: getattr(customer, name) for name in names}, city="Sendai")


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin"])
def test_the_account_takes_administration(request, relationship, customer_admin, details, who):
    membership = request.getfixturevalue(who)
    withdraw(given(relationship.customer, membership.organisation), membership=customer_admin)
    before = customer_admin.user.password

    assert refused(lambda: change_account(relationship, details, membership=membership)) == "no_delegation"
    assert refused(lambda: reset_temporary_password(relationship, membership=membership)) == "no_delegation"

    relationship.customer.refresh_from_db()
    customer_admin.user.refresh_from_db()
    assert (relationship.customer.city, customer_admin.user.password) == ("", before)
    assert [line.refusal for line in Activity.objects.order_by("pk")] == ["", "no_delegation", "no_delegation"]


def changes(subscription, **fields) -> Changes:
    now = {"nickname": subscription.nickname, "licences": subscription.licences, "auto_renew": True}
    return Changes(**now | {"mpn_id": "", "support_contact": None} | fields)


@pytest.mark.parametrize("field", [{"nickname": "Head office"}, {"licences": 12}, {"auto_renew": False}])
def test_a_reseller_without_administration_changes_no_subscription(
    subscription, reseller, reseller_admin, customer_admin, field
):
    withdraw(given(subscription.customer, reseller), membership=customer_admin)

    refusal = refused(
        lambda: submit_changes(subscription, changes(subscription, **field), revision=1, membership=reseller_admin)
    )

    assert refusal == "no_delegation"
    subscription.refresh_from_db()
    assert (subscription.revision, subscription.licences, subscription.auto_renew) == (1, 10, True)
    assert submit_changes(subscription, changes(subscription), revision=1, membership=reseller_admin) == []


def test_a_reseller_without_administration_suspends_nothing(
    subscription, reseller, reseller_admin, customer_admin, provider_admin
):
    withdraw(given(subscription.customer, reseller), membership=customer_admin)

    assert refused(lambda: suspend(subscription, membership=reseller_admin)) == "no_delegation"
    suspend(subscription, membership=provider_admin)
    assert refused(lambda: reactivate(subscription, membership=reseller_admin)) == "no_delegation"

    subscription.refresh_from_db()
    assert subscription.status == "suspended"


def test_a_provider_without_administration_goes_on_managing_what_it_sells(
    subscription, provider, provider_admin, customer_admin
):
    withdraw(given(subscription.customer, provider), membership=customer_admin)

    done = submit_changes(subscription, changes(subscription, licences=12), revision=1, membership=provider_admin)

    assert done == ["licences_changed"]


def test_a_customer_administers_itself_and_nobody_else(customer, customer_admin, strange_relationship, stranger):
    check_administers(customer_admin, customer)

    assert not administers(customer_admin, strange_relationship.customer)
    assert not administers(stranger, customer)


# At the same moment


@pytest.mark.django_db(transaction=True)
def test_two_give_the_same_access_once(customer, customer_admin, azure, provider_admin, reseller):
    answers = at_once(
        *[lambda: grant(customer, reseller.organisation, TENANT_OWNER, membership=provider_admin)] * 2,
        lambda: grant(customer, reseller.organisation, TENANT_OWNER, membership=customer_admin),
    )

    assert sorted(answers) == ["already_given", "already_given", "done"]
    assert Delegation.objects.filter(privilege=TENANT_OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_withdraw_the_same_access_once(customer, customer_admin, reseller):
    delegation = given(customer, reseller)

    answers = at_once(*[lambda: withdraw(delegation, membership=customer_admin)] * 3)

    assert sorted(answers) == ["already_withdrawn", "already_withdrawn", "done"]


@pytest.mark.django_db(transaction=True)
def test_access_is_not_given_to_who_stops_being_a_partner_at_that_moment(
    relationship, customer, customer_admin, provider_admin, reseller
):
    withdraw(given(customer, reseller), membership=customer_admin)

    answers = at_once(
        lambda: grant(customer, reseller.organisation, DELEGATED_ADMIN, membership=customer_admin),
        lambda: end_relationship(relationship, actor=provider_admin.user),
    )

    assert answers in (["done", "done"], ["not_a_partner", "done"])
    assert not Delegation.objects.active().exists()
