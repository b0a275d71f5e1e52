"""What a reseller is credited for and what it supports, beside the subscriptions of customers entrusted to it."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from resellers.views.tabs import Tab
from subscriptions.filters import CreditedFilter, SupportedFilter
from subscriptions.lists import credited as facts


def tabs(current: str) -> list[Tab]:
    """Entrusted | Credited | Supported."""
    pages = (
        ("subscriptions:list", _("Entrusted")),
        ("subscriptions:credited", _("Credited")),
        ("subscriptions:supported", _("Supported")),
    )
    return [Tab(label, reverse(view), view == current) for view, label in pages]


@requires(Permission.VIEW, Kind.RESELLER)
@vary_on_headers("HX-Request")
def credited_list(request: PortalRequest) -> HttpResponse:
    """What credits a number of the reseller now, or did."""
    filters = CreditedFilter(request.GET, membership=request.membership)
    sort, sorting = sorting_from(request, facts.CREDITED)
    page = paginate(filters.apply(facts.credited_rows(request.membership)), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "facts": facts.credited_facts(page, request.membership),
        "sort": sort,
        "sorts": sort_links(request, facts.CREDITED),
        "tabs": tabs("subscriptions:credited"),
    }
    template = "subscriptions/_credited_table.html" if request.htmx else "subscriptions/credited.html"
    return render(request, template, context)


@requires(Permission.VIEW, Kind.RESELLER)
def credited_export(request: PortalRequest) -> StreamingHttpResponse:
    filters = CreditedFilter(request.GET, membership=request.membership)
    _sort, sorting = sorting_from(request, facts.CREDITED)
    rows = filters.apply(facts.credited_rows(request.membership)).order_by(*sorting.order_by())
    lines = facts.credited_lines(rows, request.membership)
    return export_list(request, "credited", _("Credited"), facts.credited_header(), lines)


@requires(Permission.VIEW, Kind.RESELLER)
@vary_on_headers("HX-Request")
def supported_list(request: PortalRequest) -> HttpResponse:
    """What the reseller is the designated support contact of."""
    filters = SupportedFilter(request.GET, membership=request.membership)
    sort, sorting = sorting_from(request, facts.SUPPORTED)
    page = paginate(filters.apply(facts.supported_rows(request.membership)), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "facts": facts.supported_facts(page, request.membership),
        "sort": sort,
        "sorts": sort_links(request, facts.SUPPORTED),
        "tabs": tabs("subscriptions:supported"),
    }
    template = "subscriptions/_supported_table.html" if request.htmx else "subscriptions/supported.html"
    return render(request, template, context)


@requires(Permission.VIEW, Kind.RESELLER)
def supported_export(request: PortalRequest) -> StreamingHttpResponse:
    filters = SupportedFilter(request.GET, membership=request.membership)
    _sort, sorting = sorting_from(request, facts.SUPPORTED)
    rows = filters.apply(facts.supported_rows(request.membership)).order_by(*sorting.order_by())
    lines = facts.supported_lines(rows, request.membership)
    return export_list(request, "supported", _("Supported"), facts.supported_header(), lines)
