"""Incentives: what counts for the resellers that are credited, by month, and what does not and why."""

from datetime import date
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.models import Membership, Organisation
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from subscriptions.forms.incentives import ChargeFilter, IncentiveFilter
from subscriptions.incentives import charges_with, other_side, own_sums, partners_to_read, summaries
from subscriptions.lists.incentives import (
    NEWEST,
    SORTINGS,
    Sum,
    charge_header,
    charge_lines,
    licences_plot,
    rows_of,
    sum_header,
    sum_lines,
    sums,
    with_names,
)

_PARTNERS = (Kind.PROVIDER, Kind.RESELLER)


@requires(Permission.SEE_BILLS, *_PARTNERS)
@vary_on_headers("HX-Request")
def incentive_list(request: PortalRequest) -> HttpResponse:
    """A month by reseller; a reseller's own by indirect provider."""
    reader = request.membership
    filters = IncentiveFilter(request.GET, membership=reader)
    sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(filters.apply(summaries(reader, filters.chosen)), request, sorting)
    whole = list(own_sums(reader).filter(month=filters.chosen).order_by("currency"))
    context = {
        "filters": filters,
        "page": page,
        "rows": sums(page, reader),
        "whole": sums(whole, reader) if reader.kind == Kind.PROVIDER else [],
        "as_of": min((each.drawn_at for each in [*whole, *page]), default=None),
        "plot": None if request.htmx else licences_plot(reader),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
    }
    return render(request, f"subscriptions/incentives/{'_table' if request.htmx else 'list'}.html", context)


@requires(Permission.SEE_BILLS, *_PARTNERS)
def incentive_export(request: PortalRequest) -> StreamingHttpResponse:
    reader = request.membership
    filters = IncentiveFilter(request.GET, membership=reader)
    _sort, sorting = sorting_from(request, SORTINGS)
    rows = filters.apply(summaries(reader, filters.chosen)).order_by(*sorting.order_by())
    return export_list(request, "incentives", _("Incentives"), sum_header(reader), sum_lines(rows, reader))


@requires(Permission.SEE_BILLS, *_PARTNERS)
@vary_on_headers("HX-Request")
def incentive_detail(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The charges of a month that credit one reseller; for a reseller those of one indirect provider."""
    return _charges(request, get_object_or_404(partners_to_read(request.membership), pk=pk))


@requires(Permission.SEE_BILLS, *_PARTNERS)
def incentive_detail_export(request: PortalRequest, pk: UUID) -> StreamingHttpResponse:
    return _charges_export(request, get_object_or_404(partners_to_read(request.membership), pk=pk))


@requires(Permission.SEE_BILLS, Kind.PROVIDER)
@vary_on_headers("HX-Request")
def uncredited_list(request: PortalRequest) -> HttpResponse:
    """The charges of a month that credit nobody."""
    return _charges(request, None)


@requires(Permission.SEE_BILLS, Kind.PROVIDER)
def uncredited_export(request: PortalRequest) -> StreamingHttpResponse:
    return _charges_export(request, None)


def _charges(request: PortalRequest, partner: Organisation | None) -> HttpResponse:
    reader = request.membership
    filters = ChargeFilter(request.GET, membership=reader)
    charges = filters.apply(charges_with(reader, filters.chosen, partner))
    _sort, sorting = sorting_from(request, NEWEST)
    page = paginate(with_names(charges), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "rows": list(rows_of(page, reader)),
        "partner": partner,
        "sums": _sums_with(reader, filters.chosen, partner),
        "sorts": sort_links(request, NEWEST),
        **_addresses(partner),
    }
    return render(request, f"subscriptions/incentives/{'_charges' if request.htmx else 'detail'}.html", context)


def _sums_with(reader: Membership, month: date, partner: Organisation | None) -> list[Sum]:
    """The month's, one for each currency; of what credits nobody none are drawn."""
    if partner is None:
        return []
    rows = summaries(reader, month).filter(**{other_side(reader): partner.pk})
    return sums(rows.order_by("currency"), reader)


def _charges_export(request: PortalRequest, partner: Organisation | None) -> StreamingHttpResponse:
    reader = request.membership
    filters = ChargeFilter(request.GET, membership=reader)
    _sort, sorting = sorting_from(request, NEWEST)
    charges = filters.apply(charges_with(reader, filters.chosen, partner)).order_by(*sorting.order_by())
    lines = charge_lines(charges, reader)
    return export_list(request, "incentive-charges", _("Charges"), charge_header(reader), lines)


def _addresses(partner: Organisation | None) -> dict[str, str]:
    if partner:
        list_url = reverse("incentives:detail", args=[partner.pk])
        return {"list_url": list_url, "export_url": reverse("incentives:detail_export", args=[partner.pk])}
    return {"list_url": reverse("incentives:uncredited"), "export_url": reverse("incentives:uncredited_export")}
