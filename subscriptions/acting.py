"""What all changes of a subscription have in common: they hold its family, settle what is overdue, charge, remember.

In this order: lock the base and its add-ons, check who acts, bring the family up to date, change, post what it costs,
save with a new revision, plan the next visit of the schedule, and write a line into the activity log for each
subscription that changed. The log is read by the customer and the reseller too: it names the charges, and never says
what the provider pays (each side finds its own amounts in the ledger).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import RoleMissing
from accounts.models import Membership, Organisation
from accounts.roles import Kind, Permission
from activity.log import attempt, record
from activity.verbs import Verb
from customers.delegations import check_administers, no_delegation
from customers.models import Relationship
from customers.registration import parties
from subscriptions.families import Family, lock_family
from subscriptions.ledger import Posting, current_period, post
from subscriptions.models import Charge, Offer, Subscription
from subscriptions.offers import as_sold
from subscriptions.quotes import Agreement, quote_expired
from subscriptions.renewals import bring_up_to_date
from subscriptions.states import Status


@dataclass(frozen=True)
class Note:
    """A line for the activity log, about one subscription of the family."""

    verb: Verb
    subscription: Subscription
    details: dict[str, Any]
    also: list[Organisation] = field(default_factory=list)
    costs: bool = False


@dataclass
class Act:
    """A change under way, of a family that is held and up to date: what it costs, and what it leaves in the log."""

    family: Family
    subscription: Subscription
    membership: Membership
    moment: datetime
    agreed: Agreement | None = None
    postings: list[Posting] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def is_add_on(self) -> bool:
        return self.subscription.base_id is not None

    @property
    def living(self) -> list[Subscription]:
        """The base and the add-ons that have not ended."""
        return [each for each in self.family if not each.ended_at]

    def note(
        self,
        verb: Verb,
        subscription: Subscription | None = None,
        *,
        also: list[Organisation] | None = None,
        costs: bool = False,
        **details: Any,
    ) -> None:
        """Have a line written when the change succeeds; one that costs names what was charged for it."""
        self.notes.append(Note(verb, subscription or self.subscription, details, also or [], costs))


@contextmanager
def acting(
    verb: Verb,
    subscription: Subscription,
    membership: Membership,
    *,
    permission: Permission | None = None,
    revision: int | None = None,
    agreed: Agreement | None = None,
    offer: Offer | None = None,
) -> Iterator[Act]:
    """Hold the family, yield it up to date, and finish what the block did to it; all of it or nothing.

    What was agreed to is charged as of its moment: refused with quote_expired when it comes to other amounts, when
    anything was charged since or an add-on joined, and when another billing period has begun. With a revision, refused
    with changed_meanwhile when there is a later one. Offers with a limit for the whole customer hold the relationship
    first, as orders do. RoleMissing without the permission.
    A renewal that was overdue is a later revision: what was read before it would undo what was scheduled for it. It
    stays, so that whoever was refused reads what it made of the subscription, however late the schedule is.
    """
    if revision is not None:
        _renew(subscription)
    with attempt(
        verb,
        subscription,
        actor=membership.user,
        seen_by=parties(subscription.relationship),
        affected=subscription.customer.organisation,
        subscription=subscription.code,
    ) as line:
        line.is_written = True  # there is one for each subscription that changes
        act = _hold(subscription, membership, agreed, offer)
        if permission:
            check_may(act, permission)
        _settle(act, revision)
        yield act
        _finish(act)


def check_may(act: Act, permission: Permission) -> None:
    """Refuse whoever lacks the role, and a partner that the account is not entrusted to (design.md §5)."""
    if not act.membership.can(permission):
        raise RoleMissing(permission, act.membership.kind)
    check_access(act.subscription, act.membership)


def check_access(subscription: Subscription, membership: Membership) -> None:
    """A provider manages what it sells; a reseller does so with account administration only (design.md §5)."""
    if not Subscription.objects.visible_to(membership).filter(pk=subscription.pk).exists():
        raise no_delegation()
    if membership.kind == Kind.RESELLER:
        check_administers(membership, subscription.customer)


def check_active(subscription: Subscription) -> None:
    """Refuse (wrong_state) what needs a subscription that is in use."""
    if subscription.status != Subscription.Status.ACTIVE:
        raise ValidationError(
            _("This subscription is %(status)s."), "wrong_state", {"status": Status(subscription.status).label}
        )


@contextmanager
def foreseen(subscription: Subscription, moment: datetime) -> Iterator[Family]:
    """The family as a change at the moment would find it, for a quote: nothing is held or written.

    What is overdue is settled, looked at, and undone again.
    """
    base = subscription.base or subscription
    if base.due_at is None or base.due_at > moment:
        yield _read(base)
        return
    with transaction.atomic():
        family = lock_family(subscription)
        bring_up_to_date(family, moment)
        yield family
        transaction.set_rollback(True)


def _read(base: Subscription) -> Family:
    members = Subscription.objects.with_parties().filter(Q(pk=base.pk) | Q(base=base.pk)).order_by("pk")
    found = {member.pk: member for member in members}
    return Family(found.pop(base.pk), list(found.values()))


def _renew(subscription: Subscription) -> None:
    """Begin the term that is overdue, in a transaction of its own."""
    base, now = subscription.base or subscription, timezone.now()
    if base.ends_at and base.ends_at <= now and not base.ended_at:
        with transaction.atomic():
            bring_up_to_date(lock_family(subscription), now)


def _hold(subscription: Subscription, membership: Membership, agreed: Agreement | None, offer: Offer | None) -> Act:
    """The family, locked; before it the relationship, when an offer has a limit for the whole customer."""
    if any(as_sold(each).most_per_customer for each in (subscription.offer, offer) if each):
        Relationship.objects.select_for_update(no_key=True).get(pk=subscription.relationship_id)
    family = lock_family(subscription)
    moment = agreed.moment if agreed else timezone.now()
    return Act(family, family.member(subscription.pk), membership, moment, agreed)


def _settle(act: Act, revision: int | None) -> None:
    """Charge what is overdue, and refuse what was read, or quoted, before that or before somebody else's change."""
    # Asked first: what is overdue is charged next.
    is_outdated = act.agreed and _is_another_since(act, act.agreed.moment)
    bring_up_to_date(act.family, timezone.now())
    _check_revision(act.subscription, revision)
    if is_outdated:
        raise quote_expired()
    if act.agreed:
        _check_period(act)


