"""Many workers, killed at any moment, run twice, held up by faults: everything is charged once, or not yet."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic, sleep
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activity.models import Activity, Sighting
from outbox.models import Notice, OutgoingEmail
from subscriptions.ledger import Posting, post
from subscriptions.models import Charge, LicenceChange, RenewalPlan, Subscription
from subscriptions.renewals import run_due
from subscriptions.terms import Span
from tests.factories import LicenceAssignmentFactory, ResellerOfRecordFactory
from tests.subscriptions.lives import at, bought, fresh, planned, sold
from tests.threads import hold, results_at_once

MOMENT = at("2026-04-02")
SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


class Killed(BaseException):
    """As a worker that is killed: nothing catches it, and nothing after it is done."""


@pytest.fixture
def lives(relationship, reseller, provider_admin):
    """One family of each kind that a batch may meet, all due; call it for more of them."""

    def lives() -> list[Subscription]:
        trial_of = sold(term="P1M")
        trial = sold(term="P1M", billing="none", category="trial", unit_price=0, tags=[f"ConvertsTo:{trial_of.sku}"])
        made = {
            "cycle": bought(relationship, "2026-01-31"),
            "renewal": bought(relationship, "2025-03-31"),
            "plan": bought(relationship, "2025-03-31"),
            "dropped plan": bought(relationship, "2025-03-31"),
            "monthly": bought(relationship, "2026-01-01", sold(term="P1M")),
            "expired": bought(relationship, "2025-03-31", auto_renew=False),
            "suspended": bought(relationship, "2025-03-31", status="suspended"),
            "withdrawn": bought(relationship, "2025-03-31", sold(effective_to=at("2026-01-01"))),
            "trial": bought(relationship, "2026-02-28", trial, trial_of=trial.sku),
        }
        planned(made["plan"], sold(term="P1M"), 1)
        LicenceAssignmentFactory(subscription=made["plan"])
        planned(made["dropped plan"], sold(effective_to=at("2026-01-01")), 5)
        for name in ("cycle", "renewal", "suspended"):
            bought(relationship, "2026-02-15", base=made[name], status=made[name].status)
        account = reseller.organisation.partner_accounts.get()
        for each in made.values():
            ResellerOfRecordFactory(subscription=each, partner_account=account)
        return list(made.values())

    return lives


def facts() -> list[str]:
    """All that a batch writes, without the keys that a second attempt numbers anew."""
    columns = {
        Charge: ["subscription", "kind", "offer", "period_start", "period_end", "licences", "amount", "resale_amount"],
        Subscription: [field.name for field in Subscription._meta.fields],
        LicenceChange: ["subscription", "difference", "changed_at"],
        RenewalPlan: ["id", "applied_at", "withdrawn_at"],
        Activity: ["verb", "affected", "target", "details"],
        Sighting: ["organisation", "activity__verb", "activity__details"],
        Notice: ["membership", "subject", "names", "path", "email__to"],
        OutgoingEmail: ["to", "subject", "text", "state"],
    }
    found = [(model.__name__, row) for model, names in columns.items() for row in model.objects.values_list(*names)]
    return sorted(map(repr, found))


@contextmanager
def failing(turn: int, fault: BaseException) -> Iterator[list[str]]:
    """Raise instead of the statement that comes at this turn, and go on after that; yields what was executed."""
    statements: list[str] = []

    def wrapper(execute, sql, params, many, context):
        if not sql.startswith(SAVEPOINTS):
            statements.append(sql)
            if len(statements) == turn:
                raise fault
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield statements


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def frozen(time_machine):
    time_machine.move_to(MOMENT, tick=False)


@pytest.fixture
def undisturbed(lives, frozen):
    """What a run that nothing happens to makes of them, and its statements."""
    lives()
    with undone(), failing(0, Killed()) as statements:
        run_due(MOMENT)
        return facts(), statements


@pytest.mark.django_db(transaction=True)
def test_batch_that_is_killed_between_any_two_statements_leaves_nothing_and_is_made_up_for(undisturbed):
    expected, statements = undisturbed
    before = facts()
    second_batch = [turn for turn, sql in enumerate(statements) if "SKIP LOCKED" in sql][1]
    assert second_batch > 12

    for turn in range(1, second_batch + 1):
        with failing(turn, Killed()), pytest.raises(Killed):
            run_due(MOMENT)
        assert facts() == before, statements[turn - 1]
        with undone():
            run_due(MOMENT)
            assert facts() == expected, statements[turn - 1]


@pytest.mark.django_db(transaction=True)
def test_run_that_is_killed_between_any_two_statements_is_made_up_for(undisturbed):
    expected, _statements = undisturbed
    with undone(), failing(0, Killed()) as statements:
        run_due(MOMENT, batch=4)

    for turn in range(1, len(statements) + 1, 3):
        with undone():
            with failing(turn, Killed()), pytest.raises(Killed):
                run_due(MOMENT, batch=4)
            run_due(MOMENT, batch=4)
            assert facts() == expected, statements[turn - 1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [2, 5, 9, 12])
def test_batch_with_a_passing_fault_is_done_one_by_one(undisturbed, turn):
    expected, _statements = undisturbed

    with failing(turn, OperationalError("deadlock detected")):
        run_due(MOMENT)

    assert facts() == expected


@pytest.mark.django_db(transaction=True)
def test_worker_that_is_killed_loses_and_doubles_nothing(undisturbed):
    expected, _statements = undisturbed
    before = facts()
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "partnercenter.settings"}
    command = [sys.executable, "-c", _WORKER.format(moment=MOMENT.isoformat())]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout.readline() == "in the middle\n"
        assert run_due(MOMENT) == 0  # it holds what is due
        worker.send_signal(signal.SIGKILL)

    assert facts() == before
    until = monotonic() + 10
    while not run_due(MOMENT):
        assert monotonic() < until, "what the dead worker held is held still"
        sleep(0.05)
    assert facts() == expected


_WORKER = """
import time
from datetime import datetime
import django
django.setup()
from django.db import connection
from subscriptions.renewals import run_due

