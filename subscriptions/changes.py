"""What may change in a subscription, by whom, and what it leaves behind in its history.

Sources: seed (*On the subscription details page…*), design.md §4.5, §4.10, §4.12, §5 and §7.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.access import RoleMissing
from accounts.models import Membership
from accounts.roles import Permission
from activity.verbs import Verb
from resellers.eligibility import account_for_credit
from resellers.models import PartnerAccount, Partnership, Reseller
from subscriptions.acting import Act, acting, check_access, foreseen
from subscriptions.credit import credit, current_credit, markup_with
from subscriptions.ledger import Posting, for_the_rest
from subscriptions.limits import check_limits
from subscriptions.models import Charge, LicenceChange, Subscription
from subscriptions.ordering.rules import check_licences
from subscriptions.plans import withdraw_open_plan
from subscriptions.quotes import Agreement, Quote, quote
from subscriptions.returns import returnable, returned
from subscriptions.states import REACTIVATE, SUSPEND, Move, Status
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
    subscription: Subscription,
    changes: Changes,
    *,
    revision: int,
    membership: Membership,
    agreed: Agreement | None = None,
) -> list[Verb]:
    """Make all the changes or none, and return which there were.

    Licences are charged, or given back, as was agreed to; refused with quote_expired when it would be anything else.
    Whoever is credited from this moment on is billed for what is added at this moment.

    Refused with changed_meanwhile when the page was made before somebody else's change, with not_changeable when the
    subscription has ended, with no_delegation for a reseller without account administration, and with every field's
    own reason at once. RoleMissing when a change needs another role.
    """
    with acting(Verb.SUBSCRIPTION_CHANGED, subscription, membership, revision=revision, agreed=agreed) as act:
        _check_changeable(act.subscription)
        problems: dict[str, ValidationError] = {}
        for field, permission, change in _CHANGES:
            noted = len(act.notes)
            try:
                change(act, changes)
            except ValidationError as problem:
                problems[field] = problem
            if (len(act.notes) > noted or field in problems) and not membership.can(permission):
                raise RoleMissing(permission, membership.kind)
        if act.notes or problems:
            check_access(act.subscription, membership)
        if problems:
            raise ValidationError(problems)
        return [note.verb for note in act.notes if note.subscription == act.subscription]


def quote_changes(subscription: Subscription, changes: Changes, *, moment: datetime) -> Quote:
    """What submitting the changes would cost at the moment, billed to whoever they credit; refused as it would be,
    beside the licences.
    """
    with foreseen(subscription, moment) as family:
        current = family.member(subscription.pk)
        if changes.licences == current.licences:
            return Quote(moment, [])
        try:
            _check_licences(current, changes.licences, moment)
        except ValidationError as problem:
            raise ValidationError({"licences": problem}) from None
        postings = _licence_postings(current, changes.licences, moment)
        if credits_ := _wanted_credit(current, changes):
            _old, new = credits_
            current.markup = markup_with(current, new)
            return Quote(moment, postings, new.organisation_id if new else None)
        return quote(current, postings, moment=moment)


def suspend(subscription: Subscription, *, membership: Membership) -> None:
    """Take access away from the customer's users until the subscription is reactivated; it goes on being billed.

    Its add-ons are suspended with it. At the end of its term it is cancelled (design.md §7).
    """
    _move(subscription, Verb.SUBSCRIPTION_SUSPENDED, SUSPEND, membership)


def reactivate(subscription: Subscription, *, membership: Membership) -> None:
    """Give access back; its add-ons are reactivated with it."""
    _move(subscription, Verb.SUBSCRIPTION_REACTIVATED, REACTIVATE, membership)


def _move(subscription: Subscription, verb: Verb, move: Move, membership: Membership) -> None:
    """Move the whole family. Refused with wrong_state, and with add_on_state for an add-on alone."""
    with acting(verb, subscription, membership, permission=Permission.SUSPEND_SUBSCRIPTIONS) as act:
        move.check(act.subscription.status)
        if act.is_add_on:
            raise ValidationError(
                _("An add-on is suspended and reactivated with its base, %(base)s."),
                "add_on_state",
                {"base": str(act.family.base)},
            )
        for each in act.living:
            if each.status in move.origins:
                each.status = move.goal
                act.note(verb, each)


def _check_changeable(subscription: Subscription) -> None:
    if not subscription.can_change:
        raise ValidationError(
            _("This subscription is %(status)s and cannot change any more."),
            "not_changeable",
            {"status": Status(subscription.status).label},
        )


def _rename(act: Act, changes: Changes) -> None:
    subscription = act.subscription
    if changes.nickname != subscription.nickname:
        old, subscription.nickname = subscription.nickname, changes.nickname
        subscription.take_names()
        act.note(Verb.NICKNAME_CHANGED, old=old, new=changes.nickname)


def _set_licences(act: Act, changes: Changes) -> None:
    """A change at once withdraws what is scheduled for the renewal (domain.md §7.3)."""
    subscription, old, new = act.subscription, act.subscription.licences, changes.licences
    if new == old:
        return
    _check_licences(subscription, new, act.moment)
    act.postings += _licence_postings(subscription, new, act.moment)
    subscription.licences = new
    LicenceChange.objects.create(
        subscription=subscription, difference=new - old, changed_at=act.moment, changed_by=act.membership.user
    )
    act.note(Verb.LICENCES_CHANGED, costs=True, old=old, new=new)
    withdraw_open_plan(act, subscription)


def _check_licences(subscription: Subscription, licences: int, moment: datetime) -> None:
    if subscription.offer.is_usage_based:
        raise ValidationError(_("A usage-based subscription has no licenses to count."), "usage_based")
    if subscription.status != Subscription.Status.ACTIVE:
        raise ValidationError(_("Reactivate the subscription before you change its licenses."), "suspended")
    returned_count = subscription.licences - licences
    if returned_count > 0 and returned_count > (most := sum(lot.licences for lot in returnable(subscription, moment))):
        check_licences(subscription.offer, licences)
        raise ValidationError(
            _(
                "Licenses can be given back within 168 hours of being added. "
                "At this moment %(most)s can be given back, so at least %(least)s stay."
            ),
            "return_window",
            {"most": most, "least": subscription.licences - most},
        )
    check_limits(subscription, subscription.offer, licences)


def _licence_postings(subscription: Subscription, licences: int, moment: datetime) -> list[Posting]:
    """What it costs to have so many from the moment on: the added ones until the billing period ends, or refunds."""
    difference = licences - subscription.licences
    if difference > 0:
        return [for_the_rest(subscription, Charge.Kind.LICENCES_ADDED, difference, moment=moment)]
    return returned(subscription, -difference, moment=moment)


def _set_auto_renew(act: Act, changes: Changes) -> None:
    """Add-ons follow their base. What was scheduled for a renewal that will not be is withdrawn."""
    subscription, new = act.subscription, changes.auto_renew
    if new == subscription.auto_renew:
        return
    if not subscription.term:
        raise ValidationError(_("A subscription without a term does not renew."), "no_term")
    if act.is_add_on:
        raise ValidationError(
            _("An add-on renews with its base, %(base)s."), "add_on_renewal", {"base": str(act.family.base)}
        )
    for each in act.living:
        if each.term and each.auto_renew != new:  # what was bought once never renews
            each.auto_renew = new
            act.note(Verb.AUTO_RENEW_CHANGED, each, old=not new, new=new)
        if not new:
            withdraw_open_plan(act, each)


def _change_credit(act: Act, changes: Changes) -> None:
    """The MPN ID that is credited from now on. Add-ons share it, and each has its markup from now on fixed with it."""
    credits_ = _wanted_credit(act.subscription, changes)
    if credits_ is None:
        return
    old, new = credits_
    also = [account.organisation for account in (old, new) if account]
    for each in act.living:
        credit(each, new, actor=act.membership.user)
        act.note(Verb.CREDIT_CHANGED, each, also=also, old=str(old or ""), new=str(new or ""))


def _wanted_credit(
    subscription: Subscription, changes: Changes
) -> tuple[PartnerAccount | None, PartnerAccount | None] | None:
    """Who is credited and who is to be. An unchanged one is left alone, even if it could not be chosen today.

    Refused as account_for_credit() does, and with add_on_credit: add-ons share their base's (design.md §7).
    """
    period = current_credit(subscription)
    old = period.partner_account if period else None
    wanted = changes.mpn_id.strip()
    if (old is None and not wanted) or (old is not None and wanted and wanted.lstrip("0") == old.number.lstrip("0")):
        return None
    if subscription.base:
        raise ValidationError(
            _("An add-on credits the same reseller as its base, %(base)s. Change it there."),
            "add_on_credit",
            {"base": str(subscription.base)},
        )
    return old, account_for_credit(wanted, provider=subscription.provider) if wanted else None


def _designate_support(act: Act, changes: Changes) -> None:
    subscription, old, new = act.subscription, act.subscription.support_contact, changes.support_contact
    if old == new:
        return
    if new and not Partnership.objects.active().filter(provider=subscription.provider_id, reseller=new).exists():
        raise ValidationError(
            _("%(name)s is not your partner. Request a partnership before you designate it."),
            "support_not_partnered",
            {"name": str(new)},
        )
    subscription.support_contact = new
    hand_over_open_requests(subscription, actor=act.membership.user)
    also = [reseller.organisation for reseller in (old, new) if reseller]
    provider = str(subscription.provider)
    act.note(Verb.SUPPORT_CONTACT_CHANGED, also=also, old=str(old or provider), new=str(new or provider))


_Change = Callable[[Act, Changes], None]
_CHANGES: tuple[tuple[str, Permission, _Change], ...] = (
    ("nickname", Permission.EDIT_SUBSCRIPTIONS, _rename),
    ("licences", Permission.EDIT_SUBSCRIPTIONS, _set_licences),
    ("auto_renew", Permission.EDIT_SUBSCRIPTIONS, _set_auto_renew),
    ("mpn_id", Permission.CHANGE_CREDIT, _change_credit),
    ("support_contact", Permission.DESIGNATE_SUPPORT, _designate_support),
)
