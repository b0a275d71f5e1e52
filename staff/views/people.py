"""User management: the list of people, its export, adding somebody, and one person's page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.models import Membership
from accounts.paging import paginate, sort_links, sorting_from
from accounts.passwords import Credentials, new_password
from accounts.roles import Permission
from activity.exports import export_list
from activity.log import codes_of
from staff import listing
from staff.filters import PeopleFilter
from staff.forms import PersonForm, RolesForm
from staff.people import add_person, change_roles, reactivate_person, remove_person, reset_password, suspend_person
from staff.rules import may_grant
from staff.views.tabs import staff_context, title_for


@requires(Permission.VIEW)
@vary_on_headers("HX-Request")
def person_list(request: PortalRequest) -> HttpResponse:
    filters = PeopleFilter(request.GET, membership=request.membership)
    sort, sorting = sorting_from(request, listing.SORTINGS)
    rows = filters.apply(Membership.objects.visible_to(request.membership))
    page = paginate(listing.with_users(rows), request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "people": listing.people(page),
        "sort": sort,
        "sorts": sort_links(request, listing.SORTINGS),
        **staff_context(request.membership, "staff:list"),
    }
    return render(request, "staff/_table.html" if request.htmx else "staff/list.html", context)


@requires(Permission.VIEW)
def person_export(request: PortalRequest) -> HttpResponseBase:
    """What the list shows, all pages of it, as CSV."""
    filters = PeopleFilter(request.GET, membership=request.membership)
    rows = listing.with_users(filters.apply(Membership.objects.visible_to(request.membership)))
    _sort, sorting = sorting_from(request, listing.SORTINGS)
    lines = listing.export_lines(rows.order_by(*sorting.order_by()).iterator(chunk_size=500))
    return export_list(request, "users", title_for(request.membership), listing.HEADER, lines)


@requires(Permission.MANAGE_STAFF)
@sensitive_variables()
@never_cache
def person_add(request: PortalRequest) -> HttpResponse:
    """Add user. The temporary password is in the response to POST and nowhere else (design.md §4.8)."""
    by, form = request.membership, PersonForm(request.POST or None, membership=request.membership)
    if form.is_valid():
        password = new_password()
        try:
            added = add_person(by.organisation, password=password, by=by, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            credentials = Credentials(added.user.email, password)
            return _secret(request, added, credentials, _("Add user"))
    return render(request, "staff/add.html", {"form": form, **staff_context(request.membership)})


@requires(Permission.VIEW)
@never_cache
def person_show(request: PortalRequest, pk: int) -> HttpResponse:
    return _page(request, _person(request, pk))


@requires(Permission.MANAGE_STAFF)
@require_POST
def person_roles(request: PortalRequest, pk: int) -> HttpResponse:
    """Change somebody's roles."""
    colleague = _person(request, pk)
    form = RolesForm(request.POST, membership=request.membership, held=colleague.roles)
    if form.is_valid():
        try:
            change_roles(colleague, form.cleaned_data["roles"], by=request.membership)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The roles of %(person)s are saved.") % _named(colleague))
            return redirect(_url(colleague))
    return _page(request, colleague, form=form)


@requires(Permission.MANAGE_STAFF)
@require_POST
def person_suspend(request: PortalRequest, pk: int) -> HttpResponse:
    return _change(request, pk, suspend_person, _("%(person)s is suspended and cannot come in any more."))


@requires(Permission.MANAGE_STAFF)
@require_POST
def person_reactivate(request: PortalRequest, pk: int) -> HttpResponse:
    return _change(request, pk, reactivate_person, _("%(person)s can come in again, with the same roles as before."))


@requires(Permission.MANAGE_STAFF)
def person_remove(request: PortalRequest, pk: int) -> HttpResponse:
    """Remove user: what it means is said first."""
    colleague = _person(request, pk)
    if request.method != "POST":
        return render(request, "staff/remove.html", _context(request, colleague))
    try:
        remove_person(colleague, by=request.membership)
    except ValidationError as refusal:
        return _page(request, colleague, refusal=refusal)
    messages.success(request, _("%(person)s is removed.") % _named(colleague))
    return redirect("staff:list")


@requires(Permission.MANAGE_STAFF)
@sensitive_variables()
@never_cache
def person_reset_password(request: PortalRequest, pk: int) -> HttpResponse:
    """Asks first; after POST, shows the new password in that one response and never again (design.md §4.8)."""
    colleague = _person(request, pk)
    if request.method != "POST":
        return render(request, "staff/reset_password.html", _context(request, colleague))
    try:
        credentials = reset_password(colleague, by=request.membership)
    except ValidationError as refusal:
        return _page(request, colleague, refusal=refusal)
    return _secret(request, colleague, credentials, _("Reset temporary password"))


def _person(request: PortalRequest, pk: int) -> Membership:
    rows = Membership.objects.visible_to(request.membership).select_related("user", "organisation")
    return get_object_or_404(rows, pk=pk)


def _change(request: PortalRequest, pk: int, change: Callable[..., None], done: str) -> HttpResponse:
    colleague = _person(request, pk)
    try:
        change(colleague, by=request.membership)
    except ValidationError as refusal:
        return _page(request, colleague, refusal=refusal)
    messages.success(request, done % _named(colleague))
    return redirect(_url(colleague))


def _url(colleague: Membership) -> str:
    return reverse("staff:person", args=[colleague.pk])


def _named(colleague: Membership) -> dict[str, str]:
    return {"person": colleague.user.get_full_name()}


def _context(request: PortalRequest, colleague: Membership) -> dict[str, Any]:
    by = request.membership
    context = staff_context(by)
    may_touch = may_grant(set(colleague.roles), by=by, organisation=by.organisation)
    return {
        **context,
        "person": listing.person(colleague),
        "is_oneself": colleague.user_id == request.user.pk,
        "may_touch": context["may_manage"] and may_touch,
    }


def _page(
    request: PortalRequest,
    colleague: Membership,
    *,
    form: RolesForm | None = None,
    refusal: ValidationError | None = None,
) -> HttpResponse:
    held = list(colleague.roles)
    context = {
        **_context(request, colleague),
        "form": form or RolesForm(membership=request.membership, held=held, initial={"roles": held}),
        "refusal": refusal.messages[0] if refusal else "",
        "refused": codes_of(refusal) if refusal else "",
    }
    return render(request, "staff/person.html", context)


def _secret(request: PortalRequest, colleague: Membership, credentials: Credentials, heading: str) -> HttpResponse:
    context = {"credentials": credentials, "heading": heading, **_context(request, colleague)}
    return render(request, "staff/credentials.html", context)
