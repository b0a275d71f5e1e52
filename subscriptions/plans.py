"""Scheduling what a subscription is to renew with: licences, term, billing frequency, product (design.md §7).

A plan holds no price: that is of the renewal. What may be chosen is what the price list offers now, in the same market,
currency and segment; whether it still does when the term ends is asked then.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Permission
from activity.verbs import Verb
from subscriptions.acting import Act, acting, check_active, check_may
from subscriptions.families import Family
from subscriptions.limits import check_limits_ahead
from subscriptions.models import Offer, RenewalPlan, Subscription
from subscriptions.offers import alike, as_sold, named
from subscriptions.ordering.holdings import may_add_to


def open_plan(subscription: Subscription) -> RenewalPlan | None:
    """What is scheduled now, if anything."""
    return RenewalPlan.objects.open().select_related("offer", "made_by").filter(subscription=subscription).first()


def renewal_choices(subscription: Subscription, membership: Membership) -> list[Offer]:
    """What it could renew with, itself first: other terms and billing frequencies, and what the offer may become.

    A trial is tried once, so it can only become what it converts to. An add-on renews as it is, with its base; and
    whoever does not see the price list chooses among nothing else.
    """
    offer = subscription.offer
    if not subscription.term:
        return []
    rules = as_sold(offer)
    wanted = named(rules.converts_to) if offer.is_trial else Q(item=offer.item)
    if not subscription.base_id and not offer.is_trial:
        wanted |= named([offer.sku, *rules.upgrades_to])
    found = alike(offer).on_sale().filter(wanted).exclude(term="").order_by("sku_title", "term", "billing", "pk")
    visible = {each.pk for each in found.visible_to(membership)}
    choices = [each for each in found if each.pk in visible or each.item == offer.item]
    return sorted(choices, key=lambda each: each.item != offer.item)


def plan_renewal(subscription: Subscription, *, offer: Offer, licences: int, membership: Membership) -> RenewalPlan:
    """Schedule the offer and the licences for the renewal, in place of what was scheduled before.

    Licences alone take the right to edit subscriptions; another product, term or billing frequency the right to order.
    Refused with wrong_state, no_term, plan_auto_renew_off, not_offered, plan_same, add_on_not_supported, and as
    licences are refused.
    """
    with acting(Verb.RENEWAL_SCHEDULED, subscription, membership, offer=offer) as act:
        current = act.subscription
        check_may(act, _permission(current, offer))
        _check_renews(current)
        if offer not in renewal_choices(current, membership):
            raise not_offered(offer)
        if offer.item == current.offer.item and licences == current.licences:
            raise ValidationError(
                _("The subscription renews with exactly this as it is. To return to it, withdraw what is scheduled."),
                "plan_same",
            )
        if current is act.family.base:
            check_add_ons(act.family, offer)
        check_limits_ahead(current, offer, licences)
        old = _withdraw(current)
        plan = RenewalPlan.objects.create(subscription=current, offer=offer, licences=licences, made_by=membership.user)
        act.note(Verb.RENEWAL_SCHEDULED, term=offer.term, billing=offer.billing, old=_words(old), new=_words(plan))
    return plan


def withdraw_plan(subscription: Subscription, *, membership: Membership) -> None:
    """Let it renew with what it has. Refused with no_plan; whoever could schedule it may withdraw it."""
    with acting(Verb.RENEWAL_UNSCHEDULED, subscription, membership) as act:
        plan = open_plan(act.subscription)
        check_may(act, _permission(act.subscription, plan.offer if plan else act.subscription.offer))
        if plan is None:
            raise ValidationError(_("Nothing is scheduled for the renewal."), "no_plan")
        withdraw_open_plan(act, act.subscription)


def withdraw_open_plan(act: Act, subscription: Subscription) -> None:
    """Withdraw what is scheduled, if anything, and have that written: another change has made it pointless."""
    if plan := _withdraw(subscription):
        act.note(Verb.RENEWAL_UNSCHEDULED, subscription, old=_words(plan))


def not_offered(offer: Offer) -> ValidationError:
    """The refusal for what this subscription cannot become, or what the price list does not offer any more."""
    return ValidationError(_("%(offer)s is not offered for this subscription."), "not_offered", {"offer": str(offer)})


def check_add_ons(family: Family, offer: Offer, moment: datetime | None = None) -> None:
    """Refuse (add_on_not_supported) another product for the base that an add-on of it does not go with."""
    if offer.sku == family.base.offer.sku:
        return
    living = (each for each in family.add_ons if not each.ended_at)
    stuck = [each for each in living if not may_add_to(as_sold(each.offer, moment), offer)]
    if stuck:
        raise ValidationError(
            [
                ValidationError(
                    _("The add-on %(add_on)s does not go with %(offer)s."),
                    "add_on_not_supported",
                    {"add_on": str(each), "offer": str(offer)},
                )
                for each in stuck
            ]
        )


def _check_renews(subscription: Subscription) -> None:
    check_active(subscription)
    if not subscription.term:
        raise ValidationError(_("A subscription without a term does not renew."), "no_term")
    if not subscription.auto_renew:
        raise ValidationError(
            _("Auto-renew is off: the subscription ends with its term. Turn it on before you schedule changes."),
            "plan_auto_renew_off",
        )


def _permission(subscription: Subscription, offer: Offer) -> Permission:
    is_same = offer.item == subscription.offer.item
    return Permission.EDIT_SUBSCRIPTIONS if is_same else Permission.PLACE_ORDERS


def _withdraw(subscription: Subscription) -> RenewalPlan | None:
    plan = open_plan(subscription)
    if plan:
        plan.withdrawn_at = timezone.now()
        plan.save(update_fields=["withdrawn_at"])
    return plan


def _words(plan: RenewalPlan | None) -> str:
    return str(plan or "")
