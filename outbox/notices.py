"""Told, not left to look: a line under the bell for everybody concerned, and a mail for those who want one.

Call notify() in the transaction that makes the news, beside record(): both stand or fall with it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.text import Truncator

from accounts.models import Membership, Organisation, User
from accounts.models import MembershipQuerySet as People
from accounts.roles import Kind, Permission, roles_with
from outbox.models import Notice, NoticeChoice, OutgoingEmail
from outbox.post import post
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
    silent = NoticeChoice.objects.filter(user__in=[each.user_id for each in people], subject=subject)
    without_mail = set(silent.values_list("user", flat=True))
    notices = [Notice(membership=each, subject=subject, names=names, path=path, occasion=occasion) for each in people]
    return sum(_tell_one(each, by_mail=each.membership.user_id not in without_mail) for each in notices)


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
            notice.email = _mail(notice) if by_mail else None
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


def _mail(notice: Notice) -> OutgoingEmail:
    person = notice.membership
    language = person.user.language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(ZoneInfo(person.user.time_zone)):
        title, text = sentences_of(notice.subject, notice.names)
        body = mail_body(person, title, text, notice.path)
    short = Truncator(title).chars(SUBJECT_LENGTH)
    return post(sender=person.organisation, to=person.user.email, language=language, subject=short, text=body)


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
