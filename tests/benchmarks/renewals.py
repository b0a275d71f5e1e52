"""python -m tests.benchmarks.renewals [subscriptions] [--month] [--workers 2]: what is due is charged, renewed, ended.

Without --month: as many subscriptions as were asked for (100,000) renew at one moment, with one worker and with
several, beside plain SQL that writes the same rows. With --month: the days of a month, with several workers while
others are killed in the middle; then SQL counts what is missing, double or wrong. In a database of its own, made anew.
"""

import argparse
import os
import signal
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

DATABASE = "renewals"
MOMENT = datetime(2026, 2, 1, tzinfo=UTC)
DAYS = 28
SCRIPTS = Path(__file__).parent
KILLED_AFTER, PATIENCE = 1.5, 300  # seconds

# What must be zero after a month, each with what it counts.
WRONG = {
    "due still": "select count(*) from subscriptions_subscription where due_at <= %(end)s",
    "without a charge": """
        select count(*) from subscriptions_subscription as life
        where (ended_at is null or auto_renew) and not exists (
            select from subscriptions_charge as charge where charge.subscription_id = life.id)""",
    "charged twice": """
        select count(*) - count(distinct subscription_id) from subscriptions_charge""",
    "charged after their end": """
        select count(*) from subscriptions_charge as charge
        join subscriptions_subscription as life on life.id = charge.subscription_id where life.ended_at is not null""",
    "charged a wrong amount": """
        select count(*) from subscriptions_charge as charge
        join subscriptions_subscription as life on life.id = charge.subscription_id
        where charge.amount <> life.unit_price * life.licences or charge.period_end <> life.charged_until
            or charge.period_start <> life.charged_until - interval '1 month'
            or (charge.kind = 'renewal') <> (charge.period_start = life.starts_at)""",
    "neither renewed nor ended with their term": """
        select count(*) from subscriptions_subscription where ended_at is null and ends_at <= %(end)s""",
    "ended though they renew": """
        select count(*) from subscriptions_subscription
        where ended_at is not null and (auto_renew or ended_at <> ends_at)""",
    "terms without a line in the log": """
        select (select count(*) from subscriptions_charge where kind = 'renewal')
            + (select count(*) from subscriptions_subscription where ended_at is not null)
            - (select count(*) from activity_activity where verb ~ 'subscription_(renewed|expired)')""",
}


