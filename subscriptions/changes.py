"""What may change in a subscription, by whom, and what it leaves behind in its history.

Sources: seed (*On the subscription details page…*), design.md §4.5, §4.10, §4.12, §5 and §7.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.access import RoleMissing
from accounts.models import Membership, Organisation
from accounts.roles import Kind, Permission
from activity.log import attempt, record
from activity.verbs import Verb
from customers.delegations import check_administers
from customers.registration import parties
from resellers.eligibility import account_for_credit
from resellers.models import Partnership, Reseller
from subscriptions.assignments import check_not_assigned
from subscriptions.credit import credit, current_credit
from subscriptions.models import LicenceChange, Subscription
from subscriptions.ordering import check_licences
from subscriptions.returns import returnable
from subscriptions.support import hand_over_open_requests


@dataclass(frozen=True)
class Changes:
    """The subscription as its page was submitted. What is equal to what it was is no change."""

    nickname: str
    licences: int
    auto_renew: bool
    mpn_id: str
    support_contact: Reseller | None


def submit_changes(
    subscription: Subscription, changes: Changes, *, revision: int, membership: Membership
) -> list[Verb]:
    """Make all the changes or none, and return which there were.

    Refused with changed_meanwhile when the page was made before somebody else's change, with not_changeable when the
    subscription has ended, with no_delegation for a reseller without account administration, and with every field's
    own reason at once. RoleMissing when a change needs another role.
    """
    done: list[Verb] = []
    with attempt(
        Verb.SUBSCRIPTION_CHANGED,
        subscription,
        actor=membership.user,
        seen_by=parties(subscription.relationship),
        affected=subscription.customer.organisation,
        subscription=subscription.code,
    ) as line:
        subscription = _locked(subscription, revision)
        problems: dict[str, ValidationError] = {}
        for field, permission, change in _CHANGES:
            verb = None
            try:
                verb = change(subscription, changes, membership)
            except ValidationError as problem:
                problems[field] = problem
            if (verb or field in problems) and not membership.can(permission):
                raise RoleMissing(permission, membership.kind)
            if verb:
                done.append(verb)
        if done or problems:
            _check_access(subscription, membership)
        if problems:
            raise ValidationError(problems)
        line.is_written = True  # each change has written its own
        if done:
            subscription.revision += 1
            subscription.save()
    return done


def suspend(subscription: Subscription, *, membership: Membership) -> None:
    """Take access away from the customer's users until the subscription is reactivated; it goes on being billed."""
    _move(
        subscription, Verb.SUBSCRIPTION_SUSPENDED, Subscription.Status.ACTIVE, Subscription.Status.SUSPENDED, membership
    )


def reactivate(subscription: Subscription, *, membership: Membership) -> None:
    """Give access back."""
    _move(
        subscription,
        Verb.SUBSCRIPTION_REACTIVATED,
        Subscription.Status.SUSPENDED,
        Subscription.Status.ACTIVE,
        membership,
    )


def _move(
    subscription: Subscription,
    verb: Verb,
    origin: Subscription.Status,
    goal: Subscription.Status,
    membership: Membership,
) -> None:
    with attempt(
        verb,
        subscription,
        actor=membership.user,
        seen_by=parties(subscription.relationship),
        affected=subscription.customer.organisation,
        subscription=subscription.code,
    ):
        subscription = Subscription.objects.select_for_update().get(pk=subscription.pk)
        _check_access(subscription, membership)
        if subscription.status != origin:
            raise ValidationError(
                _("This subscription is %(status)s."), "wrong_state", {"status": subscription.get_status_display()}
            )
        subscription.status = goal
        subscription.revision += 1
        subscription.save(update_fields=["status", "revision"])


def _check_access(subscription: Subscription, membership: Membership) -> None:
    """A provider manages what it sells; a reseller does so with account administration only (design.md §5)."""
    if membership.kind == Kind.RESELLER:
        check_administers(membership, subscription.customer)


def _locked(subscription: Subscription, revision: int) -> Subscription:
    current = Subscription.objects.select_for_update(of=("self",)).with_parties().get(pk=subscription.pk)
    if current.revision != revision:
        raise ValidationError(
            _("Somebody else changed this subscription meanwhile. Look at it again before you submit."),
            "changed_meanwhile",
        )
    if not current.can_change:
        raise ValidationError(
            _("This subscription is %(status)s and cannot change any more."),
            "not_changeable",
            {"status": current.get_status_display()},
        )
    return current


