"""The list of a provider's markups: its rows, and the same as a file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.paging import Sorting
from subscriptions.models import Markup, Offer
from subscriptions.models.prices import MarkupQuerySet

SORTINGS = {
    "product": Sorting(("product_id", "sku_id", "reseller_name", "id")),
    "reseller": Sorting(("reseller_name", "product_id", "sku_id", "id")),
    "markup": Sorting(("percent", "id")),
    "changed": Sorting(("set_at", "id"), descending=True),
}
HEADER = (
    *(_("Indirect reseller"), _("Microsoft ID"), _("Product ID"), _("SKU ID"), _("Product")),
    *(_("Markup"), _("Changed"), _("Changed by")),
)
_CHUNK = 500


@dataclass(frozen=True)
class MarkupRow:
    """A markup, and what the price list calls the thing that it is for."""

    markup: Markup
    title: str


def markup_rows(membership: Membership) -> MarkupQuerySet:
    """The provider's markups with what the list shows of them; those for all resellers sort before a reseller's."""
    rows = Markup.objects.visible_to(membership).select_related("reseller__organisation", "set_by")
    return rows.annotate(reseller_name=Coalesce(Lower("reseller__organisation__name"), Value("")))


def with_titles(markups: Sequence[Markup], membership: Membership) -> list[MarkupRow]:
    """The rows of a page, with one query for the titles; an ID that no price list has any more stands for itself."""
    titles = _titles({markup.product_id for markup in markups} - {""}, membership)
    return [MarkupRow(each, _title(each, titles)) for each in markups]


def markup_lines(markups: Iterable[Markup], membership: Membership) -> Iterator[list[object]]:
    """The list under HEADER: times in UTC, percent as a plain number."""
    remaining = iter(markups)
    while chunk := list(islice(remaining, _CHUNK)):
        for row in with_titles(chunk, membership):
            markup = row.markup
            yield [
                str(markup.reseller) if markup.reseller else pgettext("resellers", "All"),
                markup.reseller_id or "",
                *(markup.product_id, markup.sku_id, row.title, f"{markup.percent:f}"),
                *(f"{markup.set_at:%Y-%m-%dT%H:%M:%SZ}", markup.set_by.email),
            ]


def product_title(product_id: str, sku_id: str, membership: Membership) -> str:
    """What the price list calls a product family, or an SKU of it."""
    return _title(Markup(product_id=product_id, sku_id=sku_id), _titles({product_id} - {""}, membership))


def _titles(products: set[str], membership: Membership) -> dict[tuple[str, str], str]:
    if not products:
        return {}
    offers = Offer.objects.visible_to(membership).filter(product_id__in=products)
    latest = offers.order_by("product_id", "sku_id", "-effective_from", "id").distinct("product_id", "sku_id")
    titles: dict[tuple[str, str], str] = {}
    for product, sku, product_title_, sku_title in latest.values_list(
        "product_id", "sku_id", "product_title", "sku_title"
    ):
        titles[product, sku] = sku_title
        titles[product, ""] = product_title_
    return titles


def _title(markup: Markup, titles: dict[tuple[str, str], str]) -> str:
    if not markup.product_id:
        return gettext("Everything")
    return titles.get((markup.product_id, markup.sku_id), "")


def searched(rows: MarkupQuerySet, text: str) -> MarkupQuerySet:
    """Those with every word in the reseller's name, or whose product ID begins with it."""
    for word in text.split():
        rows = rows.filter(Q(reseller_name__contains=word.lower()) | Q(product_id__istartswith=word))
    return rows
