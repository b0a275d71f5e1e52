"""Licences at the same moment, on real connections: assigned are never more than were bought."""

import pytest

from accounts.models import Membership
from accounts.roles import Role
from activity.models import Activity
from staff.people import remove_person
from subscriptions.assignments import assign_licence, withdraw_licence
from subscriptions.changes import Changes, submit_changes
from subscriptions.models import LicenceAssignment, Subscription
from tests.factories import LicenceAssignmentFactory, member
from tests.threads import at_once, fresh, held_up

pytestmark = pytest.mark.django_db(transaction=True)


def again(subscription):
    return Subscription.objects.with_parties().get(pk=subscription.pk)


def assign(subscription, person, membership):
    assign_licence(again(subscription), fresh(person), membership=fresh(membership))


def withdraw(assignment, membership):
    row = LicenceAssignment.objects.select_related("subscription", "membership").get(pk=assignment.pk)
    withdraw_licence(row, membership=fresh(membership))


def reduce_to(subscription, licences, membership):
    row = again(subscription)
    changes = Changes(row.nickname, licences, row.auto_renew, "", row.support_contact)
    submit_changes(row, changes, revision=row.revision, membership=fresh(membership))


def log(verb):
    return sorted(Activity.objects.filter(verb=verb).values_list("refusal", flat=True))


def held(subscription):
    return LicenceAssignment.objects.active().filter(subscription=subscription).count()


@pytest.fixture
def people(relationship):
    return [member(relationship.customer.organisation, name=name) for name in ("Aki", "Emi")]


@pytest.fixture
def nearly_full(subscription):
    """All licences but one are assigned."""
    LicenceAssignmentFactory.create_batch(subscription.licences - 1, subscription=subscription)
    return subscription


@pytest.mark.parametrize("_round", range(5))
def test_two_assign_the_last_licence(nearly_full, people, customer_admin, provider_admin, _round):
    answers = at_once(
        lambda: assign(nearly_full, people[0], customer_admin),
        lambda: assign(nearly_full, people[1], provider_admin),
    )

    assert sorted(answers) == ["done", "no_licence_left"]
    assert held(nearly_full) == nearly_full.licences
    assert log("licence_assigned") == ["", "no_licence_left"]


@pytest.mark.parametrize("_round", range(5))
def test_the_last_licence_and_a_reduction(nearly_full, people, customer_admin, provider_admin, _round):
    answers = at_once(
        lambda: assign(nearly_full, people[0], customer_admin),
        lambda: reduce_to(nearly_full, 9, provider_admin),
    )

    assert answers in (["done", "licences_assigned"], ["no_licence_left", "done"])
    nearly_full.refresh_from_db()
    assert held(nearly_full) == nearly_full.licences


@pytest.mark.parametrize("_round", range(5))
def test_the_same_user_twice(subscription, people, customer_admin, provider_admin, _round):
    answers = at_once(
        lambda: assign(subscription, people[0], customer_admin),
        lambda: assign(subscription, people[0], provider_admin),
    )

    assert sorted(answers) == ["already_assigned", "done"]
    assert held(subscription) == 1


@pytest.mark.parametrize("_round", range(5))
def test_taken_back_twice(subscription, people, customer_admin, provider_admin, _round):
    given = LicenceAssignmentFactory(subscription=subscription, membership=people[0])

    answers = at_once(lambda: withdraw(given, customer_admin), lambda: withdraw(given, provider_admin))

    assert sorted(answers) == ["already_withdrawn", "done"]
    assert log("licence_withdrawn") == ["", "already_withdrawn"]


@pytest.mark.parametrize("_round", range(5))
def test_assigned_while_the_user_is_removed(subscription, people, customer_admin, provider_admin, _round):
    answers = at_once(
        lambda: assign(subscription, people[0], provider_admin),
        lambda: remove_person(fresh(people[0]), by=fresh(customer_admin)),
    )

    assert answers in (["done", "done"], ["not_a_user", "done"])
    assert held(subscription) == 0


def test_user_who_is_being_removed_is_waited_for(subscription, people, customer_admin):
    """Assigning that starts before the removal is through ends after it, and finds nobody."""
    answer = held_up(
        lambda: assign(subscription, people[0], customer_admin),
        by=lambda: Membership.objects.filter(pk=people[0].pk).update(ended_at="2026-03-01T12:00Z"),
    )

    assert answer == "not_a_user"
    assert held(subscription) == 0


@pytest.mark.parametrize("_round", range(5))
def test_taken_back_and_given_to_the_next(nearly_full, people, customer_admin, provider_admin, _round):
    given = LicenceAssignmentFactory(subscription=nearly_full, membership=people[0])

    answers = at_once(lambda: withdraw(given, customer_admin), lambda: assign(nearly_full, people[1], provider_admin))

    assert answers in (["done", "done"], ["done", "no_licence_left"])
    assert held(nearly_full) == nearly_full.licences - (answers[1] != "done")


@pytest.mark.parametrize("_round", range(3))
def test_many_for_few(nearly_full, relationship, customer_admin, _round):
    people = [member(relationship.customer.organisation, Role.BILLING_ADMIN) for _each in range(4)]

    answers = at_once(*(lambda person=person: assign(nearly_full, person, customer_admin) for person in people))

    assert sorted(answers) == ["done", *["no_licence_left"] * 3]
    assert held(nearly_full) == nearly_full.licences
