"""Writing to the activity log: record() for what happened, attempt() for what may be refused."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models, transaction

from accounts.models import Organisation, User
from activity.models import Activity, Details, Sighting
from activity.verbs import Verb


def record(
    verb: Verb,
    target: models.Model | str,
    *,
    actor: User | None,
    seen_by: Iterable[Organisation],
    affected: Organisation | None = None,
    refusal: str = "",
    **details: Any,
) -> Activity:
    """Write one line, readable from now on by the organisations in seen_by and by nobody who joins later.

    Details are stored as JSON: never pass a password, a token or a personal link.
    """
    entry = Entry(verb, target, {organisation.pk for organisation in seen_by}, affected, details, refusal)
    return record_many([entry], actor=actor)[0]


@dataclass(frozen=True)
class Entry:
    """A line before it is written, with the keys of the organisations that may read it; the rest is as in record()."""

    verb: Verb
    target: models.Model | str
    seen_by: Collection[UUID]
    affected: Organisation | None = None
    details: Details = field(default_factory=dict)
    refusal: str = ""


def record_many(entries: Iterable[Entry], *, actor: User | None) -> list[Activity]:
    """Write many lines, each as record() does, in as many queries as it takes for one."""
    entries = list(entries)
    activities = Activity.objects.bulk_create(
        [
            Activity(
                verb=entry.verb,
                result=Activity.Result.REFUSED if entry.refusal else Activity.Result.DONE,
                refusal=entry.refusal,
                actor=actor,
                actor_name=actor.email if actor else "",
                affected=entry.affected,
                affected_name=entry.affected.name if entry.affected else "",
                target=str(entry.target)[:300],
                details=entry.details,
            )
            for entry in entries
        ]
    )
    Sighting.objects.bulk_create(
        Sighting(organisation_id=organisation, activity=activity)
        for activity, entry in zip(activities, entries, strict=True)
        for organisation in sorted(set(entry.seen_by))
    )
    return activities


@dataclass
class Line:
    """The line that an attempt will write; its block may complete it with what came into being meanwhile."""

    target: models.Model | str
    seen_by: list[Organisation]
    affected: Organisation | None
    details: Details
    is_written: bool = False


@contextmanager
def attempt(
    verb: Verb,
    target: models.Model | str,
    *,
    actor: User | None,
    seen_by: Iterable[Organisation],
    affected: Organisation | None = None,
    **details: Any,
) -> Iterator[Line]:
    """Do the block in one transaction and write that it was done; undo it and write why when it was refused.

    A refusal is a ValidationError; it goes on to the caller. What was undone is not in the refusal's line: it says what
    was known at the start. Inside somebody else's transaction the refusal's line shares that transaction's fate.
    """
    line = Line(target, list(seen_by), affected, dict(details))
    try:
        with transaction.atomic():
            yield line
            if not line.is_written:
                record(verb, line.target, actor=actor, seen_by=line.seen_by, affected=line.affected, **line.details)
    except ValidationError as refusal:
        record(verb, target, actor=actor, seen_by=seen_by, affected=affected, refusal=codes_of(refusal), **details)
        raise


def codes_of(refusal: ValidationError) -> str:
    """The codes of a refusal, for the log and for tests: "mpn_global", or several joined by commas."""
    fields = refusal.error_dict.values() if hasattr(refusal, "error_dict") else [refusal.error_list]
    return ",".join(dict.fromkeys(error.code or "invalid" for errors in fields for error in errors))[:60]
