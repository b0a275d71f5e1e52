"""What the attacks have in common: every address there is, what an answer says, and what is stored."""

import re
from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from time import monotonic

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.urls import URLPattern, URLResolver, get_resolver

from activity.log import codes_of

# What reading a page may write: the session, and the line that a list was exported.
WRITTEN_BY_READING = {"django_session", "activity_activity", "activity_sighting"}


def patterns(resolver=None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every named address with its pattern, without the operator's desk."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":
                yield from patterns(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{prefix}{entry.name}", entry


def plain_names() -> list[str]:
    """The addresses that concern no particular thing."""
    return sorted(
        {name for name, entry in patterns() if not entry.pattern.converters and "<" not in str(entry.pattern)}
    )


def text_of(response) -> str:
    """The whole answer with its headers, a stream included."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{response.headers}\n{body.decode()}"


def said(words: set[str], text: str) -> set[str]:
    """Which of the words stand in the text as words; a number within a longer code is none."""
    return {word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)}


def stored(*without: str) -> dict[str, list[str]]:
    """Every row of every table, without those that reading a page may write."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in WRITTEN_BY_READING.union(without):
                cursor.execute(f'SELECT to_jsonb(each)::text FROM "{table}" each ORDER BY 1')
                found[table] = [row[0] for row in cursor.fetchall()]
    return found


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all of it at the same moment, on connections of their own; for each "done", or the code of its refusal."""
    barrier, answers = Barrier(len(acts)), [""] * len(acts)

    def run(position: int, act: Callable[[], object]) -> None:
        try:
            barrier.wait()
            act()
            answers[position] = "done"
        except ValidationError as refusal:
            answers[position] = codes_of(refusal)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def until_somebody_waits() -> None:
    """Return once another connection waits for what this one holds."""
    until = monotonic() + 20
    with connection.cursor() as cursor:
        while monotonic() < until:
            cursor.execute("select count(*) from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")
