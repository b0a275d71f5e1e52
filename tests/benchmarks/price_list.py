"""python -m tests.benchmarks.price_list [lines]: how long a price list takes, beside plain SQL doing the same.

Packs a file of so many lines as the operator uploads it, checks and applies it in a process of its own, and prints the
seconds of each step and the most memory that the process took; then the same file again, which changes nothing, and the
next month's, in which one price of ten is new. Plain SQL copies the same rows into a table and inserts them from there.
"""

import csv
import io
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from tempfile import TemporaryFile
from typing import BinaryIO

LINES = 100_000
MARKETS = ("JP", "DE", "FR", "AT", "IT", "ES", "NL", "BE", "PL", "CZ")


@contextmanager
def timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def write(file: BinaryIO, lines: int, *, month: date, changed: int) -> None:
    """A file as long as a real one; every changed-th line begins in the month, at another price."""
    from subscriptions.price_list import COLUMNS

    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number in range(lines):
        product, market = divmod(number, len(MARKETS))
        is_new = changed and number % changed == 0
        writer.writerow(
            [
                *(f"Productivity suite {product}", f"CFQ7TTC{product:08d}", "0001", f"Productivity suite {product} E3"),
                *("Microsoft Corporation", "Mail, calendar, files and meetings for companies of any size. " * 4),
                *("P1Y", "Monthly", MARKETS[market], "JPY" if market == 0 else "EUR"),
                *("21.5" if is_new else "19.5", "1", "300", f"{month if is_new else date(2025, 1, 1)}", "9999-12-31"),
                *("Enterprise;UpgradesTo:CFQ7TTC0X002:0001;Limit:300", "23.4", "Commercial"),
            ]
        )
    text.detach()


def take(seconds: dict[str, float], lines: int, *, month: date, changed: int = 0) -> str:
    """Upload, check and apply one; what became different."""
    from accounts.models import User
    from subscriptions.models import PriceListImport
    from subscriptions.price_list import apply as price_list_apply

    operator, _is_new = User.objects.get_or_create(email="operator@benchmark.example")
    with TemporaryFile() as file:
        write(file, lines, month=month, changed=changed)
        with timed("upload", seconds):
            uploaded = price_list_apply.upload(file, name="price_list.csv", actor=operator)
    with timed("check", seconds):
        price_list_apply.check(uploaded.pk)
    checked = PriceListImport.objects.defer("content").get(pk=uploaded.pk)
    assert checked.wrong == 0, list(checked.problems.values_list()[:3])
    price_list_apply.request_apply(checked, actor=operator)
    with timed("apply", seconds):
        price_list_apply.apply(uploaded.pk)
    done = PriceListImport.objects.get(pk=uploaded.pk)
    assert done.state == "applied"
    return f"{done.new:,} new, {done.changed:,} changed, {done.same:,} unchanged, {done.withdrawn:,} withdrawn"


def plain(seconds: dict[str, float]) -> None:
    """COPY the rows that there are into a table, and insert them from there into one with the same indexes."""
    from django.db import connection

    fields = ", ".join(_fields())
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS plain, staged")
        cursor.execute("CREATE TABLE plain (LIKE subscriptions_offer INCLUDING ALL)")
        cursor.execute("CREATE TABLE staged (LIKE subscriptions_offer INCLUDING IDENTITY)")
        with cursor.copy(f"COPY (SELECT {fields} FROM subscriptions_offer) TO STDOUT") as copy:
            rows = b"".join(copy)
        with timed("copy", seconds), cursor.copy(f"COPY staged ({fields}) FROM STDIN") as copy:
            copy.write(rows)
        with timed("insert", seconds):
            cursor.execute(f"INSERT INTO plain ({fields}) SELECT {fields} FROM staged")
        cursor.execute("DROP TABLE plain, staged")


def _fields() -> list[str]:
    from subscriptions.models import Offer

    return [field.column for field in Offer._meta.concrete_fields if field.name not in ("id", "item")]


def report(title: str, seconds: dict[str, float], text: str = "") -> None:
    steps = ", ".join(f"{name} {each:.2f} s" for name, each in seconds.items())
    print(f"{title:12}{sum(seconds.values()):7.2f} s   {steps}   {text}", flush=True)


def main() -> None:
    from tests.benchmarks import measure

    measure.DATABASE = "benchmark_prices"  # emptied, so not the one that the pages are measured with
    os.environ.update(
        DATABASE_URL=measure.own_database(), DJANGO_SETTINGS_MODULE="tests.benchmarks.settings", DEBUG="0"
    )
    os.environ.update(SECRET_KEY="benchmark" * 8, ALLOWED_HOSTS="localhost", SSL_REDIRECT="0")
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    _empty(connection)
    first, again, later, sql = {}, {}, {}, {}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report("first", first, take(first, lines, month=date(2025, 1, 1)))
    report("again", again, take(again, lines, month=date(2025, 1, 1)))
    report("next month", later, take(later, lines, month=date(2026, 1, 1), changed=10))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    plain(sql)
    report("plain SQL", sql)
    print(f"{lines:,} lines: {sum(first.values()) / sum(sql.values()):.1f} × plain SQL, {most:.0f} MB at most")
    print(f"({before:.0f} MB before the first)")
    _empty(connection)


def _empty(connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE subscriptions_offer, subscriptions_pricelistimport CASCADE")


if __name__ == "__main__":
    main()
