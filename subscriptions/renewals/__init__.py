"""Bringing subscriptions up to date: charges, renewals and ends that are due (design.md §7, domain.md §6.3, §7.4).

However many workers do so at once, whenever they are killed, however late they come and however often they are
started, each billing period is charged once and each term begins once: a batch is one transaction that holds what it
changes, others pass over what is held, and the database refuses a second charge (subscriptions_charge_once).
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from activity.log import record_many
from subscriptions.families import Family, lock_families
from subscriptions.ledger import post
from subscriptions.models import LicenceChange, RenewalPlan, Subscription
from subscriptions.renewals.notices import tell_of_ends
from subscriptions.renewals.outlook import Outlook
from subscriptions.renewals.passing import Passing

logger = logging.getLogger(__name__)

BATCH = 200
TRY_AGAIN_AFTER = timedelta(hours=1)
"""A family that fails is left alone for so long, so that those after it are reached whatever is wrong with it."""
_CHANGED = (
    *("offer_id", "nickname", "search_text", "licences", "status", "term", "billing", "unit_price", "currency"),
    *("markup", "starts_at", "ends_at", "charged_until", "due_at", "ended_at", "revision"),
)


def bring_up_to_date(family: Family, moment: datetime) -> None:
    """Charge, renew and end what is due in the family at the moment, or nothing.

    The caller holds the family (lock_family) in a transaction, and goes on with the same objects.
    """
    if any(each.charged_until and each.charged_until <= moment and not each.ended_at for each in family):
        _advance([family], moment)


def run_due(moment: datetime, batch: int = BATCH, *, seconds: float | None = None) -> int:
    """Bring everything up to date that is due at the moment; returns how many families were looked at.

    In batches, each in a transaction of its own, until nothing is due that nobody else holds, or the seconds are over.
    A family that fails is logged, and tried again an hour later; the others of its batch are not held up by it.
    """
    until = None if seconds is None else monotonic() + seconds
    visited = 0
    while until is None or monotonic() < until:
        found = _visit(moment, batch)
        if not found:
            break
        visited += found
    return visited


def _visit(moment: datetime, batch: int) -> int:
    keys: list[int] = []
    try:
        with transaction.atomic():
            keys += _take(moment, batch)
            if keys:
                _advance(lock_families(keys), moment)
    except Exception:
        if not keys:
            raise  # it is not about a family
        logger.warning("A batch of %s families failed and is done one by one.", len(keys), exc_info=True)
        for key in keys:
            _visit_alone(key, moment)
    return len(keys)


def _visit_alone(key: int, moment: datetime) -> None:
    """One family in a transaction of its own; when that fails, it is looked at again later."""
    try:
        with transaction.atomic():
            _advance(lock_families([key], skip_locked=True), moment)
    except Exception:
        logger.exception("Subscription %s is not up to date. Reference: %s", key, uuid4())
        later = timezone.now() + TRY_AGAIN_AFTER
        Subscription.objects.filter(pk=key, due_at__lte=moment).update(due_at=max(later, moment + TRY_AGAIN_AFTER))


def _take(moment: datetime, batch: int) -> list[int]:
    """Hold some bases that are due, the longest due first, passing over those that somebody else holds."""
    due = Subscription.objects.filter(due_at__lte=moment).order_by("due_at", "pk").select_for_update(skip_locked=True)
    return list(due.values_list("pk", flat=True)[:batch])


def _advance(families: Sequence[Family], moment: datetime) -> None:
    members = [each for family in families for each in family]
    before = {each.pk: _state(each) for each in members}
    passing = Passing(Outlook(families, moment))
    for family in families:
        passing.advance(family, moment)
    _write(passing)
    _save([(each, before[each.pk]) for each in members])
    tell_of_ends(passing.ended)


def _write(passing: Passing) -> None:
    now = timezone.now()
    post(passing.postings, actor=None, moment=now)
    LicenceChange.objects.bulk_create(passing.licences)
    for plans, field in ((passing.applied, "applied_at"), (passing.withdrawn, "withdrawn_at")):
        if plans:
            RenewalPlan.objects.filter(pk__in=[plan.pk for plan in plans]).update(**{field: now})
    record_many(passing.entries, actor=None)


def _save(members: Sequence[tuple[Subscription, dict[str, object]]]) -> None:
    """Save those that have changed, and of them what has changed in any.

    By one statement with an array for each column: bulk_update() makes a CASE of every value, and takes longer to
    build it than everything else takes together.
    """
    names = {"due_at"}
    changed = []
    for subscription, before in members:
        differing = {name for name, value in _state(subscription).items() if value != before[name]}
        if differing:
            changed.append(subscription)
            names |= differing
    columns = sorted(names)
    types = {field.attname: field.db_type(connection) for field in Subscription._meta.concrete_fields}
    arrays = ", ".join(f"%s::{types[column]}[]" for column in ["id", *columns])
    settings = ", ".join(f"{column} = new.{column}" for column in columns)
    statement = (
        f"UPDATE subscriptions_subscription AS old SET {settings} "  # noqa: S608  # columns; all values are parameters
        f"FROM UNNEST({arrays}) AS new (id, {', '.join(columns)}) WHERE old.id = new.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [[getattr(each, name) for each in changed] for name in ["id", *columns]])


def _state(subscription: Subscription) -> dict[str, object]:
    return {name: getattr(subscription, name) for name in _CHANGED}
