"""The price list as a provider reads it, with what resellers pay, and as a reseller does, with its own price alone.

A reseller never gets what its provider pays, in a page, a file, an order of rows or the address of the next page
(design.md §5): before anything is made of its rows, its own price takes the place of the other.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass

from accounts.paging import Sorting
from subscriptions.markups import Markups
from subscriptions.models import Offer
from subscriptions.money import Money
from subscriptions.price_list import COLUMNS, price_list_line

SORTINGS = {"name": Sorting(("sku_title", "id")), "price": Sorting(("unit_price", "id"))}
# Not by the unit price: the address of a page says what its last row is sorted by.
OWN_SORTINGS = {"name": Sorting(("sku_title", "id")), "erp": Sorting(("erp_price", "id"))}
# The public columns, and one more that whoever loads the file again passes over.
HEADER = (*COLUMNS, "ResellerPrice")
_UNIT_PRICE = COLUMNS.index("UnitPrice")


@dataclass(frozen=True)
class PricedOffer:
    """A row: the offer, and what a reseller pays for a license and billing period."""

    offer: Offer
    resale: Money


def priced(offers: Iterable[Offer], markups: Markups) -> Iterator[PricedOffer]:
    """The offers as the provider reads them."""
    return (PricedOffer(offer, offer.price.marked_up(markups.percent(offer))) for offer in offers)


def at_own_price(offers: Iterable[Offer], markups: Markups | None) -> Iterator[PricedOffer]:
    """The offers as a reseller reads them: its own price stands where the provider's was. Nothing without markups."""
    return (PricedOffer(_at(row), row.resale) for row in priced(offers, markups)) if markups else iter(())


def price_lines(offers: Iterable[Offer], markups: Markups) -> Iterator[list[str]]:
    """The list under HEADER."""
    for row in priced(offers, markups):
        yield [*price_list_line(row.offer), price_list_line(_at(row))[_UNIT_PRICE]]


def own_lines(offers: Iterable[Offer], markups: Markups | None) -> Iterator[list[str]]:
    """The list in the public columns; the unit price is the reseller's own."""
    return (price_list_line(row.offer) for row in at_own_price(offers, markups))


def _at(row: PricedOffer) -> Offer:
    offer = copy(row.offer)
    offer.unit_price = row.resale.amount
    return offer
