"""A bulk change row by row: each is one short transaction, with the mark on the row and on the change in it.

Any number of workers may be at it, killed at any moment: whoever holds the change does its next row, the others go
away, and what was not committed is done again. A row is checked by doing it and taking it back.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Max, QuerySet, Sum
from django.utils import timezone, translation
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts.access import RoleMissing
from accounts.models import Membership
from accounts.roles import Kind, who_may
from activity.log import attempt, codes_of, record
from activity.verbs import Verb
from customers.models import Relationship
from outbox.notices import tell
from outbox.subjects import Subject
from subscriptions.bulk import PERMISSIONS, What, go_on
from subscriptions.bulk.values import wanted_changes
from subscriptions.changes import Changes, submit_changes
from subscriptions.families import lock_family
from subscriptions.models import BulkChange, BulkRow, Charge, Subscription
from subscriptions.renewals import bring_up_to_date

BATCH = 100  # rows of a task; the next ones are another task, so that mail and renewals have their turn between them
STANDS_STILL = timedelta(minutes=2)
FOLLOW_THE_BASE = (What.CREDIT, What.AUTO_RENEW)
"""What add-ons have from their base (design.md §7): it cannot be changed in them alone."""

Result = BulkRow.Result
State = BulkChange.State
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of a row."""

    result: BulkRow.Result
    refusal: str = ""
    sentences: dict[str, list[str]] = field(default_factory=dict)
    cost: Decimal | None = None
    currency: str = ""

    @classmethod
    def refused(cls, refusal: ValidationError) -> "Outcome":
        return cls(Result.REFUSED, codes_of(refusal), said_in_every_language(refusal))

    @classmethod
    def follows(cls, base: Subscription, line: int) -> "Outcome":
        """Nothing to do: what is wanted of the base, in that line, is done to its add-ons with it."""
        reason = ValidationError(_("Follows its base, %(base)s (line %(line)s)."), "", {"base": base, "line": line})
        return cls(Result.UNCHANGED, sentences=said_in_every_language(reason))


def carry_on(change_id: int) -> int:
    """Deal with the next rows of a change that is checked or carried out; returns how many, BATCH at most."""
    for count in range(BATCH):
        if not step(change_id):
            return count
    go_on(change_id)
    return BATCH


def carry_on_stalled() -> int:
    """Hand those to a worker whose worker was killed, or never heard of them; returns how many."""
    stalled = BulkChange.objects.filter(state__in=BulkChange.WORKING, moved_at__lt=timezone.now() - STANDS_STILL)
    changes = list(stalled.values_list("pk", flat=True))
    for change_id in changes:
        go_on(change_id)
    return len(changes)


@transaction.atomic
def step(change_id: int) -> bool:
    """Deal with the next row; False when there is none, or another worker is at it."""
    working = BulkChange.objects.filter(pk=change_id, state__in=BulkChange.WORKING)
    parties = ("provider__organisation", "membership__user")
    change = working.select_related(*parties).select_for_update(of=("self",), skip_locked=True).first()
    if change is None:
        return False
    rows = change.all_rows.filter(number__gt=change.reached).select_related("subscription__customer__organisation")
    row = rows.order_by("number").first()
    with translation.override(change.membership.user.language or settings.LANGUAGE_CODE):
        if row is None:
            _finish(change)
            return False
        _mark(change, row, _outcome(change, row))
    return True


def said_in_every_language(refusal: ValidationError) -> dict[str, list[str]]:
    """The sentences of a refusal for whoever will read them: a code alone does not know its names and plurals."""
    said = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            said[language] = refusal.messages
    return said


def _outcome(change: BulkChange, row: BulkRow) -> Outcome:
    """Do it, and take it back when it is only being checked. A fault of ours is one row's, not that of all after it."""
    try:
        with transaction.atomic():
            outcome = _tried(change, row)
            transaction.set_rollback(change.state == State.CHECKING)
    except (OperationalError, InterfaceError):  # the database is away, or chose us to end a deadlock: done again later
        raise
    except Exception:
        logger.exception("row %s of bulk change %s", row.number, change.code)
        fault = _("Something went wrong with this subscription. Change it by itself.")
        outcome = Outcome.refused(ValidationError(fault, "fault"))
    return outcome


def _tried(change: BulkChange, row: BulkRow) -> Outcome:
    try:
        person, subscription, changes = _prepared(change, row)
        if subscription.base and (line := _line_of_base(change, subscription)):
            return Outcome.follows(subscription.base, line)
        last = _charges(subscription).aggregate(last=Max("pk"))["last"] or 0
        done = submit_changes(subscription, changes, revision=subscription.revision, membership=person)
    except RoleMissing:
        return Outcome.refused(_role_missing(change))
    except ValidationError as refusal:
        return Outcome.refused(refusal)
    if not done:
        return Outcome(Result.UNCHANGED)
    cost = _charges(subscription).filter(pk__gt=last).aggregate(sum=Sum("amount"))["sum"]
    return Outcome(Result.DONE, cost=cost, currency="" if cost is None else subscription.currency)


