"""Orders: the unfinished and the submitted ones."""

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, requires
from accounts.paging import Sorting, paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from customers.column import customer_steps
from customers.models import Customer
from subscriptions.filters import OrderFilter
from subscriptions.lists.orders import Table, Viewer
from subscriptions.models import Order, OrderDraft, Subscription

SORTINGS = {"placed": Sorting(("placed_at", "pk"), descending=True)}
LAST_CHANGED = Sorting(("changed_at", "pk"), descending=True)
MOST_DRAFTS = 5  # in the notice on other pages


@require_GET
@requires(Permission.VIEW)
def order_list(request: PortalRequest) -> HttpResponse:
    """Submitted orders, newest first; within a customer's own column when they are one customer's."""
    viewer, filters = Viewer(request.membership), OrderFilter(request.GET, membership=request.membership)
    orders = viewer.listed(filters.apply(Order.objects.visible_to(request.membership)))
    _wanted, sorting = sorting_from(request, SORTINGS)
    page = paginate(orders, request, sorting)
    customers = Customer.objects.visible_to(request.membership).select_related("organisation")
    customer = customers.filter(pk=filters.values()["customer"]).first() if "customer" in filters.values() else None
    context = {
        "page": page,
        "rows": [viewer.row(order) for order in page],
        "filters": filters,
        "customer": customer,
        "steps": customer_steps(customer.pk, "orders", request.membership) if customer else [],
        "sort": sort_links(request, SORTINGS),
        "query": request.GET.urlencode(),
        "viewer": viewer,
    }
    return render(request, "orders/_table.html" if request.htmx else "orders/list.html", context)


@require_GET
@requires(Permission.VIEW)
def order_export(request: PortalRequest) -> HttpResponseBase:
    """The orders that the list shows, on all of its pages, one row a line, as CSV."""
    filters = OrderFilter(request.GET, membership=request.membership)
    orders = filters.apply(Order.objects.visible_to(request.membership))
    table = Table(Viewer(request.membership))
    return export_list(request, "orders", _("Orders"), table.header, table.rows(orders))


@require_GET
@requires(Permission.VIEW)
def order_detail(request: PortalRequest, code: UUID) -> HttpResponse:
    """One order as it was submitted, and what became of its lines."""
    viewer = Viewer(request.membership)
    orders = Order.objects.visible_to(request.membership).with_lines().select_related("customer__organisation")
    order = get_object_or_404(orders, code=code)
    subscriptions = Subscription.objects.visible_to(request.membership).filter(order_line__order=order)
    row, by_line = viewer.row(order), {each.order_line_id: each for each in subscriptions}
    context = {"row": row, "lines": [(line, by_line.get(line.line.pk)) for line in row.lines], "viewer": viewer}
    return render(request, "orders/detail.html", context)


@require_GET
@requires(Permission.VIEW)
def draft_list(request: PortalRequest) -> HttpResponse:
    """Unfinished orders, those changed last first: a page, or with htmx a notice that other pages put in place.

    Empty for whoever may not place orders, so that any page may ask for it.
    """
    membership = request.membership
    found = OrderDraft.objects.visible_to(membership).open().select_related("created_by", "customer__organisation")
    if not membership.can(Permission.PLACE_ORDERS) or membership.kind != Kind.PROVIDER:
        found = found.none()
    if request.htmx and request.htmx.target != "results":
        return render(request, "orders/_drafts.html", {"drafts": found.order_by("-changed_at")[:MOST_DRAFTS]})
    page = paginate(found, request, LAST_CHANGED)
    template = "orders/_draft_page.html" if request.htmx else "orders/drafts.html"
    return render(request, template, {"drafts": page.rows, "page": page})
