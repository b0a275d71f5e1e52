"""Subscriptions: over all customers, and those of one; and whose an MPN ID is."""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from customers.column import customer_steps
from customers.listing import relationship_with
from subscriptions.bulk import allowed_changes
from subscriptions.credit import Verification
from subscriptions.filters import SubscriptionFilter, sortings_of
from subscriptions.lists.subscriptions import SORTINGS, export_header, export_lines, with_names
from subscriptions.models import Subscription
from subscriptions.views.credited import tabs


@requires(Permission.VIEW)
@vary_on_headers("HX-Request")
def subscription_list(request: PortalRequest) -> HttpResponse:
    """Those of all customers that one may see."""
    filters = SubscriptionFilter(request.GET, membership=request.membership)
    rows = filters.apply(with_names(Subscription.objects.visible_to(request.membership), request.membership))
    sortings = sortings_of(filters)
    sort, sorting = sorting_from(request, sortings)
    is_reseller = request.membership.kind == Kind.RESELLER  # whose customers come one by one, in no order of theirs
    context = {
        "filters": filters,
        "page": paginate(rows, request, sorting, keys_first=is_reseller),
        "sort": sort,
        "sorts": sort_links(request, sortings),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
        "may_bulk": request.membership.kind == Kind.PROVIDER and bool(allowed_changes(request.membership)),
        "tabs": tabs("subscriptions:list") if is_reseller else [],
    }
    return render(request, "subscriptions/_table.html" if request.htmx else "subscriptions/list.html", context)


@requires(Permission.VIEW)
def subscription_export(request: PortalRequest) -> StreamingHttpResponse:
    filters = SubscriptionFilter(request.GET, membership=request.membership)
    rows = filters.apply(Subscription.objects.visible_to(request.membership))
    _sort, sorting = sorting_from(request, sortings_of(filters))
    lines = export_lines(rows.order_by(*sorting.order_by()))
    return export_list(request, "subscriptions", _("Subscriptions"), export_header(), lines)


@requires(Permission.VIEW)
def customer_subscriptions(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One customer's: what it has licenses for, and what it pays by use."""
    relationship = get_object_or_404(relationship_with(pk, request.membership))
    rows = Subscription.objects.visible_to(request.membership).filter(customer=pk)
    page = paginate(with_names(rows, request.membership), request, SORTINGS["newest"])
    context = {
        "relationship": relationship,
        "page": page,
        "license_based": [each for each in page if not each.offer.is_usage_based],
        "usage_based": [each for each in page if each.offer.is_usage_based],
        "steps": customer_steps(pk, "subscriptions", request.membership),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
    }
    return render(request, "subscriptions/customer.html", context)


@requires(Permission.CHANGE_CREDIT, Kind.PROVIDER)
def mpn_id_verify(request: PortalRequest) -> HttpResponse:
    """Whose an MPN ID is and whether it may be credited: a fragment. Nothing is changed."""
    verification = Verification.of(request.GET.get("mpn_id", ""), request.membership.organisation.provider)
    return render(request, "subscriptions/_verification.html", {"verification": verification})
