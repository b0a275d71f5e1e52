"""Partnership requests: the list of links, and one request from its draft message to its end."""

from uuid import UUID

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
from outbox.forms import DraftForm, RequestFilter
from outbox.views import Desk, change_language, edit_page, send_again, send_edited, withdraw
from resellers.drafts import draft_text
from resellers.models import PartnershipRequest
from resellers.partnerships import request_partnership
from resellers.views.tabs import request_context, tabs

SORTINGS = {"created": Sorting(("created_at", "pk"), descending=True)}


@requires(Permission.VIEW, Kind.PROVIDER)
@never_cache
@vary_on_headers("HX-Request")
def request_list(request: PortalRequest) -> HttpResponse:
    """Every personalised link of the provider and what became of it."""
    filters = RequestFilter(request.GET)
    rows = filters.apply(PartnershipRequest.objects.visible_to(request.membership).with_answers())
    _sort, sorting = sorting_from(request, SORTINGS)
    context = {
        "filters": filters,
        "page": paginate(rows, request, sorting),
        "sorts": sort_links(request, SORTINGS),
        "tabs": tabs("resellers:requests"),
        **request_context(request.membership),
    }
    template = "resellers/requests/_table.html" if request.htmx else "resellers/requests/list.html"
    return render(request, template, context)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
def request_create(request: PortalRequest) -> HttpResponse:
    """A new link with its draft message, in the language of whoever asks for it."""
    provider = request.membership.organisation.provider
    return redirect(request_partnership(provider, language=get_language() or "", actor=request.user))


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@never_cache
def request_edit(request: PortalRequest, code: UUID) -> HttpResponse:
    """The draft email message; Done keeps it as edited and leads back to the list."""
    return edit_page(request, _request(request, code), DESK)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
@never_cache
def request_language(request: PortalRequest, code: UUID) -> HttpResponse:
    return change_language(request, _request(request, code), DESK)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
@never_cache
def request_send(request: PortalRequest, code: UUID) -> HttpResponse:
    return send_edited(request, _request(request, code), DESK)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
def request_send_again(request: PortalRequest, code: UUID) -> HttpResponse:
    return send_again(request, _request(request, code), DESK)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
def request_withdraw(request: PortalRequest, code: UUID) -> HttpResponse:
    return withdraw(request, _request(request, code), DESK)


def _request(request: PortalRequest, code: UUID) -> PartnershipRequest:
    return get_object_or_404(PartnershipRequest.objects.visible_to(request.membership).with_answers(), code=code)


def _page(request: PortalRequest, row: PartnershipRequest, form: DraftForm) -> HttpResponse:
    context = {"row": row, "form": form, "tabs": tabs("resellers:requests"), **request_context(request.membership)}
    return render(request, "resellers/requests/detail.html", context)


DESK = Desk(
    wording=draft_text,
    sent=Verb.PARTNERSHIP_REQUEST_SENT,
    withdrawn=Verb.PARTNERSHIP_REQUEST_WITHDRAWN,
    requests_url="resellers:requests",
    done_url="resellers:list",
    page=_page,
)
