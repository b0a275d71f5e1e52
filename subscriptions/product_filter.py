"""What a list of orders or of subscriptions is narrowed to by a product."""

from typing import Any

from django import forms
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from subscriptions.models import Offer, OrderLine, Subscription

# From one offer to the next along the index of a table that has a few of them, each a thousand times.
_USED = """
    WITH RECURSIVE used (id) AS (
        SELECT MIN(offer_id) FROM {table}
        UNION ALL
        SELECT (SELECT MIN(offer_id) FROM {table} WHERE offer_id > used.id) FROM used WHERE used.id IS NOT NULL
    ) SELECT id FROM used WHERE id IS NOT NULL
"""


class ProductField(forms.CharField):
    """Words of a product's title, or the beginning of its product ID."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput({"placeholder": _("Title or product ID"), "autocomplete": "off"})
        super().__init__(label=_("Product"), required=False, max_length=100, widget=widget, **kwargs)


def offers_named(product: str, model: type[Subscription | OrderLine]) -> list[int]:
    """The keys of the offers that a product filter means: read first, so that an index finds what is of them.

    Only those that were ever bought, of which the price list has a hundred times as many.
    """
    used = RawSQL(_USED.format(table=model._meta.db_table), [])  # noqa: S611  # a table of ours
    return list(Offer.objects.filter(pk__in=used).search(product).values_list("pk", flat=True))
