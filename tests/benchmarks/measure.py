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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).parents[2]
SIZES = [1_000, 100_000]
ROUNDS, WARM_UP = 40, 8
PORT = 8971
DATABASE = "benchmark"


@dataclass(frozen=True)
class Measured:
    name: str
    milliseconds: float
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
    server = subprocess.Popen([*command, "--worker-class", "gthread", "--workers", "1", "--threads", "4"], cwd=ROOT)
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


def page(name: str, path: str, cookies: str) -> Measured:
    """Many times the same page: the median, after the caches are warm."""
    times = []
    for turn in range(WARM_UP + ROUNDS):
        start = time.perf_counter()
        response, body = request(path, cookies)
        if turn >= WARM_UP:
            times.append(time.perf_counter() - start)
        assert response.status == 200, f"{path} answered {response.status}"
    return Measured(name, statistics.median(times) * 1000, int(response.headers["X-Queries"]), len(body) / 1024)


def submit(actor: "object", drafts: list[str], cookies: str, csrf: str) -> Measured:
    """Submit of as many drafts, each a new customer with three subscriptions."""
    times = []
    for code in drafts:
        start = time.perf_counter()
        response, body = request(f"/orders/drafts/{code}/submit/", cookies, {"csrfmiddlewaretoken": csrf})
        times.append(time.perf_counter() - start)
        assert response.status == 200, f"Submit answered {response.status}"
    return Measured("Submit", statistics.median(times) * 1000, int(response.headers["X-Queries"]), len(body) / 1024)


def report(customers: int, measured: list[Measured]) -> None:
    plain = measured[0].milliseconds
    print(f"\n{customers:,} customers\n{'page':44}{'ms':>8}{'× plain':>9}{'queries':>9}{'KB':>7}")
    for each in measured:
        ratio = each.milliseconds / plain
        print(f"{each.name:44}{each.milliseconds:8.1f}{ratio:9.2f}{each.queries:9}{each.kilobytes:7.1f}")


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
            measured = [page(name, path, actor.cookies) for name, path in pages.addresses(actor)]
            measured.append(submit(actor, stage.drafts(actor), actor.cookies, stage.CSRF))
            report(actor.customers, measured)


if __name__ == "__main__":
    main()
