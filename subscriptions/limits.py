"""How many licences of an offer a customer may have. Limits hold where somebody chooses, not for what just goes on."""

from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils.translation import ngettext_lazy

from subscriptions.assignments import check_not_assigned
from subscriptions.models import Offer, Subscription
from subscriptions.ordering.rules import check_licences

_TOO_MANY_ALTOGETHER = ngettext_lazy(
    "A customer can have at most %(most)s license of %(offer)s altogether, and has %(others)s elsewhere.",
    "A customer can have at most %(most)s licenses of %(offer)s altogether, and has %(others)s elsewhere.",
    "most",
)


def check_limits(subscription: Subscription, offer: Offer, licences: int) -> None:
    """Refuse licences of an offer for a subscription that is held: too_few, too_many, too_many_altogether (those of
    suspended subscriptions count), licences_assigned.
    """
    check_licences(offer, licences)
    if offer.most_per_customer is not None:
        _check_altogether(subscription, offer, licences, offer.most_per_customer)
    if licences < subscription.licences:
        check_not_assigned(subscription, licences)


def _check_altogether(subscription: Subscription, offer: Offer, licences: int, most: int) -> None:
    same = Subscription.objects.filter(
        customer=subscription.customer_id,
        provider=subscription.provider_id,
        offer__product_id=offer.product_id,
        offer__sku_id=offer.sku_id,
    )
    others = same.not_ended().exclude(pk=subscription.pk).aggregate(sum=Sum("licences"))["sum"] or 0
    if others + licences > most:
        names = {"offer": offer.sku_title, "most": most, "others": others}
        raise ValidationError(_TOO_MANY_ALTOGETHER, "too_many_altogether", names)
