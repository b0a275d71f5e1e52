"""A provider's indirect resellers: the list, its export, and the end of a partnership."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from resellers.filters import PartnerFilter
from resellers.models import Partnership
from resellers.partners import HEADER, SORTINGS, export_lines, partners_in, remains_of
from resellers.partnerships import end_partnership
from resellers.views.tabs import request_context, tabs


@requires(Permission.VIEW, Kind.PROVIDER)
@vary_on_headers("HX-Request")
def partner_list(request: PortalRequest) -> HttpResponse:
    """Indirect resellers: those that the provider is partnered with now."""
    filters = PartnerFilter(request.GET)
    rows = Partnership.objects.visible_to(request.membership).active().by_partner("reseller")
    sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(filters.apply(rows), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "partners": partners_in(page.rows, request.membership.organisation_id),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
        "may_invite": request.membership.can(Permission.REQUEST_RELATIONSHIP),
        "may_remove": request.membership.can(Permission.REMOVE_PARTNERSHIP),
        "tabs": tabs("resellers:list"),
        **request_context(request.membership),
    }
    return render(request, "resellers/_table.html" if request.htmx else "resellers/list.html", context)


@requires(Permission.VIEW, Kind.PROVIDER)
def partner_export(request: PortalRequest) -> HttpResponseBase:
    """What the list shows, all pages of it, as CSV."""
    rows = Partnership.objects.visible_to(request.membership).active().by_partner("reseller")
    _sort, sorting = sorting_from(request, SORTINGS)
    found = PartnerFilter(request.GET).apply(rows).order_by(*sorting.order_by())
    lines = export_lines(found.iterator(chunk_size=500), request.membership.organisation_id)
    return export_list(request, "indirect-resellers", _("Indirect resellers"), HEADER, lines)


@requires(Permission.REMOVE_PARTNERSHIP, Kind.PROVIDER)
def partnership_end(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Remove partnership: what stays is said first, Yes ends it."""
    active = Partnership.objects.visible_to(request.membership).active().by_partner("reseller")
    partnership = get_object_or_404(active, reseller=pk)
    if request.method != "POST":
        context = {"partnership": partnership, "remains": remains_of(partnership)}
        return render(request, "resellers/end.html", context)
    try:
        end_partnership(partnership, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        names = {"reseller": str(partnership.reseller)}
        messages.success(request, _("The partnership with %(reseller)s is removed.") % names)
    return redirect("resellers:list")
