"""A customer's users and their licences: one user's, and for a partner all users of a customer."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.models import Membership
from accounts.paging import paginate, sort_links, sorting_from
from accounts.passwords import Credentials, new_password
from accounts.roles import Kind, Permission
from activity.exports import export_list
from customers.column import customer_steps
from customers.delegations import administers, no_delegation
from customers.models import Relationship
from subscriptions.assignments import add_user, assign_all, users_of
from subscriptions.forms.assignments import ChooseSubscriptionsForm, CustomerUserForm, SearchFilter, UserFilter
from subscriptions.lists import assignments as lists
from subscriptions.views.assignments import assigned, roles_that_assign

_PARTNERS = (Kind.PROVIDER, Kind.RESELLER)
_STEP = "users and licenses"


@requires(Permission.VIEW)
@vary_on_headers("HX-Request")
def user_licences(request: PortalRequest, pk: int) -> HttpResponse:
    """Of what a user has a licence."""
    user = _user(request, pk)
    _sort, sorting = sorting_from(request, lists.HELD)
    page = paginate(lists.held_by(user, request.membership), request, sorting)
    template = "subscriptions/licences/_held.html" if request.htmx else "subscriptions/licences/user.html"
    return render(request, template, {**_of_user(request, user), "page": page})


@requires(Permission.ASSIGN_LICENCES)
@vary_on_headers("HX-Request")
def user_assign(request: PortalRequest, pk: int) -> HttpResponse:
    """Tick of what a user gets a licence. What cannot be is named with the reason, and stays ticked."""
    user = _user(request, pk)
    offered = lists.assignable_to(user, request.membership)
    form = ChooseSubscriptionsForm(request.POST if request.method == "POST" else None, offered=offered)
    if form.is_valid():
        done, refused = assign_all(form.cleaned_data["subscriptions"], user, membership=request.membership)
        if done:
            messages.success(request, assigned(len(done)))
        if not refused:
            return redirect("subscriptions:user_licences", pk)
        form.refuse(refused)
    template = "subscriptions/licences/_offered.html" if request.htmx else "subscriptions/licences/user_assign.html"
    return render(request, template, {**_of_user(request, user), **_offered(request, user, form)})


@requires(Permission.VIEW, *_PARTNERS)
@vary_on_headers("HX-Request")
def user_list(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Users and licenses of a customer whose account the partner administers."""
    relationship, filters = _relationship(request, pk), UserFilter(request.GET)
    sort, sorting = sorting_from(request, lists.USERS)
    rows = filters.apply(users_of(relationship.customer, request.membership))
    page = paginate(lists.with_licences(rows, request.membership), request, sorting)
    context = {
        **_of_customer(request, relationship),
        "filters": filters,
        "page": page,
        "rows": list(lists.user_rows(page)),
        "sort": sort,
        "sorts": sort_links(request, lists.USERS),
    }
    template = "subscriptions/licences/_customer_users.html" if request.htmx else "subscriptions/licences/users.html"
    return render(request, template, context)


@requires(Permission.VIEW, *_PARTNERS)
def user_export(request: PortalRequest, pk: UUID) -> StreamingHttpResponse:
    relationship = _relationship(request, pk)
    _sort, sorting = sorting_from(request, lists.USERS)
    rows = UserFilter(request.GET).apply(users_of(relationship.customer, request.membership))
    lines = lists.users_lines(lists.with_licences(rows, request.membership).order_by(*sorting.order_by()))
    title = _("Users of %(company)s") % {"company": relationship.company_name}
    return export_list(request, "users", title, lists.users_header(), lines)


@requires(Permission.ASSIGN_LICENCES, *_PARTNERS)
@sensitive_variables()
@never_cache
def user_add(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Add user. The temporary password is in the response to POST and nowhere else (design.md §4.8)."""
    relationship = _relationship(request, pk)
    form = CustomerUserForm(request.POST or None, customer=relationship.customer)
    context = {**_of_customer(request, relationship), "form": form}
    if form.is_valid():
        password = new_password()
        try:
            added = add_user(relationship, password=password, membership=request.membership, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            context |= {"credentials": Credentials(added.user.email, password), "added": added}
            return render(request, "subscriptions/licences/user_added.html", context)
    return render(request, "subscriptions/licences/user_add.html", context)


def _relationship(request: PortalRequest, customer: UUID) -> Relationship:
    """The oldest, as everywhere within a customer; without the partners, whom these pages do not show."""
    rows = Relationship.objects.visible_to(request.membership).filter(customer=customer)
    return get_object_or_404(rows.select_related("customer__organisation").order_by("created_at", "pk")[:1])


def _user(request: PortalRequest, pk: int) -> Membership:
    return get_object_or_404(lists.user_with_company(request.membership), pk=pk)


def _of_user(request: PortalRequest, user: Membership) -> dict[str, Any]:
    membership, customer = request.membership, user.organisation_id
    may_assign = membership.can(Permission.ASSIGN_LICENCES)
    context = {"person": user, "may_assign": may_assign, "roles_that_assign": roles_that_assign(membership)}
    if membership.kind == Kind.CUSTOMER:
        return context
    relationship = _relationship(request, customer)
    return {**context, "relationship": relationship, "steps": customer_steps(customer, _STEP, membership)}


def _offered(request: PortalRequest, user: Membership, form: ChooseSubscriptionsForm) -> dict[str, Any]:
    filters = SearchFilter(request.GET)
    sort, sorting = sorting_from(request, lists.OFFERED)
    page = paginate(lists.offered_to(user, request.membership).search(filters.words), request, sorting)
    choices = lists.choices(page, form.ticked)
    return {"form": form, "filters": filters, "page": page, "choices": choices, "sort": sort}


def _of_customer(request: PortalRequest, relationship: Relationship) -> dict[str, Any]:
    membership = request.membership
    is_administered = administers(membership, relationship.customer)
    return {
        "relationship": relationship,
        "steps": customer_steps(relationship.customer_id, _STEP, membership),
        "no_access": "" if is_administered else no_delegation().messages[0],
        "may_assign": membership.can(Permission.ASSIGN_LICENCES) and is_administered,
        "roles_that_assign": roles_that_assign(membership),
    }
