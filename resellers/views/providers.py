"""A reseller's indirect providers."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from resellers.contacts import newest_asked
from resellers.filters import PartnerFilter
from resellers.models import Partnership
from resellers.partners import SORTINGS


@requires(Permission.VIEW, Kind.RESELLER)
@vary_on_headers("HX-Request")
def provider_list(request: PortalRequest) -> HttpResponse:
    """Indirect providers: those that the reseller has authorized."""
    filters = PartnerFilter(request.GET)
    rows = Partnership.objects.visible_to(request.membership).active().by_partner("provider")
    _sort, sorting = sorting_from(request, SORTINGS)
    context = {
        "filters": filters,
        "page": paginate(filters.apply(rows), request, sorting),
        "sorts": sort_links(request, SORTINGS),
        "reseller": request.membership.organisation.reseller,
        "may_invite": request.membership.can(Permission.REQUEST_RELATIONSHIP),
        "may_leave": request.membership.can(Permission.ACT_FOR_COMPANY),
        "mpn_id": request.membership.organisation.reseller.mpn_id,
        "asked": [] if request.htmx else newest_asked(request.membership, most=5),
    }
    return render(request, "resellers/providers/_table.html" if request.htmx else "resellers/providers.html", context)
