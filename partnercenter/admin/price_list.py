"""The price list, line by line; files are loaded with manage.py."""

from django.contrib import admin
from django.http import HttpRequest

from partnercenter.admin.desk import OperatorAdmin
from subscriptions.models import Offer


@admin.register(Offer)
class OfferAdmin(OperatorAdmin):
    """What was ordered keeps its price. Which product a line is for stays; an offer ends with its effective period."""

    list_display = ("sku_title", "product_id", "sku_id", "term", "billing", "market", "unit_price", "currency")
    list_filter = ("category", "segment", "term", "billing")
    search_fields = ("product_id__startswith", "sku_title__startswith")

    def get_readonly_fields(self, request: HttpRequest, obj: Offer | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("product_id", "sku_id", "term", "billing", "market", "currency", "segment", "effective_from")