def _line_of_base(change: BulkChange, add_on: Subscription) -> int | None:
    """The line of the same change that an add-on follows, wherever it stands; None when it has to stand for itself.

    Not asked of the subscriptions: what they are like depends on which of the two lines came first.
    """
    if change.what not in FOLLOW_THE_BASE or not add_on.can_change:
        return None
    lines = change.all_rows.filter(subscription=add_on.base_id).order_by("number")
    return lines.values_list("number", flat=True).first()


def _prepared(change: BulkChange, row: BulkRow) -> tuple[Membership, Subscription, Changes]:
    """Who does it, in what, and what exactly; the subscription is held from now on, so that its revision stays true.

    Refused with not_member, role_missing, not_found, duplicate or for the value; submit_changes() refuses the rest.
    """
    subscription = row.subscription
    with attempt(
        Verb.SUBSCRIPTION_CHANGED,
        subscription or row.typed,
        actor=change.membership.user,
        seen_by=[change.provider.organisation],
        affected=subscription.customer.organisation if subscription else None,
        **({"subscription": subscription.code} if subscription else {}),
    ) as line:
        line.is_written = True  # by what is changed, later
        person = _whoever_started(change)
        own = Subscription.objects.visible_to(person)
        subscription = own.filter(pk=row.subscription_id).first() if row.subscription_id else None
        if subscription is None:
            raise ValidationError(
                _("You have no subscription with the ID “%(id)s”."), "not_found", {"id": row.typed or "–"}
            )
        if row.repeats:
            raise ValidationError(
                _("Line %(line)s asks for this subscription already."), "duplicate", {"line": row.repeats}
            )
        subscription = _held(subscription)
        return person, subscription, wanted_changes(subscription, change.what, row.wanted, membership=person)


def _held(subscription: Subscription) -> Subscription:
    """As it is now, nothing of it overdue, and nobody else changes it until the row is done.

    The relationship first, as in acting.py: two that hold both never wait for each other in a ring.
    """
    Relationship.objects.select_for_update(no_key=True).get(pk=subscription.relationship_id)
    family = lock_family(subscription)
    bring_up_to_date(family, timezone.now())
    return family.member(subscription.pk)


def _whoever_started(change: BulkChange) -> Membership:
    """The person with the roles of this moment. Refused with not_member and role_missing."""
    found = Membership.objects.active().select_related("user", "organisation__provider")
    person = found.filter(pk=change.membership_id).first()
    if person is None:
        raise ValidationError(
            _("%(name)s, who started this, is no longer an active member of the organization."),
            "not_member",
            {"name": change.membership.user.get_full_name()},
        )
    if not person.can(PERMISSIONS[change.what]):
        raise _role_missing(change)
    return person


def _role_missing(change: BulkChange) -> ValidationError:
    # Lazily, so that the roles are named in the language of each sentence.
    roles = lazy(who_may, str)(PERMISSIONS[change.what], Kind.PROVIDER)
    return ValidationError(_("Roles that can change this: %(roles)s."), "role_missing", {"roles": roles})


def _charges(subscription: Subscription) -> QuerySet[Charge]:
    """What is charged for licences that come or go; a renewal that was due meanwhile is no cost of the change."""
    return Charge.objects.filter(subscription=subscription, kind__in=(Charge.Kind.LICENCES_ADDED, Charge.Kind.REFUND))


def _mark(change: BulkChange, row: BulkRow, outcome: Outcome) -> None:
    row.result, row.refusal, row.details = outcome.result, outcome.refusal, outcome.sentences
    row.cost, row.currency = outcome.cost, outcome.currency
    row.done_at = change.moved_at = timezone.now()
    row.save(update_fields=["result", "refusal", "details", "cost", "currency", "done_at"])
    change.reached = row.number
    counter = outcome.result.value
    setattr(change, counter, getattr(change, counter) + 1)
    change.save(update_fields=["reached", "moved_at", counter])


def _finish(change: BulkChange) -> None:
    """Every row was dealt with: say so once, and tell whoever started it."""
    if change.state == State.CHECKING:
        change.state = State.CHECKED
        change.save(update_fields=["state"])
        return
    change.state, change.finished_at = State.DONE, timezone.now()
    change.save(update_fields=["state", "finished_at"])
    record(
        Verb.BULK_FINISHED,
        change,
        actor=change.membership.user,
        seen_by=[change.provider.organisation],
        lines=change.rows,
        done=change.done,
        unchanged=change.unchanged,
        refused=change.refused,
    )
    people = Membership.objects.active().select_related("user", "organisation").filter(pk=change.membership_id)
    names = {"title": str(change), "done": str(change.done), "refused": str(change.refused)}
    path = change.get_absolute_url()
    tell(Subject.BULK_FINISHED, people, path=path, occasion=f"bulk {change.code}", **names)