def _rename(subscription: Subscription, changes: Changes, membership: Membership) -> Verb | None:
    if changes.nickname == subscription.nickname:
        return None
    old, subscription.nickname = subscription.nickname, changes.nickname
    subscription.take_names()
    return _remember(Verb.NICKNAME_CHANGED, subscription, membership, old=old, new=changes.nickname)


def _set_licences(subscription: Subscription, changes: Changes, membership: Membership) -> Verb | None:
    difference = changes.licences - subscription.licences
    if difference == 0:
        return None
    if subscription.offer.is_usage_based:
        raise ValidationError(_("A usage-based subscription has no licenses to count."), "usage_based")
    if subscription.status != Subscription.Status.ACTIVE:
        raise ValidationError(_("Reactivate the subscription before you change its licenses."), "suspended")
    check_licences(subscription.offer, changes.licences)
    if difference < 0 and -difference > (most := sum(lot.licences for lot in returnable(subscription))):
        raise ValidationError(
            _(
                "Licenses can be given back within 168 hours of being added. "
                "At this moment %(most)s can be given back, so at least %(least)s stay."
            ),
            "return_window",
            {"most": most, "least": subscription.licences - most},
        )
    if difference < 0:
        check_not_assigned(subscription, changes.licences)
    old, subscription.licences = subscription.licences, changes.licences
    LicenceChange.objects.create(subscription=subscription, difference=difference, changed_by=membership.user)
    return _remember(Verb.LICENCES_CHANGED, subscription, membership, old=old, new=changes.licences)


def _set_auto_renew(subscription: Subscription, changes: Changes, membership: Membership) -> Verb | None:
    if changes.auto_renew == subscription.auto_renew:
        return None
    if not subscription.term:
        raise ValidationError(_("A subscription without a term does not renew."), "no_term")
    subscription.auto_renew = changes.auto_renew
    return _remember(
        Verb.AUTO_RENEW_CHANGED, subscription, membership, old=not changes.auto_renew, new=changes.auto_renew
    )


def _change_credit(subscription: Subscription, changes: Changes, membership: Membership) -> Verb | None:
    """The MPN ID that is credited from now on. An unchanged one is left alone, even if it could not be chosen today."""
    period = current_credit(subscription)
    old = period.partner_account if period else None
    wanted = changes.mpn_id.strip()
    if (old is None and not wanted) or (old is not None and wanted and wanted.lstrip("0") == old.number.lstrip("0")):
        return None
    new = account_for_credit(wanted, provider=subscription.provider) if wanted else None
    credit(subscription, new, actor=membership.user)
    also = [account.organisation for account in (old, new) if account]
    return _remember(Verb.CREDIT_CHANGED, subscription, membership, also=also, old=str(old or ""), new=str(new or ""))


def _designate_support(subscription: Subscription, changes: Changes, membership: Membership) -> Verb | None:
    old, new = subscription.support_contact, changes.support_contact
    if old == new:
        return None
    if new and not Partnership.objects.active().filter(provider=subscription.provider_id, reseller=new).exists():
        raise ValidationError(
            _("%(name)s is not your partner. Request a partnership before you designate it."),
            "support_not_partnered",
            {"name": str(new)},
        )
    subscription.support_contact = new
    hand_over_open_requests(subscription, actor=membership.user)
    also = [reseller.organisation for reseller in (old, new) if reseller]
    provider = str(subscription.provider)
    return _remember(
        Verb.SUPPORT_CONTACT_CHANGED,
        subscription,
        membership,
        also=also,
        old=str(old or provider),
        new=str(new or provider),
    )


def _remember(
    verb: Verb,
    subscription: Subscription,
    membership: Membership,
    *,
    also: list[Organisation] | None = None,
    **details: Any,
) -> Verb:
    record(
        verb,
        subscription,
        actor=membership.user,
        seen_by=[*parties(subscription.relationship), *(also or [])],
        affected=subscription.customer.organisation,
        subscription=subscription.code,
        **details,
    )
    return verb


_Change = Callable[[Subscription, Changes, Membership], Verb | None]
_CHANGES: tuple[tuple[str, Permission, _Change], ...] = (
    ("nickname", Permission.EDIT_SUBSCRIPTIONS, _rename),
    ("licences", Permission.EDIT_SUBSCRIPTIONS, _set_licences),
    ("auto_renew", Permission.EDIT_SUBSCRIPTIONS, _set_auto_renew),
    ("mpn_id", Permission.CHANGE_CREDIT, _change_credit),
    ("support_contact", Permission.DESIGNATE_SUPPORT, _designate_support),
)
