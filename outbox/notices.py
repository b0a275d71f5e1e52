"""Told, not left to look: a line under the bell for everybody concerned, and a mail for those who want one.

Call notify() in the transaction that makes the news, beside record(): both stand or fall with it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.text import Truncator

from accounts.models import Membership, Organisation, User
from accounts.models import MembershipQuerySet as People
from accounts.roles import Kind, Permission, roles_with
from outbox.models import Notice, NoticeChoice, OutgoingEmail
from outbox.post import post, post_many
from outbox.requests import SUBJECT_LENGTH
from outbox.sentences import sentences_of
from outbox.subjects import Subject, subjects_for


def notify(
    subject: Subject,
    organisation: Organisation,
    *,
    holding: Permission,
    path: str = "",
    occasion: str = "",
    actor: User | None = None,
    **names: str,
) -> int:
    """Tell everybody in the organisation whose roles hold the permission, but not whoever did it. Returns how many.

    The names fill the sentence in outbox/sentences.py; never pass a secret. With an occasion nobody is told twice.
    """
    people = holders(organisation, holding)
    if actor:
        people = people.exclude(user=actor)
    return tell(subject, people, path=path, occasion=occasion, **names)


def holders(organisation: Organisation, permission: Permission) -> People:
    """Those who may come in now and whose roles hold the permission."""
    roles = roles_with(permission, Kind(organisation.kind))
    found = Membership.objects.active().filter(organisation=organisation, roles__overlap=list(roles))
    return found.select_related("user", "organisation")


@transaction.atomic
def tell(subject: Subject, people: Iterable[Membership], *, path: str = "", occasion: str = "", **names: str) -> int:
    """Tell these people, each in the portal and, unless that person chose otherwise, by mail. Returns how many."""
    # In one order, so that two that tell the same people wait for each other in a row, not in a ring.
    people = sorted(people, key=lambda each: each.pk)
    without_mail = _without_mail(subject, [each.user_id for each in people])
    notices = [Notice(membership=each, subject=subject, names=names, path=path, occasion=occasion) for each in people]
    return sum(_tell_one(each, by_mail=each.membership.user_id not in without_mail) for each in notices)


@dataclass(frozen=True)
class News:
    """One thing that one organisation is to be told, with the names for its sentence."""

    organisation: UUID
    path: str
    names: Mapping[str, str]


@transaction.atomic
def notify_many(subject: Subject, news: Sequence[News], *, holding: Permission) -> int:
    """Tell many things at once, each as notify() does without an occasion, in as many queries as it takes for one.

    Returns how many notices that were.
    """
    if not news:
        return 0
    may = Q(
        *(Q(organisation__kind=kind, roles__overlap=list(roles_with(holding, kind))) for kind in Kind), _connector=Q.OR
    )
    found = Membership.objects.active().filter(may, organisation__in={each.organisation for each in news})
    people: dict[UUID, list[Membership]] = {}
    for person in found.select_related("user", "organisation").order_by("pk"):
        people.setdefault(person.organisation_id, []).append(person)
    notices = [
        Notice(membership=person, subject=subject, names=dict(each.names), path=each.path)
        for each in news
        for person in people.get(each.organisation, [])
    ]
    silent = _without_mail(subject, {notice.membership.user_id for notice in notices})
    for notice in notices:
        if notice.membership.user_id not in silent:
            notice.email = OutgoingEmail(**_message(notice))
    post_many([notice.email for notice in notices if notice.email])
    Notice.objects.bulk_create(notices)
    return len(notices)


def mark_read(notice: Notice) -> None:
    """Note that it was read now; when it was read before, that stays."""
    Notice.objects.filter(pk=notice.pk).unread().update(read_at=timezone.now())


def mark_all_read(membership: Membership | None, *, until: datetime) -> int:
    """Note that this person has read all of them, but for those that came later; returns how many were unread."""
    own = Notice.objects.visible_to(membership)
    return own.unread().filter(created_at__lte=until).update(read_at=timezone.now())


def mailed_subjects(membership: Membership) -> list[Subject]:
    """Of what this person can be told here, that which is mailed too."""
    silent = NoticeChoice.objects.visible_to(membership).values_list("subject", flat=True)
    without_mail = set(silent)
    return [subject for subject in subjects_for(membership.kind) if subject not in without_mail]


@transaction.atomic
def choose_mail(membership: Membership, wanted: Collection[Subject]) -> None:
    """Mail only these from now on, of what this person can be told here. What does not concern this kind of
    organisation stays as it was chosen elsewhere.
    """
    offered = subjects_for(membership.kind)
    own = NoticeChoice.objects.visible_to(membership)
    own.filter(subject__in=[subject for subject in offered if subject in wanted]).delete()
    unwanted = [subject for subject in offered if subject not in wanted]
    NoticeChoice.objects.bulk_create(
        [NoticeChoice(user=membership.user, subject=subject) for subject in unwanted], ignore_conflicts=True
    )


def _tell_one(notice: Notice, *, by_mail: bool) -> bool:
    """Keep the notice and post its mail: both, or neither when this person was told of the occasion already."""
    if notice.occasion and _was_told(notice):
        return False
    try:
        with transaction.atomic(savepoint=bool(notice.occasion)):
            notice.email = post(**_message(notice)) if by_mail else None
            notice.save()
    except IntegrityError:
        # Somebody else told it at this very moment; any other reason is a fault.
        if not (notice.occasion and _was_told(notice)):
            raise
        return False
    return True


def _was_told(notice: Notice) -> bool:
    told = Notice.objects.filter(occasion=notice.occasion, subject=notice.subject, membership=notice.membership)
    return told.exists()


def _without_mail(subject: Subject, users: Collection[Any]) -> set[Any]:
    """The keys of those users who do not want mail about it."""
    silent = NoticeChoice.objects.filter(user__in=users, subject=subject)
    return set(silent.values_list("user", flat=True))


def _message(notice: Notice) -> dict[str, Any]:
    """Whom a notice is mailed to, and what, in the reader's language: what post() takes."""
    person = notice.membership
    language = person.user.language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(ZoneInfo(person.user.time_zone)):
        title, text = sentences_of(notice.subject, notice.names)
        body = mail_body(person, title, text, notice.path)
    short = Truncator(title).chars(SUBJECT_LENGTH)
    short = " ".join(short.split())  # a line break in a header would never leave
    return {
        "sender": person.organisation,
        "to": person.user.email,
        "language": language,
        "subject": short,
        "text": body,
    }


def mail_body(person: Membership, title: str, text: str, path: str) -> str:
    """The message as plain text, in the language that is active."""
    paragraphs = [
        translation.gettext("Hello %(name)s,") % {"name": person.user.get_full_name()},
        title + (f"\n{text}" if text else ""),
        f"{settings.PORTAL_URL}{path}" if path else "",
        translation.gettext(
            "You receive this because you work for %(company)s. Under Notices you choose what is mailed to you."
        )
        % {"company": person.organisation.name},
    ]
    return "\n\n".join(each for each in paragraphs if each)
