"""Acts on real threads, each on a connection of its own: all at the same moment, or one held up by another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from time import monotonic

from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction

from accounts.models import Membership
from activity.log import codes_of

Act = Callable[[], object]


def fresh(membership: Membership) -> Membership:
    """The member as a request of its own would read it: no row is shared between two threads."""
    sides = [f"organisation__{side}" for side in ("provider", "reseller", "customer")]
    return Membership.objects.select_related("user", *sides).get(pk=membership.pk)


def at_once(*acts: Act) -> list[str]:
    """Do all of it at the same moment; for each "done", or the code of its refusal."""
    return results_at_once(*[partial(_done, act) for act in acts])


def results_at_once(*acts: Act) -> list:
    """Do all of it at the same moment; for each what it returned, or the code of its refusal. Faults are raised."""
    barrier = Barrier(len(acts))

    def run(act: Act) -> object:
        barrier.wait()
        return _on_its_own(act)

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def held_up(act: Act, *, by: Act, meanwhile: Act = lambda: None):
    """What the act returned, or the code of its refusal, that began while `by` was not over and had to wait for it.

    `by` and `meanwhile` happen in one transaction of this thread, the second once the act waits for the first; an
    act that does not wait fails the test.
    """
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            by()
            answer = thread.submit(_on_its_own, act)
            _until_somebody_waits()
            meanwhile()
        return answer.result()


def overtaken(act: Act, *, by: Act, row) -> str:
    """ "done" or the code of the refusal of the act that has to wait for the row, while `by` is quicker elsewhere."""

    def quicker() -> None:
        assert at_once(by) == ["done"]

    return held_up(partial(_done, act), by=lambda: hold(row), meanwhile=quicker)


def hold(row) -> None:
    """Lock the row for the rest of the transaction: what `held_up` waits for."""
    type(row)._default_manager.select_for_update(no_key=True).get(pk=row.pk)


def _done(act: Act) -> str:
    act()
    return "done"


def _on_its_own(act: Act) -> object:
    try:
        return act()
    except ValidationError as refusal:
        return codes_of(refusal)
    finally:
        connections.close_all()


def _until_somebody_waits() -> None:
    """Return once another connection waits for what this one holds."""
    until = monotonic() + 20
    with connection.cursor() as cursor:
        while monotonic() < until:
            # Not pg_stat_activity: what it says first, it says until the transaction ends.
            cursor.execute(
                "select count(*) from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")
