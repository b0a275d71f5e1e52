"""Killed between any two statements, run twice, by two at once: a bulk change comes out as if nothing had happened."""

from functools import partial

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from activity.models import Activity
from activity.verbs import Verb
from outbox.models import Notice
from subscriptions.bulk import What, Wish, leave, prepare, start
from subscriptions.bulk.rows import carry_on
from subscriptions.models import BulkChange, Charge, Subscription
from tests.subscriptions.bulk_changes import checked, results, started, subscriptions_of, wishes
from tests.threads import at_once, fresh, results_at_once

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The worker is gone; nothing in the code may catch it."""


def kill_at(number):
    """A wrapper that lets so many statements pass, and none after them: the connection is gone with the worker."""
    passed = 0

    def wrapper(execute, sql, params, many, context):
        nonlocal passed
        passed += 1
        if passed > number:
            raise Killed
        return execute(sql, params, many, context)

    return wrapper


def run_killed(change, number) -> bool:
    """Carry on until the worker is killed before the statement with this number; False when it was done before."""
    try:
        with connection.execute_wrapper(kill_at(number)):
            carry_on(change.pk)
    except Killed:
        connection.close()
        return True
    return False


def life_of(change) -> dict:
    """Everything that a change leaves behind, without what is another each time."""
    change.refresh_from_db()
    rows = change.all_rows.order_by("number")
    plans = Subscription.objects.filter(pk__in=rows.values("subscription")).order_by("pk")
    codes = [str(code) for code in plans.values_list("code", flat=True)]
    lines = Activity.objects.filter(details__subscription__in=codes).order_by("pk")
    return {
        "change": (change.state, change.done, change.unchanged, change.refused, change.rows),
        "rows": [(row.result, row.refusal, row.cost is not None) for row in rows],
        "subscriptions": list(plans.values_list("licences", "revision")),
        "ledger": list(Charge.objects.filter(subscription__in=plans).order_by("pk").values_list("kind", "licences")),
        "log": list(lines.values_list("verb", "refusal", "target")),
        "told": Notice.objects.filter(path=change.get_absolute_url()).count(),
    }


def wanted_of(relationship):
    """Two new subscriptions that nobody else changes: for one more licences, for the other too many."""
    plans = subscriptions_of(relationship, 2)
    return [*wishes(plans[:1], "12"), Wish(2, str(plans[1].code), "999")]


def running(relationship, sales_agent) -> BulkChange:
    """A change that was started; what was foreseen is not in the way."""
    change = prepare(What.LICENCES, wanted_of(relationship), membership=sales_agent)
    now = timezone.now()
    BulkChange.objects.filter(pk=change.pk).update(state=BulkChange.State.RUNNING, started_at=now)
    return change


def test_killed_between_any_two_statements_it_ends_as_if_undisturbed(relationship, sales_agent):
    undisturbed = running(relationship, sales_agent)
    carry_on(undisturbed.pk)
    expected = life_of(undisturbed)

    number, killed, lives = 0, True, []
    while killed:
        change = running(relationship, sales_agent)
        killed = run_killed(change, number)
        carry_on(change.pk)
        lives.append((number, life_of(change)))
        number += 1

    assert number > 60
    assert [each for each in lives if each[1] != expected] == []
    assert expected == {
        "change": ("done", 1, 0, 1, 2),
        "rows": [("done", "", True), ("refused", "too_many", False)],
        "subscriptions": [(12, 2), (10, 1)],
        "ledger": [("licences_added", 2)],
        "log": [(Verb.LICENCES_CHANGED, "", "Plan 1"), (Verb.SUBSCRIPTION_CHANGED, "too_many", "Plan 2")],
        "told": 1,
    }


def test_killed_while_it_checks_it_foresees_the_same_and_leaves_no_trace(relationship, sales_agent):
    number, killed, lives = 0, True, []
    while killed:
        change = prepare(What.LICENCES, wanted_of(relationship)[:1], membership=sales_agent)
        killed = run_killed(change, number)
        carry_on(change.pk)
        lives.append((number, life_of(change)))
        number += 1

    assert number > 40
    expected = {
        "change": ("checked", 1, 0, 0, 1),
        "rows": [("done", "", True)],
        "subscriptions": [(10, 1)],
        "ledger": [],
        "log": [],
        "told": 0,
    }
    assert [each for each in lives if each[1] != expected] == []


def test_a_database_that_is_away_costs_no_row(relationship, sales_agent):
    change = running(relationship, sales_agent)

    def away(execute, sql, params, many, context):
        if "subscriptions_licencechange" in sql:
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(away), pytest.raises(OperationalError):
        carry_on(change.pk)
    connection.close()
    assert results(change) == [("waiting", ""), ("waiting", "")]
    change.refresh_from_db()
    assert (change.state, change.reached) == ("running", 0)
    carry_on(change.pk)

    assert life_of(change)["change"] == ("done", 1, 0, 1, 2)


def test_two_workers_at_one_change_do_each_row_once(relationship, sales_agent):
    plans = subscriptions_of(relationship, 8)
    change = started(What.LICENCES, wishes(plans, "12"), sales_agent)

    counts = results_at_once(*[partial(carry_on, change.pk)] * 3)
    carry_on(change.pk)

    assert sum(counts) <= 8
    change.refresh_from_db()
    assert (change.state, change.done) == ("done", 8)
    assert set(Subscription.objects.values_list("licences", "revision")) == {(12, 2)}
    assert Charge.objects.count() == 8
    assert Activity.objects.filter(verb=Verb.LICENCES_CHANGED).count() == 8
    assert Activity.objects.filter(verb=Verb.BULK_FINISHED).count() == Notice.objects.count() == 1


def test_start_from_two_tabs_starts_once(relationship, sales_agent):
    change = checked(What.LICENCES, wishes(subscriptions_of(relationship, 1), "12"), sales_agent)

    answers = at_once(*[lambda: start(change, membership=fresh(sales_agent))] * 2)

    assert answers == ["done", "done"]
    assert Activity.objects.filter(verb=Verb.BULK_STARTED).count() == 1


def test_start_and_cancel_at_once_do_one_of_both(relationship, sales_agent):
    change = checked(What.LICENCES, wishes(subscriptions_of(relationship, 1), "12"), sales_agent)

    answers = at_once(
        lambda: start(change, membership=fresh(sales_agent)), lambda: leave(change, membership=fresh(sales_agent))
    )

    state = BulkChange.objects.get().state
    assert (answers, state) in ((["done", "bulk_started"], "running"), (["bulk_left", "done"], "left"))
