"""Which lines of the price list a subscription may move to, and by whose rules."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from subscriptions.models import Offer
from subscriptions.models.catalogue import OfferQuerySet


def as_sold(offer: Offer, moment: datetime | None = None) -> Offer:
    """The line of the same item that is on sale at a moment, by default now: what the price list says then of upgrades,
    conversions, bases and limits counts also for what was bought by an earlier line (docs/price-list.md).

    The line itself while it is on sale, without a query; and when none is, for then nobody has said anything else.
    """
    moment = moment or timezone.now()
    if offer.effective_from <= moment < offer.effective_to:
        return offer
    return Offer.objects.on_sale(moment).filter(item=offer.item).first() or offer


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
