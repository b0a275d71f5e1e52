"""Ask to be contacted: a reseller asks a listed provider; the provider answers with a partnership request, or not."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, check, requires, signed_in
from accounts.paging import Sorting, paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from resellers.contacts import (
    HEADER,
    ask_to_be_contacted,
    close_contact,
    export_lines,
    obstacles,
    request_from_contact,
    who_can_be_asked,
    with_reseller,
)
from resellers.forms.contacts import ContactFilter, ContactForm
from resellers.models import ContactRequest
from resellers.models.contacts import ContactRequestQuerySet
from resellers.views.tabs import request_context, tabs

SORTINGS = {"asked": Sorting(("created_at", "pk"), descending=True)}


@signed_in
def contact_ask(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Ask to be contacted: of a reseller, whoever may look may ask."""
    if detour := _to_a_reseller(request):
        return detour
    check(request.membership, Permission.VIEW, (Kind.RESELLER,))
    provider = get_object_or_404(who_can_be_asked(), pk=pk)
    form = ContactForm(request.POST or None, user=request.user)
    if form.is_valid():
        try:
            ask_to_be_contacted(provider, form.contact(), membership=request.membership)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("%(provider)s has your message.") % {"provider": str(provider)})
            return redirect("resellers:providers")
    problems = [] if form.is_bound else obstacles(provider, request.membership.organisation.reseller)
    context = {"provider": provider, "form": form, "problems": [each.messages[0] for each in problems]}
    return render(request, "resellers/contacts_ask.html", context)


@requires(Permission.VIEW, Kind.PROVIDER)
@vary_on_headers("HX-Request")
def contact_list(request: PortalRequest) -> HttpResponse:
    """Contact requests: resellers that found the provider in the list."""
    filters = ContactFilter(request.GET)
    _sort, sorting = sorting_from(request, SORTINGS)
    context = {
        "filters": filters,
        "page": paginate(filters.apply(_rows(request)), request, sorting),
        "sorts": sort_links(request, SORTINGS),
        "tabs": tabs("resellers:contacts"),
        **request_context(request.membership),
    }
    return render(request, "resellers/contacts_table.html" if request.htmx else "resellers/contacts.html", context)


@requires(Permission.VIEW, Kind.PROVIDER)
def contact_export(request: PortalRequest) -> HttpResponseBase:
    """What the list shows, all pages of it, as CSV."""
    _sort, sorting = sorting_from(request, SORTINGS)
    found = ContactFilter(request.GET).apply(_rows(request)).order_by(*sorting.order_by())
    lines = export_lines(found.iterator(chunk_size=500))
    return export_list(request, "contact-requests", _("Contact requests"), HEADER, lines)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
def contact_request(request: PortalRequest, code: UUID) -> HttpResponse:
    """Request a partnership: a draft message to the contact, to be edited and sent."""
    row = get_object_or_404(_rows(request), code=code)
    try:
        drafted = request_from_contact(row, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("resellers:contacts")
    return redirect(drafted)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
def contact_close(request: PortalRequest, code: UUID) -> HttpResponse:
    """Put the request away without an offer."""
    row = get_object_or_404(_rows(request), code=code)
    try:
        close_contact(row, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The contact request of %(reseller)s is closed.") % {"reseller": row.reseller})
    return redirect("resellers:contacts")


def _to_a_reseller(request: PortalRequest) -> HttpResponse | None:
    """Who has no company yet enrolls one first; who wears another hat is offered the right one. Both come back."""
    if not request.memberships:
        return redirect(f"{reverse('resellers:enrol')}?{urlencode({'next': request.path})}")
    others = [each for each in request.memberships if each.kind == Kind.RESELLER]
    if request.membership.kind == Kind.RESELLER or not others:
        return None
    return render(request, "resellers/contacts_switch.html", {"others": others, "back": request.path})


def _rows(request: PortalRequest) -> ContactRequestQuerySet:
    return with_reseller(ContactRequest.objects.visible_to(request.membership))
