"""Customers: the list, one customer's account, and its administrator's temporary password."""

from typing import Any
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
from customers.delegations import administers, no_delegation
from customers.facts import facts_of
from customers.filters import CustomerFilter
from customers.forms.account import AccountForm
from customers.listing import (
    SORTINGS,
    export_header,
    export_lines,
    kept_in,
    list_row,
    relationship_with,
    row_labels,
    with_names,
)
from customers.models import Customer, Relationship
from customers.registration import reset_temporary_password
from customers.views.relationships import ending_context
from customers.views.tabs import request_context
from customers.ways import ways_to_change

_PARTNERS = (Kind.PROVIDER, Kind.RESELLER)


def _relationship(request: PortalRequest, customer: UUID) -> Relationship:
    return get_object_or_404(relationship_with(customer, request.membership, of=request.GET.get("of", "")))


@requires(Permission.VIEW, *_PARTNERS)
@vary_on_headers("HX-Request")
def customer_list(request: PortalRequest) -> HttpResponse:
    filters = CustomerFilter(request.GET, membership=request.membership)
    rows = filters.apply(with_names(Relationship.objects.visible_to(request.membership), request.membership))
    sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(rows, request, sorting, keys_first="q" in filters.values())
    kept, opened = kept_in(request), request.GET.get("open")
    context = {
        "filters": filters,
        "page": page,
        "rows": [list_row(each, kept, is_open=str(each.customer_id) == opened) for each in page],
        "labels": row_labels(request.membership),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
        **request_context(request.membership, "customers:list"),
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
    row = list_row(_relationship(request, pk), kept_in(request), is_open="closed" not in request.GET)
    may_order = request.membership.can(Permission.PLACE_ORDERS)
    context = {"row": row, "labels": row_labels(request.membership), "may_order": may_order}
    return render(request, "customers/_row.html", context)


@requires(Permission.VIEW)
def customer_account(request: PortalRequest, pk: UUID) -> HttpResponse:
    if request.membership.organisation_id == pk and not Relationship.objects.visible_to(request.membership).exists():
        return _account_alone(request)
    relationship = _relationship(request, pk)
    facts = facts_of(relationship, request.membership)
    administrators = [each.partner_id for each in facts.administrators]
    context = {
        "relationship": relationship,
        "customer": relationship.customer,
        "address": address_lines(relationship.customer),
        "agreement": relationship.customer.agreements.filter(provider=relationship.provider_id).last(),
        "facts": facts,
        "steps": customer_steps(pk, "account", azure=facts.has_azure_plan),
        "no_access": "" if request.membership.organisation_id in administrators else no_delegation().messages[0],
        "ways": ways_to_change(relationship, request.membership, has_azure_plan=facts.has_azure_plan),
        "may_edit": request.membership.can(Permission.EDIT_CUSTOMERS),
        **ending_context(relationship, request.membership),
    }
    return render(request, "customers/account.html", context)


def _account_alone(request: PortalRequest) -> HttpResponse:
    """The own account of a customer without a partner: what the company is, and how a partner comes to it."""
    own = Customer.objects.visible_to(request.membership).select_related("organisation")
    customer = get_object_or_404(own)
    return render(request, "customers/account_alone.html", {"customer": customer, "address": address_lines(customer)})


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
    return render(request, "customers/edit.html", _context(request, relationship) | {"form": form})


@requires(Permission.EDIT_CUSTOMERS, *_PARTNERS)
@never_cache
def customer_reset_password(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Asks first; after POST, shows the new password in that one response and never again (design.md §4.8)."""
    relationship = _relationship(request, pk)
    context = _context(request, relationship)
    if request.method == "POST":
        try:
            context["credentials"] = reset_temporary_password(relationship, membership=request.membership)
        except ValidationError as refusal:
            context["refusal"] = refusal.messages[0]
    return render(request, "customers/reset_password.html", context)


def _context(request: PortalRequest, relationship: Relationship) -> dict[str, Any]:
    """What the pages of a customer's account share; why a partner may not change it, if it may not."""
    is_administered = administers(request.membership, relationship.customer)
    return {
        "relationship": relationship,
        "steps": customer_steps(relationship.customer_id, "account", request.membership),
        "no_access": "" if is_administered else no_delegation().messages[0],
    }
