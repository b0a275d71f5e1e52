"""Relationship requests: the list of links, and one request from its draft message to its end."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import Sorting, paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.verbs import Verb
from customers.drafts import draft_text
from customers.forms.relationships import NewRequestForm, RelationshipDraftForm
from customers.invitations import are_partners
from customers.models import RelationshipRequest
from customers.relationships import not_partners, request_relationship
from customers.views.tabs import request_context
from outbox.forms import DraftForm, RequestFilter
from outbox.views import Desk, change_language, edit_page, send_again, send_edited, withdraw

SORTINGS = {"created": Sorting(("created_at", "pk"), descending=True)}
_PARTNERS = (Kind.PROVIDER, Kind.RESELLER)
_asks_customers = requires(Permission.REQUEST_RELATIONSHIP, *_PARTNERS)


@requires(Permission.VIEW, *_PARTNERS)
@never_cache
@vary_on_headers("HX-Request")
def request_list(request: PortalRequest) -> HttpResponse:
    """Every link with which one's company asked customers, and what became of it."""
    filters = RequestFilter(request.GET)
    rows = RelationshipRequest.objects.visible_to(request.membership).with_answers(request.membership)
    _sort, sorting = sorting_from(request, SORTINGS)
    context = {
        "filters": filters,
        "page": paginate(filters.apply(rows), request, sorting),
        "sorts": sort_links(request, SORTINGS),
        **request_context(request.membership, "customers:requests"),
    }
    template = "customers/requests/_table.html" if request.htmx else "customers/requests/list.html"
    return render(request, template, context)


@_asks_customers
@require_POST
def request_create(request: PortalRequest) -> HttpResponse:
    """A new link with its draft message, in the language of whoever asks for it."""
    form = NewRequestForm(request.POST, membership=request.membership)
    try:
        if not form.is_valid():
            raise not_partners()
        row = request_relationship(**form.asking(), language=get_language() or "", actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("customers:requests")
    return redirect(row)


@_asks_customers
@never_cache
def request_edit(request: PortalRequest, code: UUID) -> HttpResponse:
    """The draft email message and its options; Done keeps it as edited and leads back to the list."""
    return edit_page(request, _request(request, code), DESK)


@_asks_customers
@require_POST
@never_cache
def request_language(request: PortalRequest, code: UUID) -> HttpResponse:
    return change_language(request, _request(request, code), DESK)


@_asks_customers
@require_POST
@never_cache
def request_send(request: PortalRequest, code: UUID) -> HttpResponse:
    return send_edited(request, _request(request, code), DESK)


@_asks_customers
@require_POST
def request_send_again(request: PortalRequest, code: UUID) -> HttpResponse:
    row = _request(request, code)
    if not are_partners(row):
        messages.error(request, not_partners().messages[0])
        return redirect("customers:requests")
    return send_again(request, row, DESK)


@_asks_customers
@require_POST
def request_withdraw(request: PortalRequest, code: UUID) -> HttpResponse:
    return withdraw(request, _request(request, code), DESK)


def _request(request: PortalRequest, code: UUID) -> RelationshipRequest:
    rows = RelationshipRequest.objects.visible_to(request.membership)
    return get_object_or_404(rows.with_answers(request.membership), code=code)


def _page(request: PortalRequest, row: RelationshipRequest, form: DraftForm) -> HttpResponse:
    context = {"row": row, "form": form, **request_context(request.membership, "customers:requests")}
    return render(request, "customers/requests/detail.html", context)


DESK = Desk(
    wording=draft_text,
    sent=Verb.RELATIONSHIP_REQUEST_SENT,
    withdrawn=Verb.RELATIONSHIP_REQUEST_WITHDRAWN,
    requests_url="customers:requests",
    done_url="customers:requests",
    page=_page,
    form=RelationshipDraftForm,
)
