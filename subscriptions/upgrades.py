"""Upgrading: moving a subscription, at once and with all its licences, to a product that its offer allows.

The term goes on (design.md §7): what is left of the running billing period is given back at the old price and charged
at the new one. The 168 hours of the licences run as before.
"""

from copy import copy
from datetime import datetime

from accounts.models import Membership
from accounts.roles import Permission
from activity.verbs import Verb
from subscriptions.acting import acting, check_active, foreseen
from subscriptions.credit import current_credit
from subscriptions.families import Family
from subscriptions.ledger import Posting, for_the_rest
from subscriptions.limits import check_limits
from subscriptions.markups import Markups
from subscriptions.models import Charge, Offer, Subscription
from subscriptions.offers import alike, as_sold, named
from subscriptions.plans import check_add_ons, not_offered, withdraw_open_plan
from subscriptions.quotes import Agreement, Quote, quote
from subscriptions.returns import unused


def upgrade_targets(subscription: Subscription, membership: Membership, moment: datetime | None = None) -> list[Offer]:
    """What it may become: on sale at the moment, for the same customers, with the same term and billing frequency.

    Trials are converted instead, and add-ons stay what they are to their base.
    """
    offer = subscription.offer
    if subscription.base_id or offer.is_trial:
        return []
    wanted = named(as_sold(offer, moment).upgrades_to)
    found = alike(offer).on_sale(moment).filter(wanted).visible_to(membership)
    return list(found.filter(term=subscription.term, billing=subscription.billing).order_by("sku_title", "pk"))


def quote_upgrade(subscription: Subscription, offer: Offer, *, moment: datetime) -> Quote:
    """What the upgrade would cost at the moment, refused as it would be."""
    with foreseen(subscription, moment) as family:
        current = family.member(subscription.pk)
        _check(family, current, offer, moment)
        refunds = unused(current, moment=moment)
        return quote(current, [*refunds, _charge(move_to(copy(current), offer), moment)], moment=moment)


def upgrade(
    subscription: Subscription, offer: Offer, *, membership: Membership, agreed: Agreement | None = None
) -> None:
    """Upgrade at once, or as was agreed to. What was scheduled for the renewal is withdrawn.

    Refused with wrong_state, not_offered, add_on_not_supported, and as licences are refused (limits of the new offer).
    """
    verb, right = Verb.SUBSCRIPTION_UPGRADED, Permission.PLACE_ORDERS
    with acting(verb, subscription, membership, permission=right, agreed=agreed, offer=offer) as act:
        current = act.subscription
        check_active(current)
        if offer not in upgrade_targets(current, membership, act.moment):
            raise not_offered(offer)
        _check(act.family, current, offer, act.moment)
        old = current.offer
        act.postings += unused(current, moment=act.moment)
        withdraw_open_plan(act, current)
        move_to(current, offer)
        act.postings.append(_charge(current, act.moment))
        act.note(verb, costs=True, old=str(old), new=str(offer))


def move_to(subscription: Subscription, offer: Offer) -> Subscription:
    """Make it the offer's, at the offer's price and the markup of this moment. A nickname of its own is kept."""
    if subscription.nickname == subscription.offer.sku_title[:100]:
        subscription.nickname = offer.sku_title[:100]
    subscription.offer, subscription.unit_price = offer, offer.unit_price
    subscription.term, subscription.billing = offer.term, offer.billing
    period = current_credit(subscription)
    reseller = period.partner_account.organisation_id if period else None
    subscription.markup = Markups(subscription.provider_id, reseller).percent(offer)
    subscription.take_names()
    return subscription


def _check(family: Family, subscription: Subscription, offer: Offer, moment: datetime) -> None:
    """Its add-ons have to go with the new product as well, and its licences have to be within that one's limits."""
    check_add_ons(family, offer, moment)
    check_limits(subscription, offer, subscription.licences)


def _charge(subscription: Subscription, moment: datetime) -> Posting:
    return for_the_rest(subscription, Charge.Kind.PURCHASE, subscription.licences, moment=moment)
