"""Customers: the list, one customer's account, and its administrator's temporary password."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from customers.accounts import AccountDetails, change_account
from customers.addresses import address_lines
from customers.column import customer_steps
from customers.facts import facts_of
from customers.filters import CustomerFilter
from customers.forms.account import AccountForm
from customers.listing import SORTINGS, export_header, export_lines, list_row, relationship_with, row_labels, with_names
from customers.models import Relationship
from customers.registration import reset_temporary_password

_PARTNERS = (Kind.PROVIDER, Kind.RESELLER)


def _relationship(request: PortalRequest, customer: UUID) -> Relationship:
    return get_object_or_404(relationship_with(customer, request.membership, of=request.GET.get("of", "")))


@requires(Permission.VIEW, *_PARTNERS)
@vary_on_headers("HX-Request")
def customer_list(request: PortalRequest) -> HttpResponse:
    filters = CustomerFilter(request.GET, membership=request.membership)
    rows = filters.apply(with_names(Relationship.objects.visible_to(request.membership), request.membership))
    sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(rows, request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "rows": [list_row(each, request, is_open=str(each.customer_id) == request.GET.get("open")) for each in page],
        "labels": row_labels(request.membership),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
    }
    return render(request, "customers/_table.html" if request.htmx else "customers/list.html", context)


@requires(Permission.VIEW, *_PARTNERS)
def customer_export(request: PortalRequest) -> StreamingHttpResponse:
    filters = CustomerFilter(request.GET, membership=request.membership)
    rows = filters.apply(Relationship.objects.visible_to(request.membership))
    _sort, sorting = sorting_from(request, SORTINGS)
    lines = export_lines(rows.order_by(*sorting.order_by()), request.membership)
    return export_list(request, "customers", _("Customers"), export_header(request.membership), lines)


@requires(Permission.VIEW, *_PARTNERS)
def customer_row(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The row of the list, opened, or closed again: a fragment. Without htmx the list itself opens it."""
    row = list_row(_relationship(request, pk), request, is_open="closed" not in request.GET)
    may_order = request.membership.can(Permission.PLACE_ORDERS)
    context = {"row": row, "labels": row_labels(request.membership), "may_order": may_order}
    return render(request, "customers/_row.html", context)


@requires(Permission.VIEW)
def customer_account(request: PortalRequest, pk: UUID) -> HttpResponse:
    relationship = _relationship(request, pk)
    context = {
        "relationship": relationship,
        "customer": relationship.customer,
        "address": address_lines(relationship.customer),
        "agreement": relationship.customer.agreements.filter(provider=relationship.provider_id).last(),
        "facts": facts_of(relationship, request.membership),
        "steps": customer_steps(pk, "account"),
        "may_edit": request.membership.can(Permission.EDIT_CUSTOMERS),
    }
    return render(request, "customers/account.html", context)


@requires(Permission.EDIT_CUSTOMERS, *_PARTNERS)
def customer_edit(request: PortalRequest, pk: UUID) -> HttpResponse:
    relationship = _relationship(request, pk)
    form = AccountForm(relationship, request.membership, request.POST or None)
    if form.is_valid():
        try:
            details = AccountDetails.from_form(form.cleaned_data)
            changed = change_account(relationship, details, membership=request.membership)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Account saved.") if changed else _("Nothing was changed."))
            return redirect(relationship.customer)
    context = {"form": form, "relationship": relationship, "steps": customer_steps(pk, "account")}
    return render(request, "customers/edit.html", context)


@requires(Permission.EDIT_CUSTOMERS, *_PARTNERS)
@never_cache
def customer_reset_password(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Asks first; after POST, shows the new password in that one response and never again (design.md §4.8)."""
    relationship = _relationship(request, pk)
    context = {"relationship": relationship, "steps": customer_steps(pk, "account")}
    if request.method == "POST":
        try:
            context["credentials"] = reset_temporary_password(relationship, actor=request.user)
        except ValidationError as refusal:
            context["refusal"] = refusal.messages[0]
    return render(request, "customers/reset_password.html", context)