def stop(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if sql.startswith("UPDATE subscriptions_subscription"):
        print("in the middle", flush=True)
        time.sleep(60)
    return result

with connection.execute_wrapper(stop):
    run_due(datetime.fromisoformat("{moment}"))
"""


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_renew_each_once(relationship):
    made = [bought(relationship, "2025-03-31") for _turn in range(40)]

    visited = results_at_once(*[partial(run_due, at("2026-03-31"), batch=3)] * 4)

    assert sum(visited) == 40
    assert Charge.objects.filter(kind="renewal").count() == 40
    assert Charge.objects.filter(kind="cycle").count() == 40 * 11
    assert set(Subscription.objects.values_list("starts_at", "ends_at", "due_at", "revision")) == {
        (at("2026-03-31"), at("2027-03-31"), at("2026-04-30"), 2)
    }
    assert Activity.objects.filter(verb="subscription_renewed").count() == len(made)


@pytest.mark.django_db(transaction=True)
def test_what_somebody_holds_is_passed_over_and_done_later(relationship):
    held, free = (bought(relationship, "2026-01-31") for _turn in range(2))
    moment = at("2026-02-28")

    with transaction.atomic():
        hold(held)
        assert results_at_once(partial(run_due, moment)) == [1]

    assert [fresh(each).charged_until for each in (held, free)] == [at("2026-02-28"), at("2026-03-31")]
    assert run_due(moment) == 1
    assert fresh(held).charged_until == at("2026-03-31")


@pytest.mark.django_db
def test_family_that_fails_does_not_hold_up_the_others(relationship, caplog, frozen):
    wrong, *others = (bought(relationship, "2026-03-02") for _turn in range(3))
    charged = Posting(wrong, Charge.Kind.CYCLE, 10, Span(at("2026-04-02"), at("2026-05-02")))
    post([charged], actor=None)  # somebody charged it already, and said nothing

    with caplog.at_level(logging.WARNING, "subscriptions.renewals"):
        assert run_due(MOMENT) == 3

    assert [fresh(each).charged_until for each in others] == [at("2026-05-02")] * 2
    assert (fresh(wrong).charged_until, fresh(wrong).due_at) == (MOMENT, at("2026-04-02 01:00"))
    batch, alone = [record.getMessage() for record in caplog.records]
    assert batch == "A batch of 3 families failed and is done one by one."
    assert alone.startswith(f"Subscription {wrong.pk} is not up to date. Reference: ")


@pytest.mark.django_db
def test_family_that_failed_is_tried_again_after_an_hour(relationship, frozen, time_machine):
    wrong = bought(relationship, "2026-03-02")
    post([Posting(wrong, Charge.Kind.CYCLE, 10, Span(at("2026-04-02"), at("2026-05-02")))], actor=None)
    run_due(MOMENT)

    time_machine.move_to(at("2026-04-02 00:59"), tick=False)
    assert run_due(timezone.now()) == 0
    time_machine.move_to(at("2026-04-02 01:00"), tick=False)
    assert run_due(timezone.now()) == 1

    assert fresh(wrong).due_at == at("2026-04-02 02:00")


@pytest.mark.django_db
def test_database_that_is_away_is_no_familys_fault(relationship):
    subscription = bought(relationship, "2026-03-02")

    with failing(1, DatabaseError("the server is shutting down")), pytest.raises(DatabaseError):
        run_due(MOMENT)

    assert fresh(subscription).due_at == MOMENT


@pytest.mark.django_db
def test_batch_takes_as_many_queries_for_many_families_as_for_few(lives):
    lives()
    with undone(), CaptureQueriesContext(connection) as few:
        assert run_due(MOMENT) == 9
    for _turn in range(4):
        lives()

    with CaptureQueriesContext(connection) as many:
        assert run_due(MOMENT) == 45

    assert len(many) == len(few), [query["sql"][:90] for query in many]
    assert len(many) <= 36
