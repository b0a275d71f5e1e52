"""What a reseller is credited for and what it supports, beside the subscriptions of customers entrusted to it."""

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
from subscriptions.filters import CreditedFilter, FactFilter, SupportedFilter
from subscriptions.lists.credited import CREDITED, SUPPORTED, FactList


def tabs(current: str) -> list[Tab]:
    """Entrusted | Credited | Supported."""
    pages = (
        ("subscriptions:list", _("Entrusted")),
        ("subscriptions:credited", _("Credited")),
        ("subscriptions:supported", _("Supported")),
    )
    return tabs_to(pages, current)


@requires(Permission.VIEW, Kind.RESELLER)
@vary_on_headers("HX-Request")
def credited_list(request: PortalRequest) -> HttpResponse:
    """What credits a number of the reseller now, or did."""
    return _list(request, CREDITED, CreditedFilter(request.GET, membership=request.membership))


@requires(Permission.VIEW, Kind.RESELLER)
def credited_export(request: PortalRequest) -> StreamingHttpResponse:
    return _export(request, CREDITED, CreditedFilter(request.GET, membership=request.membership))


@requires(Permission.VIEW, Kind.RESELLER)
@vary_on_headers("HX-Request")
def supported_list(request: PortalRequest) -> HttpResponse:
    """What the reseller is the designated support contact of."""
    return _list(request, SUPPORTED, SupportedFilter(request.GET, membership=request.membership))


@requires(Permission.VIEW, Kind.RESELLER)
def supported_export(request: PortalRequest) -> StreamingHttpResponse:
    return _export(request, SUPPORTED, SupportedFilter(request.GET, membership=request.membership))


def _list(request: PortalRequest, shown: FactList, filters: FactFilter) -> HttpResponse:
    sort, sorting = sorting_from(request, shown.sortings)
    page = paginate(filters.apply(shown.rows(request.membership)), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "facts": shown.facts(page, request.membership),
        "sort": sort,
        "sorts": sort_links(request, shown.sortings),
        "list_url": reverse(f"subscriptions:{shown.name}"),
        "export_url": reverse(f"subscriptions:{shown.name}_export"),
        "tabs": tabs(f"subscriptions:{shown.name}"),
    }
    template = f"_{shown.name}_table.html" if request.htmx else f"{shown.name}.html"
    return render(request, f"subscriptions/{template}", context)


def _export(request: PortalRequest, shown: FactList, filters: FactFilter) -> StreamingHttpResponse:
    _sort, sorting = sorting_from(request, shown.sortings)
    rows = filters.apply(shown.rows(request.membership)).order_by(*sorting.order_by())
    return export_list(request, shown.name, str(shown.title), shown.columns, shown.lines(rows, request.membership))
