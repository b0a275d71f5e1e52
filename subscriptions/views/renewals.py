"""Renewals ahead: what renews or ends in the next 30, 60 or 90 days."""

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from subscriptions.filters import RenewalFilter
from subscriptions.lists.renewals import SORTINGS, export_header, export_lines, outcomes, renewals_within, with_names

_PARTNERS = (Kind.PROVIDER, Kind.RESELLER)


@requires(Permission.VIEW, *_PARTNERS)
@vary_on_headers("HX-Request")
def renewal_list(request: PortalRequest) -> HttpResponse:
    """The next to end first."""
    filters = _filters(request)
    rows = filters.apply(renewals_within(filters.days, request.membership))
    _sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(with_names(rows), request, sorting)
    context = {"filters": filters, "page": page, "renewals": outcomes(page, request.membership)}
    template = "_table.html" if request.htmx else "list.html"
    return render(request, f"subscriptions/renewals/{template}", context)


@requires(Permission.VIEW, *_PARTNERS)
def renewal_export(request: PortalRequest) -> StreamingHttpResponse:
    filters = _filters(request)
    rows = filters.apply(renewals_within(filters.days, request.membership)).order_by("ends_or_never", "pk")
    lines = export_lines(rows, request.membership)
    return export_list(request, "renewals", _("Renewals ahead"), export_header(), lines)


def _filters(request: PortalRequest) -> RenewalFilter:
    return RenewalFilter(request.GET, membership=request.membership)
