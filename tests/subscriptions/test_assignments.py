"""Licences given to a customer's users and taken back: the rules."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.access import RoleMissing
from accounts.models import Membership
from accounts.roles import Role
from activity.models import Activity
from staff.people import remove_person, suspend_person
from subscriptions.assignments import (
    add_user,
    assign_all,
    assign_licence,
    assign_to,
    users_of,
    users_visible_to,
    with_assigned,
    withdraw_licence,
)
from subscriptions.changes import Changes, submit_changes
from subscriptions.models import LicenceAssignment, Subscription
from tests.factories import LicenceAssignmentFactory, RelationshipFactory, SubscriptionFactory, member
from tests.refusals import refused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(act, *args, **kwargs) -> str:
    with pytest.raises(ValidationError) as refusal:
        act(*args, **kwargs)
    return refusal.value.messages[0]


def held() -> list[tuple]:
    return list(LicenceAssignment.objects.active().order_by("pk").values_list("subscription", "membership"))


def log() -> list[tuple[str, str, str]]:
    return list(Activity.objects.order_by("pk").values_list("verb", "refusal", "target"))


def witnesses() -> set:
    return set(Activity.objects.get().sightings.values_list("organisation", flat=True))


def withdraw_access(partner, customer) -> None:
    customer.delegations.filter(partner=partner).update(withdrawn_at=timezone.now())


# Assigning


def test_customer_gives_its_user_a_licence(subscription, person, customer_admin):
    given = assign_licence(subscription, person, membership=customer_admin)

    assert (given.subscription, given.membership, given.assigned_by) == (subscription, person, customer_admin.user)
    assert held() == [(subscription.pk, person.pk)]
    assert log() == [("licence_assigned", "", "hana@aoba.onmicrosoft.com")]
    assert Activity.objects.get().details == {"subscription": str(subscription.code)}
    assert witnesses() == {subscription.customer_id}


@pytest.mark.parametrize("who", ["provider_admin", "helpdesk", "reseller_admin"])
def test_partner_that_administers_the_account_assigns_and_takes_back(who, subscription, person, request):
    partner = request.getfixturevalue(who)

    given = assign_licence(subscription, person, membership=partner)
    withdraw_licence(given, membership=partner)

    assert held() == []
    assert [each[0] for each in log()] == ["licence_assigned", "licence_withdrawn"]


def test_names_of_users_are_told_to_the_customer_and_to_who_acts_alone(subscription, person, provider_admin):
    assign_licence(subscription, person, membership=provider_admin)

    assert witnesses() == {subscription.customer_id, subscription.provider_id}


def test_last_licence_is_assigned_and_no_further_one(subscription, customer_admin, relationship):
    LicenceAssignmentFactory.create_batch(9, subscription=subscription)
    tenth, next_one = member(relationship.customer.organisation), member(relationship.customer.organisation)
    assign_licence(subscription, tenth, membership=customer_admin)

    words = said(assign_licence, subscription, next_one, membership=customer_admin)

    assert words == "All 10 licenses of this subscription are assigned. Take one back first, or ask Kita for more."
    assert len(held()) == 10
    assert log()[-1] == ("licence_assigned", "no_licence_left", next_one.user.email)


@pytest.mark.parametrize(
    ("who", "words"),
    [
        (
            "customer_admin",
            "The one license of this subscription is assigned. Take it back first, or ask Kita for more.",
        ),
        ("provider_admin", "The one license of this subscription is assigned. Take it back first, or add licenses."),
    ],
)
def test_no_licence_left_says_what_to_do(who, words, relationship, person, request):
    single = SubscriptionFactory(relationship=relationship, licences=1)
    LicenceAssignmentFactory(subscription=single)
    membership = request.getfixturevalue(who)

    assert refused(assign_licence, single, person, membership=membership) == "no_licence_left"
    assert said(assign_licence, single, person, membership=membership) == words


def test_support_contact_is_whom_the_customer_asks_for_more(subscription, person, customer_admin, reseller):
    Subscription.objects.filter(pk=subscription.pk).update(support_contact=reseller, licences=1)
    LicenceAssignmentFactory(subscription=subscription)

    assert said(assign_licence, subscription, person, membership=customer_admin).endswith("or ask Sakura for more.")


def test_nobody_gets_a_second_licence_of_the_same(subscription, person, assignment, customer_admin):
    assert refused(assign_licence, subscription, person, membership=customer_admin) == "already_assigned"
    assert held() == [(subscription.pk, person.pk)]


@pytest.mark.parametrize("status", ["pending", "suspended", "cancelled", "expired"])
def test_only_an_active_subscription_gives_licences(status, relationship, person, customer_admin):
    subscription = SubscriptionFactory(relationship=relationship, status=status)

    assert refused(assign_licence, subscription, person, membership=customer_admin) == "not_changeable"
    assert held() == []


def test_usage_based_subscription_has_no_licences(relationship, person, customer_admin):
    azure = SubscriptionFactory(relationship=relationship, offer__category="usage")

    assert refused(assign_licence, azure, person, membership=customer_admin) == "usage_based"


def test_who_was_removed_or_works_elsewhere_gets_none(subscription, person, customer_admin, strange_relationship):
    remove_person(person, by=customer_admin)
    stranger = member(strange_relationship.customer.organisation)

    assert refused(assign_licence, subscription, person, membership=customer_admin) == "not_a_user"
    assert refused(assign_licence, subscription, stranger, membership=customer_admin) == "not_a_user"
    assert held() == []


def test_suspended_user_keeps_the_licence_and_may_get_one(
    subscription, person, customer_admin, assignment, relationship
):
    other = SubscriptionFactory(relationship=relationship)
    suspend_person(person, by=customer_admin)

    assign_licence(other, person, membership=customer_admin)

    assert held() == [(subscription.pk, person.pk), (other.pk, person.pk)]


def test_removed_user_has_given_the_licence_back(relationship, customer_admin, person):
    single = SubscriptionFactory(relationship=relationship, licences=1)
    assign_licence(single, person, membership=customer_admin)
    remove_person(person, by=customer_admin)
    successor = member(relationship.customer.organisation)

    assign_licence(single, successor, membership=customer_admin)

    assert held() == [(single.pk, successor.pk)]
    assert with_assigned(Subscription.objects.filter(pk=single.pk)).get().assigned == 1


def test_who_comes_back_after_being_removed_starts_without(subscription, person, customer_admin, assignment):
    remove_person(person, by=customer_admin)
    again = Membership.objects.create(user=person.user, organisation=person.organisation)

    assert held() == []
    assign_licence(subscription, again, membership=customer_admin)
    assert held() == [(subscription.pk, again.pk)]


# Who may


@pytest.mark.parametrize("act", ["assign", "withdraw"])
@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin"])
def test_partner_without_administration_is_refused(act, who, subscription, relationship, person, assignment, request):
    partner = request.getfixturevalue(who)
    withdraw_access(partner.organisation, relationship.customer)
    other = member(relationship.customer.organisation)

    if act == "assign":
        code = refused(assign_licence, subscription, other, membership=partner)
    else:
        code = refused(withdraw_licence, assignment, membership=partner)

    assert code == "no_delegation"
    assert held() == [(subscription.pk, person.pk)]


def test_provider_of_another_relationship_is_refused(subscription, relationship, person, stranger):
    RelationshipFactory(provider=stranger.organisation.provider, customer=relationship.customer)

    assert refused(assign_licence, subscription, person, membership=stranger) == "no_delegation"


def test_stranger_is_refused(subscription, person, assignment, stranger):
    assert refused(assign_licence, subscription, person, membership=stranger) == "no_delegation"
    assert refused(withdraw_licence, assignment, membership=stranger) == "no_delegation"
    assert held() == [(subscription.pk, person.pk)]


@pytest.mark.parametrize("roles", [[], [Role.BILLING_ADMIN]])
def test_customers_user_without_the_role_is_refused(roles, subscription, person, assignment):
    colleague = member(person.organisation, *roles)

    with pytest.raises(RoleMissing):
        assign_licence(subscription, colleague, membership=colleague)
    with pytest.raises(RoleMissing):
        withdraw_licence(assignment, membership=colleague)
    assert held() == [(subscription.pk, person.pk)]


def test_user_management_admin_of_the_customer_may(subscription, person):
    admin = member(person.organisation, Role.USER_ADMIN)

    withdraw_licence(assign_licence(subscription, person, membership=admin), membership=admin)

    assert held() == []


# Taking back


def test_licence_is_taken_back_and_its_row_stays(subscription, person, assignment, customer_admin):
    withdraw_licence(assignment, membership=customer_admin)

    assignment.refresh_from_db()
    assert (assignment.withdrawn_by, assignment.withdrawn_at is None) == (customer_admin.user, False)
    assert held() == []
    assert log() == [("licence_withdrawn", "", "hana@aoba.onmicrosoft.com")]
    assert assign_licence(subscription, person, membership=customer_admin).pk != assignment.pk


def test_licence_is_taken_back_once(assignment, customer_admin):
    withdraw_licence(assignment, membership=customer_admin)

    assert refused(withdraw_licence, assignment, membership=customer_admin) == "already_withdrawn"


def test_licence_of_somebody_removed_is_back_already(assignment, person, customer_admin):
    remove_person(person, by=customer_admin)

    assert refused(withdraw_licence, assignment, membership=customer_admin) == "already_withdrawn"


@pytest.mark.parametrize(
    ("status", "code"), [("suspended", ""), ("cancelled", "not_changeable"), ("expired", "not_changeable")]
)
def test_licence_is_taken_back_until_the_subscription_ends(status, code, subscription, assignment, customer_admin):
    ended_at = timezone.now() if code else None
    Subscription.objects.filter(pk=subscription.pk).update(status=status, ended_at=ended_at)

    if code:
        assert refused(withdraw_licence, assignment, membership=customer_admin) == code
    else:
        withdraw_licence(assignment, membership=customer_admin)
    assert len(held()) == bool(code)


# Several at once


def test_several_users_get_one_each_as_far_as_there_are_any(relationship, person, customer_admin):
    few = SubscriptionFactory(relationship=relationship, licences=2)
    names = ("Aki", "Emi", "Jun")
    people = [member(relationship.customer.organisation, name=name) for name in names]
    LicenceAssignmentFactory(subscription=few, membership=people[1])
    wanted = Membership.objects.filter(pk__in=[each.pk for each in people])

    done, not_done = assign_to(few, wanted, membership=customer_admin)

    assert done == [people[0]]
    assert not_done == [
        "Emi: Emi has a license of this subscription already.",
        "Jun: All 2 licenses of this subscription are assigned. Take one back first, or ask Kita for more.",
    ]


def test_one_user_gets_several_licences(relationship, subscription, person, customer_admin):
    Subscription.objects.filter(pk=subscription.pk).update(nickname="A plan", status="suspended")
    other = SubscriptionFactory(relationship=relationship, nickname="B plan")

    done, not_done = assign_all(Subscription.objects.all(), person, membership=customer_admin)

    assert done == [other]
    assert not_done == ["A plan: This subscription is Suspended: its licenses stay as they are."]


# Licences bought and given back


def reduce_to(subscription, licences, membership):
    row = Subscription.objects.get(pk=subscription.pk)
    changes = Changes(row.nickname, licences, row.auto_renew, "", row.support_contact)
    return submit_changes(row, changes, revision=row.revision, membership=membership)


def test_no_more_licences_are_given_back_than_are_free(subscription, provider_admin):
    LicenceAssignmentFactory.create_batch(7, subscription=subscription)

    words = said(reduce_to, subscription, 4, provider_admin)

    assert words == "7 licenses are assigned to users. Take 3 back before you reduce to 4."
    assert refused(reduce_to, subscription, 6, provider_admin) == "licences_assigned"
    subscription.refresh_from_db()
    assert subscription.licences == 10


def test_free_licences_can_be_given_back(subscription, provider_admin):
    LicenceAssignmentFactory.create_batch(7, subscription=subscription)

    reduce_to(subscription, 7, provider_admin)

    subscription.refresh_from_db()
    assert subscription.licences == 7


def test_licences_of_removed_users_are_free(subscription, provider_admin, customer_admin):
    given = LicenceAssignmentFactory.create_batch(2, subscription=subscription)
    remove_person(given[0].membership, by=customer_admin)

    reduce_to(subscription, 1, provider_admin)

    subscription.refresh_from_db()
    assert subscription.licences == 1


# Users that a partner adds


def add(relationship, membership, **changes):
    answers = {"account_name": "taro@aoba.onmicrosoft.com", "name": "Taro", "language": "ja", "password": "x"}
    return add_user(relationship, membership=membership, **answers | changes)


@pytest.mark.parametrize("who", ["provider_admin", "helpdesk", "reseller_admin"])
def test_partner_adds_a_user_without_a_role(who, relationship, request):
    partner = request.getfixturevalue(who)

    added = add(relationship, partner)

    assert (added.user.email, added.roles, added.organisation_id) == (
        "taro@aoba.onmicrosoft.com",
        [],
        relationship.customer_id,
    )
    assert added.user.must_change_password
    assert log() == [("staff_added", "", "taro@aoba.onmicrosoft.com")]
    assert witnesses() == {relationship.customer_id, partner.organisation_id}


def test_partner_without_administration_adds_nobody(relationship, provider_admin):
    withdraw_access(provider_admin.organisation, relationship.customer)

    assert refused(add, relationship, provider_admin) == "no_delegation"
    assert log() == [("staff_added", "no_delegation", "taro@aoba.onmicrosoft.com")]
    assert Membership.objects.filter(organisation=relationship.customer_id).count() == 0


@pytest.mark.parametrize(
    ("account_name", "code"),
    [("taro@rhein.onmicrosoft.com", "wrong_domain"), ("hana@aoba.onmicrosoft.com", "account_taken")],
)
def test_refused_user_leaves_one_line_and_nothing_else(account_name, code, relationship, provider_admin, person):
    assert refused(add, relationship, provider_admin, account_name=account_name) == code
    assert log() == [("staff_added", code, account_name)]


def test_partner_without_the_role_adds_nobody(relationship, billing_admin):
    assert refused(add, relationship, billing_admin) == "role_missing"


# Who sees the customer's users


def test_users_are_for_the_customer_and_who_administers_its_account(
    relationship, person, customer_admin, provider_admin, reseller_admin, stranger, strange_relationship
):
    leaks = member(strange_relationship.customer.organisation)
    gone = member(relationship.customer.organisation)
    Membership.objects.filter(pk=gone.pk).update(ended_at=NOW)
    withdraw_access(reseller_admin.organisation, relationship.customer)
    readers = (customer_admin, provider_admin, reseller_admin, stranger)

    of_aoba = [set(users_of(relationship.customer, each)) for each in readers]
    visible = [set(users_visible_to(each)) for each in readers]

    ours = {person, customer_admin}
    assert of_aoba == [ours, ours, set(), set()]
    assert visible == [ours, ours, set(), {leaks}]


def test_assignments_are_visible_to_whose_they_are(
    assignment, customer_admin, provider_admin, reseller_admin, stranger
):
    seen = [
        list(LicenceAssignment.objects.visible_to(each))
        for each in (customer_admin, provider_admin, reseller_admin, stranger, None)
    ]

    assert seen == [[assignment], [assignment], [assignment], [], []]
    assert str(assignment) == f"{assignment.subscription_id} → {assignment.membership_id}"
