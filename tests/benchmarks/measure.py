"""python -m tests.benchmarks.measure [customers …]: time and queries of the main pages, beside a plain Django view.

Serves the portal with gunicorn and the connection pool, as in production, from a database of its own; prints a table:
median milliseconds of one client, times the plain view of the same run, queries, and kilobytes before compression.
"""

import http.client
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).parents[2]
SIZES = [1_000, 100_000]
ROUNDS, WARM_UP = 40, 8
PLAIN = "/plain/"
PORT = 8971
DATABASE = "benchmark"


@dataclass(frozen=True)
class Measured:
    """Medians: of the page, and of the plain view between whose requests the page's were made."""

    name: str
    milliseconds: float
    plain: float
    queries: int
    kilobytes: float


def own_database() -> str:
    """The URL of a database beside the development one; made when it is missing."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
            connection.execute(f"create database {DATABASE}")
    return urlunsplit(parts._replace(path=f"/{DATABASE}"))


@contextmanager
def gunicorn() -> Iterator[None]:
    command = [sys.executable, "-m", "gunicorn", "partnercenter.wsgi", "--bind", f"127.0.0.1:{PORT}"]
    server = subprocess.Popen(
        [*command, "--worker-class", "gthread", "--workers", "1", "--threads", "4", "--keep-alive", "60"], cwd=ROOT
    )
    try:
        for _attempt in range(100):
            try:
                request("/health/", "")
                break
            except ConnectionError:
                time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(10)


_connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)


def request(path: str, cookies: str, form: dict[str, str] | None = None) -> tuple[http.client.HTTPResponse, bytes]:
    headers = {"Cookie": cookies, "Host": "localhost"}
    body = None
    if form is not None:
        body = urlencode(form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        _connection.request("GET" if form is None else "POST", path, body, headers)
        response = _connection.getresponse()
        return response, response.read()
    except (ConnectionError, http.client.HTTPException):
        _connection.close()
        raise


def timed(path: str, cookies: str, form: dict[str, str] | None = None) -> tuple[float, int, float]:
    """Seconds, queries and kilobytes of one request."""
    start = time.perf_counter()
    response, body = request(path, cookies, form)
    seconds = time.perf_counter() - start
    assert response.status == 200, f"{path} answered {response.status}"
    return seconds, int(response.headers["X-Queries"]), len(body) / 1024


def compared(name: str, cookies: str, visits: Iterable[tuple[str, dict[str, str] | None]]) -> Measured:
    """Each visit right after one to the plain view: whatever else the machine does, it does to both."""
    pairs = [(timed(PLAIN, cookies), timed(path, cookies, form)) for path, form in visits][WARM_UP:]
    plain, page = (statistics.median(times[side][0] for times in pairs) * 1000 for side in (0, 1))
    _seconds, queries, kilobytes = pairs[-1][1]
    return Measured(name, page, plain, queries, kilobytes)


def report(title: str, measured: Iterable[Measured]) -> None:
    print(
        f"\n{title}\n{'page':44}{'ms':>8}{'plain ms':>10}{'× plain':>9}{'queries':>9}{'KB':>7}",
        flush=True,
    )
    for each in measured:
        ratio = each.milliseconds / each.plain
        line = (
            f"{each.name:44}{each.milliseconds:8.1f}{each.plain:10.1f}{ratio:9.2f}{each.queries:9}{each.kilobytes:7.1f}"
        )
        print(line, flush=True)


def main() -> None:
    os.environ.update(DATABASE_URL=own_database(), DJANGO_SETTINGS_MODULE="tests.benchmarks.settings", DEBUG="0")
    os.environ.update(SECRET_KEY="benchmark" * 8, ALLOWED_HOSTS="localhost,127.0.0.1", SSL_REDIRECT="0")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.benchmarks import pages, stage  # models can be imported only now

    sizes = [int(argument) for argument in sys.argv[1:]] or SIZES
    actors = stage.set_up(sizes)
    with gunicorn():
        for actor in actors:
            measured = (
                compared(name, actor.cookies, visits) for name, visits in pages.visits(actor, times=WARM_UP + ROUNDS)
            )
            report(f"{actor.customers:,} customers: {actor.membership.kind.label}", measured)


if __name__ == "__main__":
    main()
