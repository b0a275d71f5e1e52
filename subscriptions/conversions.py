"""Converting a trial into a paid subscription, at once (domain.md §6.3 and §7.3).

A new term begins at that moment, and its first billing period is charged in full. The trial stays remembered, for a
customer tries each product once.
"""

from copy import copy
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Permission
from activity.verbs import Verb
from subscriptions.acting import acting, check_active, foreseen
from subscriptions.families import Family
from subscriptions.ledger import Posting, current_period, for_the_rest
from subscriptions.limits import check_limits
from subscriptions.models import Charge, LicenceChange, Offer, Subscription
from subscriptions.offers import alike, as_sold, named
from subscriptions.plans import not_offered, withdraw_open_plan
from subscriptions.quotes import Agreement, Quote, quote
from subscriptions.returns import unused
from subscriptions.terms import end_of_term
from subscriptions.upgrades import move_to


def conversion_targets(
    subscription: Subscription, membership: Membership, moment: datetime | None = None
) -> list[Offer]:
    """What a trial may become, on sale at the moment, in every term and billing frequency; nothing for what is none."""
    offer = subscription.offer
    if not offer.is_trial:
        return []
    wanted = named(as_sold(offer, moment).converts_to)
    found = alike(offer).on_sale(moment).filter(wanted).visible_to(membership)
    return list(found.order_by("sku_title", "term", "billing", "pk"))


def quote_conversion(subscription: Subscription, offer: Offer, licences: int, *, moment: datetime) -> Quote:
    """What the conversion would cost at the moment, refused as it would be."""
    with foreseen(subscription, moment) as family:
        current = family.member(subscription.pk)
        _check(family, current, offer, licences)
        refunds = unused(current, moment=moment)
        return quote(current, [*refunds, _begin(copy(current), offer, licences, moment)], moment=moment)


def convert(
    subscription: Subscription,
    offer: Offer,
    licences: int,
    *,
    membership: Membership,
    agreed: Agreement | None = None,
) -> None:
    """Make the trial a paid subscription with so many licences, at once or as was agreed to.

    Refused with wrong_state, not_offered (also for what is no trial), has_add_ons, and as licences are refused.
    """
    right = Permission.PLACE_ORDERS
    with acting(Verb.TRIAL_CONVERTED, subscription, membership, permission=right, agreed=agreed, offer=offer) as act:
        current, old = act.subscription, act.subscription.offer
        check_active(current)
        if offer not in conversion_targets(current, membership, act.moment):
            raise not_offered(offer)
        _check(act.family, current, offer, licences)
        difference = licences - current.licences
        act.postings += unused(current, moment=act.moment)
        withdraw_open_plan(act, current)
        act.postings.append(_begin(current, offer, licences, act.moment))
        if difference:
            LicenceChange.objects.create(
                subscription=current, difference=difference, changed_at=act.moment, changed_by=membership.user
            )
        act.note(Verb.TRIAL_CONVERTED, costs=True, old=str(old), new=str(offer), licences=licences)


def _begin(trial: Subscription, offer: Offer, licences: int, moment: datetime) -> Posting:
    """Start the first paid term, and return its first charge."""
    move_to(trial, offer)
    trial.licences = licences
    trial.starts_at = trial.anchor = moment
    trial.ends_at = end_of_term(moment, offer)
    trial.auto_renew = bool(offer.term)
    trial.charged_until = current_period(trial, moment).end
    return for_the_rest(trial, Charge.Kind.PURCHASE, licences, moment=moment)


def _check(family: Family, trial: Subscription, offer: Offer, licences: int) -> None:
    if any(not each.ended_at for each in family.add_ons):
        raise ValidationError(_("Cancel the add-ons of this trial before you convert it."), "has_add_ons")
    check_limits(trial, offer, licences)
