"""The price list, as the provider sees it."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import Sorting, paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from subscriptions.filters import PriceListFilter
from subscriptions.models import Offer
from subscriptions.price_list import COLUMNS, price_list_line

SORTINGS = {"name": Sorting(("sku_title", "id")), "price": Sorting(("unit_price", "id"))}


@requires(Permission.SEE_PRICES, Kind.PROVIDER)
@vary_on_headers("HX-Request")
def price_list(request: PortalRequest) -> HttpResponse:
    """Offers of one's own market, unless another is chosen."""
    filters = PriceListFilter(request.GET, membership=request.membership)
    rows = filters.apply(Offer.objects.visible_to(request.membership))
    sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(rows, request, sorting)
    context = {"filters": filters, "page": page, "sort": sort, "sorts": sort_links(request, SORTINGS)}
    template = "subscriptions/_price_table.html" if request.htmx else "subscriptions/price_list.html"
    return render(request, template, context)


@requires(Permission.SEE_PRICES, Kind.PROVIDER)
def price_list_export(request: PortalRequest) -> StreamingHttpResponse:
    """In the columns in which price lists are exchanged; they have no translation."""
    filters = PriceListFilter(request.GET, membership=request.membership)
    rows = filters.apply(Offer.objects.visible_to(request.membership))
    _sort, sorting = sorting_from(request, SORTINGS)
    lines = (price_list_line(offer) for offer in rows.order_by(*sorting.order_by()).iterator(chunk_size=500))
    return export_list(request, "price-list", _("Price list"), COLUMNS, lines)