def _check_revision(subscription: Subscription, revision: int | None) -> None:
    if revision is not None and subscription.revision != revision:
        raise ValidationError(
            _("Somebody else changed this subscription meanwhile. Look at it again before you submit."),
            "changed_meanwhile",
        )


def _is_another_since(act: Act, moment: datetime) -> bool:
    """Whether the family has an add-on, or a charge, that it did not have at the moment.

    Both are asked: an order charges as of the moment of its page, which may be before that of a quote it overtook.
    """
    if any(each.created_at > moment for each in act.living):
        return True
    return Charge.objects.filter(subscription__in=[each.pk for each in act.family], posted_at__gt=moment).exists()


def _check_period(act: Act) -> None:
    """A quote of before the running billing period would charge for what is over."""
    now = timezone.now()
    if any(current_period(each, act.moment).end != current_period(each, now).end for each in act.living):
        raise quote_expired()


def _finish(act: Act) -> None:
    if not act.notes:
        return
    charges = post(act.postings, actor=act.membership.user) if act.postings else []
    if act.agreed:
        act.agreed.check(charges)
    act.family.plan_next_visit()  # first: what has ended is not due
    act.family.base.save(update_fields=["due_at"])
    for subscription in dict.fromkeys(note.subscription for note in act.notes):
        subscription.revision += 1
        subscription.save()
    for note in act.notes:
        _write(note, act, [each.code for each in charges if each.subscription_id == note.subscription.pk])


def _write(note: Note, act: Act, charges: list[UUID]) -> None:
    details = note.details | ({"charges": charges} if note.costs and charges else {})
    record(
        note.verb,
        note.subscription,
        actor=act.membership.user,
        seen_by=[*parties(note.subscription.relationship), *note.also],
        affected=note.subscription.customer.organisation,
        subscription=note.subscription.code,
        **details,
    )
