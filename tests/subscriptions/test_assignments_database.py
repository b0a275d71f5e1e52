"""What the database itself insists on, whatever code asks: assigned licences are never more than were bought."""

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Membership
from subscriptions.models import LicenceAssignment, Subscription
from tests.factories import LicenceAssignmentFactory, SubscriptionFactory, member
from tests.threads import at_once

CONSTRAINT = "subscriptions_assigned_at_most_bought"
NOW = "2026-03-01T12:00Z"


def broken_by(act):
    """The name of the constraint that stops it."""
    with pytest.raises(IntegrityError) as stopped, transaction.atomic():
        act()
    return stopped.value.__cause__.diag.constraint_name


def attempt(act, answers):
    """Add how it went to the answers."""
    try:
        act()
    except IntegrityError as stopped:
        answers.append(stopped.__cause__.diag.constraint_name)
    else:
        answers.append("done")


def give(subscription, person):
    return LicenceAssignment.objects.create(subscription=subscription, membership=person)


def of(subscription):
    return Subscription.objects.filter(pk=subscription.pk)


@pytest.fixture
def full(subscription):
    LicenceAssignmentFactory.create_batch(subscription.licences, subscription=subscription)
    return subscription


def test_one_more_than_were_bought_is_stopped(full, customer_admin):
    stopped = broken_by(lambda: give(full, customer_admin))

    assert stopped == CONSTRAINT
    assert full.assignments.count() == full.licences


def test_many_at_once_are_counted_together(subscription, customer_admin):
    people = [member(subscription.customer.organisation) for _each in range(subscription.licences + 1)]
    rows = [LicenceAssignment(subscription=subscription, membership=each) for each in people]

    stopped = broken_by(lambda: LicenceAssignment.objects.bulk_create(rows))

    assert stopped == CONSTRAINT
    assert not subscription.assignments.exists()


def test_licence_that_was_taken_back_does_not_come_back_over_the_number(full):
    first = full.assignments.earliest("pk")
    LicenceAssignment.objects.filter(pk=first.pk).update(withdrawn_at=NOW)
    LicenceAssignmentFactory(subscription=full)

    stopped = broken_by(lambda: LicenceAssignment.objects.filter(pk=first.pk).update(withdrawn_at=None))

    assert stopped == CONSTRAINT


def test_licence_does_not_move_to_a_subscription_that_is_full(full, relationship):
    other = LicenceAssignmentFactory(subscription=SubscriptionFactory(relationship=relationship))

    stopped = broken_by(lambda: LicenceAssignment.objects.filter(pk=other.pk).update(subscription=full))

    assert stopped == CONSTRAINT


def test_number_does_not_sink_below_what_is_assigned(full):
    stopped = broken_by(lambda: of(full).update(licences=full.licences - 1))

    assert stopped == CONSTRAINT


def test_licences_that_do_not_count_stop_nothing(full):
    first, second = full.assignments.order_by("pk")[:2]
    LicenceAssignment.objects.filter(pk=first.pk).update(withdrawn_at=NOW)
    Membership.objects.filter(pk=second.membership_id).update(ended_at=NOW)

    of(full).update(licences=full.licences - 2)

    full.refresh_from_db()
    assert full.assignments.active().count() == full.licences


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_two_rows_for_the_last_licence_without_a_lock(subscription, _round):
    LicenceAssignmentFactory.create_batch(subscription.licences - 1, subscription=subscription)
    people = [member(subscription.customer.organisation) for _each in range(2)]
    answers = []

    at_once(*(lambda person=person: attempt(lambda: give(subscription, person), answers) for person in people))

    assert sorted(answers) == ["done", CONSTRAINT]
    assert subscription.assignments.active().count() == subscription.licences


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_row_and_a_smaller_number_without_a_lock(subscription, _round):
    LicenceAssignmentFactory.create_batch(subscription.licences - 1, subscription=subscription)
    person = member(subscription.customer.organisation)
    fewer, answers = subscription.licences - 1, []

    at_once(
        lambda: attempt(lambda: give(subscription, person), answers),
        lambda: attempt(lambda: of(subscription).update(licences=fewer), answers),
    )

    subscription.refresh_from_db()
    assert sorted(answers) == ["done", CONSTRAINT]
    assert subscription.assignments.active().count() == subscription.licences
