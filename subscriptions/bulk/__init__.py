"""Changes of many subscriptions in one go: put together, looked at, started or left.

Source: the four changes that the seed makes one by one (*On the subscription details page…*), design.md §4.10, §4.12
and §5. What happens to each row is in bulk_rows.py, what may be wanted of it in bulk_values.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import RoleMissing
from accounts.models import Membership
from accounts.roles import Permission
from activity.log import record
from activity.verbs import Verb
from customers.partner_choice import id_from
from subscriptions.models import BulkChange, BulkRow, Subscription

MOST_ROWS = 10_000

What = BulkChange.What
State = BulkChange.State

PERMISSIONS: dict[str, Permission] = {
    What.CREDIT: Permission.CHANGE_CREDIT,
    What.SUPPORT: Permission.DESIGNATE_SUPPORT,
    What.AUTO_RENEW: Permission.EDIT_SUBSCRIPTIONS,
    What.LICENCES: Permission.EDIT_SUBSCRIPTIONS,
}


@dataclass(frozen=True)
class Wish:
    """A subscription as it was ticked or typed, and the new value that is wanted for it."""

    number: int
    typed: str
    wanted: str


def allowed_changes(membership: Membership) -> list[What]:
    """What this person may change in many subscriptions at once: what may be changed in one."""
    return [what for what in What if membership.can(PERMISSIONS[what])]


@transaction.atomic
def prepare(what: What, wishes: Sequence[Wish], *, membership: Membership) -> BulkChange:
    """Write down what is wanted and have it checked in the background; no subscription changes before start().

    An ID that is unknown, or a stranger's, is a row that will be refused. Refused at once: bulk_empty, bulk_too_many.
    """
    _check_role(what, membership)
    if not wishes:
        raise ValidationError(_("Select at least one subscription."), "bulk_empty")
    if len(wishes) > MOST_ROWS:
        raise too_many()
    change = BulkChange.objects.create(
        provider=membership.organisation.provider, what=what, membership=membership, rows=len(wishes)
    )
    known = _known(wishes, membership)
    lines: dict[int, int] = {}
    rows = []
    for wish in wishes:
        pk = known.get(id_from(wish.typed))
        first = lines.setdefault(pk, wish.number) if pk else wish.number
        repeats = first if first != wish.number else None
        row = BulkRow(number=wish.number, typed=wish.typed[:100], subscription_id=pk, repeats=repeats)
        row.change, row.wanted = change, wish.wanted[:100]
        rows.append(row)
    BulkRow.objects.bulk_create(rows, batch_size=1000)
    go_on(change.pk)
    return change


@transaction.atomic
def start(change: BulkChange, *, membership: Membership) -> None:
    """Have it carried out in the background, with the rights that this person has at each row.

    However often it is asked for, it starts once. Refused with bulk_checking, bulk_left, and bulk_nothing when the
    check foresees no change at all.
    """
    change = _locked(change, membership)
    if change.was_started:
        return
    if change.state == State.CHECKING:
        raise ValidationError(_("The subscriptions are still being checked."), "bulk_checking")
    if change.state == State.LEFT:
        raise ValidationError(_("This bulk change was canceled."), "bulk_left")
    if not change.can_start:
        raise ValidationError(_("There is nothing to change."), "bulk_nothing")
    change.state, change.membership = State.RUNNING, membership
    change.started_at = change.moved_at = timezone.now()
    change.reached = change.done = change.unchanged = change.refused = 0
    change.save()
    record(
        Verb.BULK_STARTED,
        change,
        actor=membership.user,
        seen_by=[membership.organisation],
        lines=change.rows,
    )
    go_on(change.pk)


@transaction.atomic
def leave(change: BulkChange, *, membership: Membership) -> None:
    """Let it be, before it was started; twice is no harm. Refused with bulk_started after that."""
    change = _locked(change, membership)
    if change.was_started:
        raise ValidationError(_("This bulk change was started and cannot be canceled."), "bulk_started")
    if change.can_leave:
        change.state, change.finished_at = State.LEFT, timezone.now()
        change.save(update_fields=["state", "finished_at"])


def go_on(change_id: int) -> None:
    """Hand it to a worker when the transaction commits."""
    # By name, because the tasks import this module. A broker that is away must not undo what was written: the sweep
    # finds a change that stands still within minutes.
    name = "subscriptions.tasks.carry_on_bulk_change"
    transaction.on_commit(lambda: current_app.send_task(name, [change_id]), robust=True)


def too_many() -> ValidationError:
    return ValidationError(
        _("At most %(most)s subscriptions can be changed in one go. Choose fewer."),
        "bulk_too_many",
        {"most": MOST_ROWS},
    )


def _check_role(what: str, membership: Membership) -> None:
    if not membership.can(PERMISSIONS[what]):
        raise RoleMissing(PERMISSIONS[what], membership.kind)


def _locked(change: BulkChange, membership: Membership) -> BulkChange:
    _check_role(change.what, membership)
    return BulkChange.objects.select_for_update().get(pk=change.pk)


def _known(wishes: Iterable[Wish], membership: Membership) -> dict[UUID | None, int]:
    """The keys of those that are one's own; without None, which is what is no ID at all."""
    codes = {code for wish in wishes if (code := id_from(wish.typed))}
    rows = Subscription.objects.visible_to(membership).filter(code__in=codes)
    return dict(rows.values_list("code", "pk"))
