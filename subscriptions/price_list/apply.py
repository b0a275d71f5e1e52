"""Price lists on their way: uploaded, checked in the background, looked at, and applied as a whole.

Each step may be asked for twice, be killed, or begin late: the state under the row's lock decides, and what was begun
and left is begun again by take_up(). Applying is one transaction that locks the price list against other writers, so
of two at once the second one compares with what the first one made. Readers and orders wait for neither. Lists are
applied in the order in which they were uploaded: an older one would put back what a newer one has changed.
"""

from datetime import timedelta
from typing import BinaryIO

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from activity.log import record
from activity.verbs import Verb
from subscriptions.models import PriceListImport
from subscriptions.price_list import check as price_list_check
from subscriptions.price_list.check import STUCK
from subscriptions.price_list.difference import difference, make_it_so
from subscriptions.price_list.files import pack

State = PriceListImport.State
LATE = timedelta(minutes=1)
KEPT_FOR = timedelta(days=30)


def upload(file: BinaryIO, *, name: str, actor: User) -> PriceListImport:
    """Keep the file, and have it checked. Refused as price_list_files.pack() refuses it."""
    content, digest = pack(file)
    price_list = PriceListImport.objects.create(
        file_name=name[-200:], content=content, digest=digest, uploaded_by=actor
    )
    _later("check_price_list", price_list)
    return price_list


def request_apply(price_list: PriceListImport, *, actor: User) -> None:
    """Have a checked price list applied.

    Refused as price_list_wrong while a line is wrong, because nothing is applied in part, as price_list_older when one
    that was uploaded later has been applied, and as price_list_state when it is not waiting to be applied, or somebody
    has asked for it already.
    """
    with transaction.atomic():
        current = _locked(price_list.pk)
        if current is None or current.state != State.CHECKED:
            raise ValidationError(_("This price list is not waiting to be applied."), "price_list_state")
        if current.wrong:
            raise ValidationError(_("A price list is applied when no line of it is wrong."), "price_list_wrong")
        if refusal := too_old(current):
            raise refusal
        current.state, current.started_at, current.applied_by = State.APPLYING, timezone.now(), actor
        current.save(update_fields=["state", "started_at", "applied_by"])
        _later("apply_price_list", current)


def too_old(price_list: PriceListImport) -> ValidationError | None:
    """Why it is not applied any more, when a price list that was uploaded later has been."""
    newer = PriceListImport.objects.filter(state=State.APPLIED, pk__gt=price_list.pk).order_by("-pk")
    file_name = newer.values_list("file_name", flat=True).first()
    if file_name is None:
        return None
    text = _(
        "“%(file)s”, which was uploaded later, has been applied. This one would put back what it has changed; "
        "upload it again if that is wanted."
    )
    return ValidationError(text, "price_list_older", {"file": file_name})


def check(price_list_id: int) -> None:
    """Check it as price_list_check.check() does; a fault of ours ends it, instead of being met again and again."""
    try:
        price_list_check.check(price_list_id)
    except OperationalError:
        raise  # the database went away: take_up() comes back to it
    except Exception:
        _fail(price_list_id, PriceListImport.Failure.FAULT)
        raise


def apply(price_list_id: int) -> None:
    """Apply it, unless that was done, or somebody is doing it now. All of it, or nothing.

    One that was asked for first and comes after a newer one is not applied: its page says so, as for one that nobody
    has asked for.
    """
    try:
        with transaction.atomic():
            price_list = _locked(price_list_id, skip_locked=True)
            if price_list is not None and price_list.state == State.APPLYING:
                _apply(price_list)
    except OperationalError:
        raise  # the same
    except Exception:
        _fail(price_list_id, PriceListImport.Failure.FAULT)
        raise


def take_up() -> None:
    """Go on with what was left: tasks that were lost, workers that were killed. Forget what nobody applied."""
    now = timezone.now()
    lost = Q(state=State.UPLOADED, uploaded_at__lt=now - LATE)
    stuck = Q(state__in=(State.CHECKING, State.APPLYING), started_at__lt=now - STUCK)
    for pk, state in list(PriceListImport.objects.filter(lost | stuck).order_by("pk").values_list("pk", "state")):
        (apply if state == State.APPLYING else check)(pk)
    left = PriceListImport.objects.filter(state=State.CHECKED, uploaded_at__lt=now - KEPT_FOR)
    for pk in list(left.values_list("pk", flat=True)):
        _fail(pk, PriceListImport.Failure.LEFT)


def _apply(price_list: PriceListImport) -> None:
    with connection.cursor() as cursor:
        # Against whoever else writes to it. Orders read it, and point to it, meanwhile.
        cursor.execute("LOCK TABLE subscriptions_offer IN SHARE ROW EXCLUSIVE MODE")
    if too_old(price_list):  # only now: a newer one may have been applied while this one waited
        price_list.state, price_list.applied_by = State.CHECKED, None
        price_list.save(update_fields=["state", "applied_by"])
        return
    moment = timezone.now()
    found = vars(difference(price_list.pk, moment))
    make_it_so(price_list.pk, moment)
    for name, count in found.items():
        setattr(price_list, name, count)
    price_list.state, price_list.applied_at, price_list.content = State.APPLIED, moment, b""
    price_list.save(update_fields=[*found, "state", "applied_at", "content"])
    price_list.read_lines.all()._raw_delete(price_list.read_lines.db)
    record(
        Verb.OPERATOR_CHANGED,
        price_list,
        actor=price_list.applied_by,
        seen_by=(),
        list=str(PriceListImport._meta.verbose_name),
        counts=found,
    )


def _fail(price_list_id: int, failure: PriceListImport.Failure) -> None:
    """Nothing comes of it any more; what was kept for it goes."""
    with transaction.atomic():
        price_list = _locked(price_list_id)
        if price_list is None or price_list.state in (State.APPLIED, State.FAILED):
            return
        price_list.state, price_list.failure, price_list.content = State.FAILED, failure, b""
        price_list.save(update_fields=["state", "failure", "content"])
        price_list.read_lines.all()._raw_delete(price_list.read_lines.db)


def _locked(price_list_id: int, *, skip_locked: bool = False) -> PriceListImport | None:
    rows = PriceListImport.objects.select_for_update(no_key=True, skip_locked=skip_locked, of=("self",))
    return rows.select_related("applied_by").defer("content").filter(pk=price_list_id).first()


def _later(task: str, price_list: PriceListImport) -> None:
    # By name, because the tasks import this module. A broker that is away undoes nothing: take_up() finds the row.
    name, pk = f"subscriptions.tasks.{task}", price_list.pk
    transaction.on_commit(lambda: current_app.send_task(name, [pk]), robust=True)
