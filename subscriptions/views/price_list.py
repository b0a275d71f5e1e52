"""The price list: a provider's, with what resellers pay, and a reseller's, with its own prices."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from accounts.tabs import Tab, tabs_to
from activity.exports import export_list
from subscriptions.filters import PriceListFilter
from subscriptions.lists.prices import HEADER, OWN_SORTINGS, SORTINGS, at_own_price, own_lines, price_lines, priced
from subscriptions.markups import Markups
from subscriptions.models import Offer
from subscriptions.price_list import COLUMNS


def tabs(current: str) -> list[Tab]:
    """Price list | Markups."""
    return tabs_to((("subscriptions:price_list", _("Price list")), ("subscriptions:markups", _("Markups"))), current)


@requires(Permission.SEE_PRICES, Kind.PROVIDER)
@vary_on_headers("HX-Request")
def price_list(request: PortalRequest) -> HttpResponse:
    """Offers of one's own market, unless another is chosen, and what a reseller pays, or resellers in general."""
    filters = PriceListFilter(request.GET, membership=request.membership)
    sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(filters.apply(Offer.objects.visible_to(request.membership)), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "rows": list(priced(page, _markups(request, filters))),
        "reseller": filters.values().get("reseller"),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
        "tabs": tabs("subscriptions:price_list"),
        "can_set": request.membership.can(Permission.SET_MARKUPS),
    }
    return _shown(request, context, "price_list")


@requires(Permission.SEE_PRICES, Kind.PROVIDER)
def price_list_export(request: PortalRequest) -> StreamingHttpResponse:
    """In the columns in which price lists are exchanged, which have no translation, and what resellers pay."""
    filters = PriceListFilter(request.GET, membership=request.membership)
    rows = filters.apply(Offer.objects.visible_to(request.membership))
    _sort, sorting = sorting_from(request, SORTINGS)
    offers = rows.order_by(*sorting.order_by()).iterator(chunk_size=500)
    return export_list(request, "price-list", _("Price list"), HEADER, price_lines(offers, _markups(request, filters)))


@requires(Permission.SEE_BILLS, Kind.RESELLER)
@vary_on_headers("HX-Request")
def own_prices(request: PortalRequest) -> HttpResponse:
    """What one of its indirect providers sells to the reseller, at the reseller's own prices."""
    filters = PriceListFilter(request.GET, membership=request.membership)
    sort, sorting = sorting_from(request, OWN_SORTINGS)
    page = paginate(filters.apply(Offer.objects.visible_to(request.membership, filters.seller)), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "rows": list(at_own_price(page, _own_markups(request, filters))),
        "is_own": True,
        "sort": sort,
        "sorts": sort_links(request, OWN_SORTINGS),
    }
    return _shown(request, context, "own_prices")


@requires(Permission.SEE_BILLS, Kind.RESELLER)
def own_prices_export(request: PortalRequest) -> StreamingHttpResponse:
    """In the public columns: the unit price is one's own."""
    filters = PriceListFilter(request.GET, membership=request.membership)
    rows = filters.apply(Offer.objects.visible_to(request.membership, filters.seller))
    _sort, sorting = sorting_from(request, OWN_SORTINGS)
    offers = rows.order_by(*sorting.order_by()).iterator(chunk_size=500)
    lines = own_lines(offers, _own_markups(request, filters))
    return export_list(request, "price-list", _("Price list"), COLUMNS, lines)


def _shown(request: PortalRequest, context: dict[str, Any], name: str) -> HttpResponse:
    list_url, seller = reverse(f"subscriptions:{name}"), context["filters"].seller
    addresses = {
        "list_url": list_url,
        "whole_url": f"{list_url}?provider={seller.pk}" if seller and name == "own_prices" else list_url,
        "export_url": reverse(f"subscriptions:{name}_export"),
    }
    template = "subscriptions/_price_table.html" if request.htmx else "subscriptions/price_list.html"
    return render(request, template, context | addresses)


def _markups(request: PortalRequest, filters: PriceListFilter) -> Markups:
    """Those for the reseller whose prices are asked for, or for resellers in general."""
    reseller = filters.values().get("reseller")
    return Markups(request.membership.organisation_id, reseller.pk if reseller else None)


def _own_markups(request: PortalRequest, filters: PriceListFilter) -> Markups | None:
    """Those of the chosen provider for the reseller; None while none is chosen, and nothing is shown either."""
    return Markups(filters.seller.pk, request.membership.organisation_id) if filters.seller else None
