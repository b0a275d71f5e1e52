"""Which lines of the price list a subscription may move to."""

from collections.abc import Iterable

from django.db.models import Q

from subscriptions.models import Offer
from subscriptions.models.catalogue import OfferQuerySet


def alike(offer: Offer) -> OfferQuerySet:
    """The lines for the same customers: of the offer's market, currency and segment."""
    return Offer.objects.filter(market=offer.market, currency=offer.currency, segment=offer.segment)


def named(skus: Iterable[str]) -> Q:
    """Those with one of these products and SKUs, as tags name them; none for none."""
    wanted = Q(pk=None)
    for sku in skus:
        product_id, _colon, sku_id = sku.partition(":")
        wanted |= Q(product_id=product_id, sku_id=sku_id)
    return wanted
