"""Subscriptions in lists: over all customers, and those of one."""

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Permission
from activity.exports import csv_response
from activity.log import record
from activity.verbs import Verb
from customers.column import customer_steps
from customers.listing import relationship_with
from subscriptions.filters import SubscriptionFilter
from subscriptions.models import Subscription
from subscriptions.subscription_lists import SORTINGS, export_header, export_lines, with_names


@requires(Permission.VIEW)
@vary_on_headers("HX-Request")
def subscription_list(request: PortalRequest) -> HttpResponse:
    """Those of all customers that one may see."""
    filters = SubscriptionFilter(request.GET, membership=request.membership)
    rows = filters.apply(with_names(Subscription.objects.visible_to(request.membership)))
    sort, sorting = sorting_from(request, SORTINGS)
    context = {
        "filters": filters,
        "page": paginate(rows, request, sorting),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
    }
    return render(request, "subscriptions/_table.html" if request.htmx else "subscriptions/list.html", context)


@requires(Permission.VIEW)
def subscription_export(request: PortalRequest) -> StreamingHttpResponse:
    filters = SubscriptionFilter(request.GET, membership=request.membership)
    rows = filters.apply(Subscription.objects.visible_to(request.membership))
    _sort, sorting = sorting_from(request, SORTINGS)
    organisation, path = request.membership.organisation, request.get_full_path()
    record(Verb.EXPORTED, _("Subscriptions"), actor=request.user, seen_by=[organisation], path=path)
    return csv_response("subscriptions", export_header(), export_lines(rows.order_by(*sorting.order_by())))


@requires(Permission.VIEW)
def customer_subscriptions(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One customer's: what it has licenses for, and what it pays by use."""
    relationship = get_object_or_404(relationship_with(pk, request.membership))
    rows = with_names(Subscription.objects.visible_to(request.membership).filter(customer=pk))
    page = paginate(rows, request, SORTINGS["newest"])
    context = {
        "relationship": relationship,
        "page": page,
        "license_based": [each for each in page if not each.offer.is_usage_based],
        "usage_based": [each for each in page if each.offer.is_usage_based],
        "steps": customer_steps(pk, "subscriptions"),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
    }
    return render(request, "subscriptions/customer.html", context)
