"""Personal links that are about to expire, or have: whoever sent them is told in time, and once."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Organisation
from accounts.roles import Permission
from outbox import requests
from outbox.models import Notice, PersonalRequest
from outbox.notices import holders, tell
from outbox.subjects import Subject

AHEAD = timedelta(days=7)
BACK = timedelta(days=7)
"""Nobody is told of a link that expired longer ago than this: the portal had been asleep."""
BATCH = 200

_STATES = {
    Subject.LINK_EXPIRING: PersonalRequest.State.SENT,
    Subject.LINK_EXPIRED: PersonalRequest.State.EXPIRED,
}
M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=PersonalRequest)


def remind(model: type[PersonalRequest], *, holding: Permission, page: str) -> int:
    """Tell of every link of this kind that was sent from here and expires within a week, or did within the last.

    Told is whoever made it, or, when that person cannot act on it any more, everybody who holds the permission. Once
    for each day on which a link expires: one that was given more time is told of again. About BATCH a run at most,
    the next run goes on; returns how many. The page is the list on which one makes a new request.
    """
    told = 0
    for subject in _STATES:
        for request in _untold(_due(model, subject), subject):
            told += _remind_of(request, subject, holding, page)
            if told >= BATCH:
                return told
    return told


def in_chunks(rows: QuerySet[M]) -> Iterator[list[M]]:
    """All of the rows, BATCH at a time: however many were told of already, those after them are reached."""
    found = rows.iterator(chunk_size=BATCH)
    while chunk := list(islice(found, BATCH)):
        yield chunk


def told_already(subject: Subject, occasions: Iterable[str]) -> set[tuple[str, UUID]]:
    """Of these occasions those that somebody was told of, each with the company whose people were."""
    told = Notice.objects.exclude(occasion="").filter(occasion__in=list(occasions), subject=subject)
    return set(told.values_list("occasion", "membership__organisation"))


def _due(model: type[P], subject: Subject) -> QuerySet[P]:
    now = timezone.now()
    begin, end = (now, now + AHEAD) if subject == Subject.LINK_EXPIRING else (now - BACK, now)
    is_open = Q(max_uses=None) | Q(uses__lt=F("max_uses"))
    sent = model._default_manager.filter(is_open, sent_at__isnull=False, withdrawn_at=None, declined_at=None)
    return sent.filter(expires_at__gt=begin, expires_at__lte=end).order_by("expires_at", "pk")


def _untold(rows: QuerySet[P], subject: Subject) -> Iterator[P]:
    for chunk in in_chunks(rows):
        told = {occasion for occasion, _company in told_already(subject, map(_occasion, chunk))}
        yield from (row for row in chunk if _occasion(row) not in told)


@transaction.atomic
def _remind_of(request: PersonalRequest, subject: Subject, holding: Permission, page: str) -> bool:
    request = requests.locked(request)
    if request.state != _STATES[subject] or request.expires_at is None:
        return False  # accepted, withdrawn or given more time at this moment
    people = _whom(request, request.sender, holding)
    # Only a link that is open can be sent again or given more time.
    path = request.get_absolute_url() if request.is_open else reverse(page)
    names = {"recipient": request.recipient, "day": request.expires_at.isoformat()}
    return tell(subject, people, path=path, occasion=_occasion(request), **names) > 0


def _whom(request: PersonalRequest, sender: Organisation, holding: Permission) -> list[Membership]:
    people = list(holders(sender, holding))
    author = [each for each in people if each.user_id == request.created_by_id]
    return author or people


def _occasion(request: PersonalRequest) -> str:
    return f"{request.code} {request.expires_at:%Y-%m-%d}"
