import pytest
from django.core.exceptions import ValidationError
from django.db import ProgrammingError, transaction
from django.utils import timezone

from subscriptions.models import Subscription
from subscriptions.states import ACTIVATE, CANCEL, EXPIRE, MOVES, REACTIVATE, SUSPEND, Status
from tests.factories import SubscriptionFactory
from tests.subscriptions.submitting import refusal_of

ALLOWED = {
    ("pending", "active"),
    ("pending", "cancelled"),
    ("active", "suspended"),
    ("active", "cancelled"),
    ("active", "expired"),
    ("suspended", "active"),
    ("suspended", "cancelled"),
}


def test_moves_are_those_of_the_design():
    assert {(origin.value, move.goal.value) for move in MOVES for origin in move.origins} == ALLOWED


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("status", Status)
def test_move_is_refused_where_it_does_not_start(move, status):
    if (status, move.goal) in ALLOWED and status in move.origins:
        move.check(status)
    else:
        with pytest.raises(ValidationError) as refusal:
            move.check(status)
        assert (refusal.value.code, refusal.value.messages) == (
            "wrong_state",
            [f"This subscription is {status.label}."],
        )


def test_each_move_has_its_own_origins():
    found = {name: sorted(move.origins) for name, move in (("up", ACTIVATE), ("down", SUSPEND), ("back", REACTIVATE))}

    assert found == {"up": ["pending"], "down": ["active"], "back": ["suspended"]}
    assert (sorted(CANCEL.origins), sorted(EXPIRE.origins)) == (["active", "pending", "suspended"], ["active"])
    assert refusal_of(lambda: SUSPEND.check("expired")) == "wrong_state"


@pytest.mark.parametrize("goal", Status)
@pytest.mark.parametrize("origin", Status)
def test_database_allows_no_other_move(relationship, origin, goal):
    subscription = SubscriptionFactory(relationship=relationship, status=origin)
    row = Subscription.objects.filter(pk=subscription.pk)
    ended = timezone.now() if goal in Subscription.ENDED else None

    if origin == goal or (origin, goal) in ALLOWED:
        row.update(status=goal, ended_at=ended)
        assert row.get().status == goal
    else:
        with pytest.raises(ProgrammingError, match="Invalid transition"), transaction.atomic():
            row.update(status=goal, ended_at=ended)
        assert row.get().status == origin
