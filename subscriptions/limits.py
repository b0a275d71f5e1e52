"""How many licences of an offer a customer may have. Limits hold where somebody chooses, not for what just goes on."""

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext_lazy

from subscriptions.assignments import check_not_assigned
from subscriptions.models import Offer, RenewalPlan, Subscription
from subscriptions.offers import as_sold
from subscriptions.ordering.rules import check_licences

_TOO_MANY_ALTOGETHER = ngettext_lazy(
    "A customer can have at most %(most)s license of %(offer)s altogether, and has %(others)s elsewhere.",
    "A customer can have at most %(most)s licenses of %(offer)s altogether, and has %(others)s elsewhere.",
    "most",
)
_TOO_MANY_AHEAD = ngettext_lazy(
    "A customer can have at most %(most)s license of %(offer)s altogether, and has %(others)s elsewhere, "
    "counting what is scheduled.",
    "A customer can have at most %(most)s licenses of %(offer)s altogether, and has %(others)s elsewhere, "
    "counting what is scheduled.",
    "most",
)


def check_limits(subscription: Subscription, offer: Offer, licences: int) -> None:
    """Refuse licences of an offer for a subscription that is held: too_few, too_many, too_many_altogether (those of
    suspended subscriptions count), licences_assigned.
    """
    _check(subscription, offer, licences, ahead=False)


def check_limits_ahead(subscription: Subscription, offer: Offer, licences: int) -> None:
    """The same for a renewal: what is scheduled for others counts beside what they have, whichever is more."""
    _check(subscription, offer, licences, ahead=True)


def _check(subscription: Subscription, offer: Offer, licences: int, *, ahead: bool) -> None:
    check_licences(offer, licences)
    most = as_sold(offer).most_per_customer
    if most is not None:
        held = _elsewhere(subscription, offer)
        others = _with_planned(held, subscription, offer) if ahead else held
        if (count := sum(others.values())) + licences > most:
            words = _TOO_MANY_ALTOGETHER if others == held else _TOO_MANY_AHEAD
            names = {"offer": offer.sku_title, "most": most, "others": count}
            raise ValidationError(words, "too_many_altogether", names)
    if licences < subscription.licences:
        check_not_assigned(subscription, licences)


def _elsewhere(subscription: Subscription, offer: Offer) -> dict[int, int]:
    """The licences of the customer's other subscriptions of the same product and SKU."""
    same = Subscription.objects.filter(
        customer=subscription.customer_id,
        provider=subscription.provider_id,
        offer__product_id=offer.product_id,
        offer__sku_id=offer.sku_id,
    )
    return dict(same.not_ended().exclude(pk=subscription.pk).values_list("pk", "licences"))


def _with_planned(held: dict[int, int], subscription: Subscription, offer: Offer) -> dict[int, int]:
    """With what the others have scheduled of it: they renew when they do, so the more of the two counts."""
    planned = RenewalPlan.objects.open().filter(
        subscription__customer=subscription.customer_id,
        subscription__provider=subscription.provider_id,
        offer__product_id=offer.product_id,
        offer__sku_id=offer.sku_id,
    )
    planned = planned.exclude(subscription=subscription)
    ahead = dict(planned.values_list("subscription", "licences"))
    return {pk: max(held.get(pk, 0), ahead.get(pk, 0)) for pk in held.keys() | ahead.keys()}
