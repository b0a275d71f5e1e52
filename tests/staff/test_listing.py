"""The state of people, said twice: for one, and in SQL for a list."""

from datetime import UTC, datetime
from itertools import product

import pytest

from accounts.models import Membership
from accounts.roles import Role
from staff.listing import PersonState, in_state, person, state_of
from tests.factories import member

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def everybody(provider):
    """Somebody for each way in which the four facts can come together."""
    for ended, suspended, active, temporary in product((None, NOW), (None, NOW), (True, False), (True, False)):
        one = member(provider.organisation, Role.SALES_AGENT, is_active=active, must_change_password=temporary)
        Membership.objects.filter(pk=one.pk).update(ended_at=ended, suspended_at=suspended)
    return Membership.objects.select_related("user")


@pytest.mark.parametrize("state", PersonState)
def test_state_of_one_and_in_a_list_are_the_same(everybody, state):
    expected = {each for each in everybody if state_of(each) == state}

    assert set(in_state(everybody, state)) == expected
    assert expected


def test_nobody_is_in_a_state_that_does_not_exist(everybody):
    assert list(in_state(everybody, "married")) == []


def test_whoever_was_removed_is_not_current(everybody):
    for each in everybody:
        assert person(each).is_current == (each.ended_at is None)
