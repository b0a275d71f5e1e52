"""Statements: what a provider owes, what it bills its resellers, and what a reseller is billed by its providers."""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from subscriptions.lists.statements import NEWEST, SORTINGS, Reading, StatementFilter, Table, listed
from subscriptions.reconciliation import COLUMNS, reconciliation_lines

PARTNERS = (Kind.PROVIDER, Kind.RESELLER)


@requires(Permission.SEE_BILLS, *PARTNERS)
@vary_on_headers("HX-Request")
def statement_list(request: PortalRequest) -> HttpResponse:
    """The newest month first; within a month what the provider owes, then what it bills."""
    filters = StatementFilter(request.GET, membership=request.membership)
    sort, sorting = sorting_from(request, SORTINGS)
    context = {
        "filters": filters,
        "page": paginate(filters.apply(listed(request.membership)), request, sorting),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
    }
    template = "_table.html" if request.htmx else "list.html"
    return render(request, f"subscriptions/statements/{template}", context)


@requires(Permission.SEE_BILLS, *PARTNERS)
def statement_export(request: PortalRequest) -> StreamingHttpResponse:
    filters = StatementFilter(request.GET, membership=request.membership)
    _sort, sorting = sorting_from(request, SORTINGS)
    table = Table()
    rows = table.rows(filters.apply(listed(request.membership)).order_by(*sorting.order_by()))
    return export_list(request, "statements", _("Statements"), table.header, rows)


@requires(Permission.SEE_BILLS, *PARTNERS)
@vary_on_headers("HX-Request")
def statement_detail(request: PortalRequest, code: UUID) -> HttpResponse:
    """One statement with its lines, as the ledger is now; when it is closed, as it will always be."""
    statement = get_object_or_404(listed(request.membership), code=code)
    reading = Reading(statement, request.membership)
    page = paginate(reading.with_names(), request, NEWEST)
    context = {"statement": statement, "page": page, "lines": [reading.line(charge) for charge in page]}
    if request.htmx:
        return render(request, "subscriptions/statements/_lines.html", context)
    subtotals = reading.subtotals()
    context |= {"subtotals": subtotals, "total": reading.total(subtotals), "siblings": reading.siblings()}
    context |= {"as_of": statement.closed_at or timezone.now()}
    return render(request, "subscriptions/statements/detail.html", context)


@requires(Permission.SEE_BILLS, *PARTNERS)
def statement_reconciliation(request: PortalRequest, code: UUID) -> StreamingHttpResponse:
    """Every line, to check one's own books against."""
    statement = get_object_or_404(listed(request.membership), code=code)
    lines = reconciliation_lines(Reading(statement, request.membership))
    name = f"reconciliation-{statement.month:%Y-%m}-{statement.currency.lower()}"
    title = _("Reconciliation file %(statement)s") % {"statement": statement}
    return export_list(request, name, title, COLUMNS, lines)