def own_database() -> str:
    """The URL of an empty database beside the development one."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"drop database if exists {DATABASE} with (force)")
        connection.execute(f"create database {DATABASE}")
    return urlunsplit(parts._replace(path=f"/{DATABASE}"))


def stage(tag: str, subscriptions: int, *, all_renew: bool) -> uuid.UUID:
    """A provider with so many subscriptions; returns its key."""
    from django.db import connection, transaction

    from accounts.models import Organisation
    from accounts.profile import open_account
    from providers.models import Provider

    organisation = Organisation.objects.create(kind="provider", name=tag, country="JP")
    Provider.objects.create(organisation=organisation)
    actor = open_account(f"{tag}@provider.example", uuid.uuid4().hex, name=tag, language="en")
    parameters = {
        "provider": organisation.pk,
        "tag": tag,
        "first_number": organisation.pk.int % 10**6 * 100,
        "subscriptions": subscriptions,
        "moment": MOMENT,
        "actor": actor.pk,
        "all_renew": all_renew,
    }
    with transaction.atomic():
        run(SCRIPTS / "renewals.sql", parameters)
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    return organisation.pk


def run(script: Path, parameters: dict[str, object]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in script.read_text().split(";\n"):
            cursor.execute(statement, parameters)


def work(moments: list[datetime], barrier, begin) -> None:
    """A worker: on each of the days, when all others are there too, whatever is due."""
    import django

    django.setup()
    from subscriptions.renewals import run_due

    begin.wait(PATIENCE)
    for moment in moments:
        run_due(moment)
        barrier.wait()


def with_workers(count: int, moments: list[datetime], *, kill: bool = False) -> float:
    """The seconds that so many workers take for the moments. With kill, one more begins and is killed in the middle."""
    context = get_context("spawn")
    barrier, begin = context.Barrier(count), context.Barrier(count + 1)
    workers = [context.Process(target=work, args=(moments, barrier, begin)) for _number in range(count)]
    for worker in workers:
        worker.start()
    begin.wait(PATIENCE)
    started = time.perf_counter()
    while any(worker.is_alive() for worker in workers):
        if kill:
            _begin_and_kill(context, moments)
        workers[0].join(5)
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0, "a worker failed"
    return time.perf_counter() - started


def _begin_and_kill(context, moments: list[datetime]) -> None:
    """A worker that takes whatever is due on the last day, until it is killed."""
    begin, alone = context.Barrier(2), context.Barrier(1)  # named: what nobody holds is gone before it is received
    worker = context.Process(target=work, args=(moments[-1:], alone, begin))
    worker.start()
    begin.wait(PATIENCE)
    time.sleep(KILLED_AFTER)
    with suppress(ProcessLookupError):
        os.kill(worker.pid, signal.SIGKILL)
    worker.join()


def compare(subscriptions: int, workers: int) -> None:
    """The renewal of all at one moment, beside plain SQL."""
    from django.db import transaction

    from subscriptions.models import Charge

    print(f"\nRenewal of {subscriptions:,} subscriptions\n{'':24}{'s':>8}{'a second':>10}{'× plain':>9}", flush=True)
    plain = stage("plain", subscriptions, all_renew=True)
    started = time.perf_counter()
    with transaction.atomic():
        run(SCRIPTS / "renewals_plain.sql", {"provider": plain, "moment": MOMENT})
    by_hand = time.perf_counter() - started
    report("plain SQL", subscriptions, by_hand, by_hand)
    for count in sorted({1, workers}):
        provider = stage(f"workers{count}x", subscriptions, all_renew=True)
        seconds = with_workers(count, [MOMENT])
        assert Charge.objects.filter(provider=provider, kind="renewal").count() == subscriptions
        report(f"{count} worker(s)", subscriptions, seconds, by_hand)


def report(name: str, subscriptions: int, seconds: float, plain: float) -> None:
    print(f"{name:24}{seconds:8.1f}{subscriptions / seconds:10,.0f}{seconds / plain:9.2f}", flush=True)


def month(subscriptions: int, workers: int) -> None:
    """A month day by day, with workers that are killed, and what SQL says of it."""
    from django.db import connection

    stage("month", subscriptions, all_renew=False)
    days = [MOMENT + timedelta(days=day + 1, seconds=-1) for day in range(DAYS)]
    seconds = with_workers(workers, days, kill=True)
    print(f"\nA month of {subscriptions:,} subscriptions, {workers} workers")
    print(f"{seconds:8.1f} s, {subscriptions / seconds:,.0f} a second")
    with connection.cursor() as cursor:
        for name, query in WRONG.items():
            cursor.execute(query, {"end": days[-1]})
            (count,) = cursor.fetchone()
            print(f"{count:8} {name}")
            assert count == 0, name
        cursor.execute("select kind, count(*), sum(amount) from subscriptions_charge group by 1 order by 1")
        for kind, count, amount in cursor.fetchall():
            print(f"{count:10,} {kind}, {amount:,.0f} JPY")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("subscriptions", type=int, nargs="?", default=100_000)
    parser.add_argument("--month", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ.update(DATABASE_URL=own_database(), DJANGO_SETTINGS_MODULE="tests.benchmarks.settings", DEBUG="0")
    os.environ.update(SECRET_KEY="benchmark" * 8, ALLOWED_HOSTS="localhost,127.0.0.1", SSL_REDIRECT="0")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    (month if options.month else compare)(options.subscriptions, options.workers)


if __name__ == "__main__":
    main()
