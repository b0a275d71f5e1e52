"""Partnership requests: the list of links, and one request from its draft message to its end."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.paging import Sorting, paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from resellers.filters import RequestFilter
from resellers.forms.partnerships import RequestForm
from resellers.models import PartnershipRequest
from resellers.partnerships import edit_request, request_partnership, send_request, withdraw_request
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
    row = _request(request, code)
    if request.method != "POST":
        return _page(request, row, RequestForm(request=row))
    form = RequestForm(request.POST, request=row)
    if not _saved(form, row):
        return _page(request, row, form)
    messages.success(request, _("The request is saved. You find it under Requests."))
    return redirect("resellers:list")


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
@never_cache
def request_language(request: PortalRequest, code: UUID) -> HttpResponse:
    """The message in another language, unless somebody edited it; everything else that was typed is kept."""
    row = _request(request, code)
    form = RequestForm(request.POST, request=row)
    if not _saved(form, row):
        return _page(request, row, form)
    row.refresh_from_db()
    if row.message == form.cleaned_data["message"]:
        messages.info(request, _("The message stays as you wrote it."))
    return redirect(row)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
@never_cache
def request_send(request: PortalRequest, code: UUID) -> HttpResponse:
    """Save the message as edited and mail it."""
    row = _request(request, code)
    form = RequestForm(request.POST, request=row, to_be_sent=True)
    if not (_saved(form, row) and _done(form, lambda: send_request(row, actor=request.user))):
        return _page(request, row, form)
    return redirect(row)


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
def request_send_again(request: PortalRequest, code: UUID) -> HttpResponse:
    """Mail the message once more, as it is."""
    row = _request(request, code)
    try:
        sent = send_request(row, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The message is on its way to %(recipient)s.") % {"recipient": sent.recipient})
    return redirect("resellers:requests")


@requires(Permission.REQUEST_PARTNERSHIP, Kind.PROVIDER)
@require_POST
def request_withdraw(request: PortalRequest, code: UUID) -> HttpResponse:
    """Make the link worthless."""
    row = _request(request, code)
    try:
        withdraw_request(row, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The link is withdrawn: nobody can accept it any more."))
    return redirect("resellers:requests")


def _request(request: PortalRequest, code: UUID) -> PartnershipRequest:
    return get_object_or_404(PartnershipRequest.objects.visible_to(request.membership).with_answers(), code=code)


def _saved(form: RequestForm, row: PartnershipRequest) -> bool:
    return form.is_valid() and _done(form, lambda: edit_request(row, form.draft()))


def _done(form: RequestForm, change: Callable[[], object]) -> bool:
    try:
        change()
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True


def _page(request: PortalRequest, row: PartnershipRequest, form: RequestForm) -> HttpResponse:
    context = {"row": row, "form": form, "tabs": tabs("resellers:requests"), **request_context(request.membership)}
    return render(request, "resellers/requests/detail.html", context)
