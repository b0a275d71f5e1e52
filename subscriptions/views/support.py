"""Support requests: the list, a new one, and the page of one with what was written."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, check, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission, labels, roles_with
from activity.exports import export_list
from activity.log import codes_of
from resellers.support_profiles import PARTS, profile_of
from subscriptions.forms.support import MessageForm, NewRequestForm, SupportFilter
from subscriptions.lists.support import SORTINGS, export_header, export_lines, thread_of
from subscriptions.models import Subscription, SupportRequest
from subscriptions.support import close_request, needed_permission, open_request, reopen_request, write


@requires(Permission.VIEW)
@vary_on_headers("HX-Request")
def support_list(request: PortalRequest) -> HttpResponse:
    """The customer's own, the provider's customers', and for a reseller those that are its to answer."""
    filters = SupportFilter(request.GET)
    rows = filters.apply(SupportRequest.objects.visible_to(request.membership).with_names())
    sort, sorting = sorting_from(request, SORTINGS)
    context = {
        "filters": filters,
        "page": paginate(rows, request, sorting),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
        "may_request": request.membership.can(Permission.REQUEST_SUPPORT),
        "is_customer": request.membership.kind == Kind.CUSTOMER,
    }
    return render(request, "support/_table.html" if request.htmx else "support/list.html", context)


@requires(Permission.VIEW)
def support_export(request: PortalRequest) -> StreamingHttpResponse:
    rows = SupportFilter(request.GET).apply(SupportRequest.objects.visible_to(request.membership))
    _sort, sorting = sorting_from(request, SORTINGS)
    lines = export_lines(rows.order_by(*sorting.order_by()))
    return export_list(request, "support-requests", _("Support requests"), export_header(), lines)


@requires(Permission.REQUEST_SUPPORT, Kind.CUSTOMER)
def support_new(request: PortalRequest) -> HttpResponse:
    """Ask about a subscription; ?subscription= names the one whose page one comes from."""
    initial = {"subscription": request.GET.get("subscription")}
    form = NewRequestForm(request.POST or None, membership=request.membership, initial=initial)
    if form.is_valid():
        try:
            row = open_request(**form.cleaned_data, membership=request.membership)
        except ValidationError as refusal:
            form.add_error("subscription", refusal)
        else:
            messages.success(request, _("Your request has gone to %(company)s.") % {"company": row.assignee.name})
            return redirect(row)
    choices: Any = form.fields["subscription"]
    return render(request, "support/new.html", {"form": form, "has_any": choices.queryset.exists()})


@requires(Permission.VIEW)
def support_detail(request: PortalRequest, code: UUID) -> HttpResponse:
    """What a request is about, and all that was written; nothing of the subscription but its name (design.md §3)."""
    return _page(request, _request(request, code), MessageForm())


@requires(Permission.VIEW)
@require_POST
def support_write(request: PortalRequest, code: UUID) -> HttpResponse:
    """Say something; what cannot be said is shown again with the reason."""
    row = _request(request, code)
    check(request.membership, needed_permission(request.membership))
    form = MessageForm(request.POST)
    if form.is_valid():
        try:
            write(row, text=form.cleaned_data["text"], membership=request.membership)
        except ValidationError as refusal:
            if codes_of(refusal) == "support_moved":
                return _gone(request, refusal)
            form.add_error(None, refusal)
            row = _request(request, code)
        else:
            messages.success(request, _("Message sent."))
            return redirect(row)
    return _page(request, row, form)


@requires(Permission.VIEW)
@require_POST
def support_close(request: PortalRequest, code: UUID) -> HttpResponse:
    return _move(request, code, close_request, done=_("Support request closed."))


@requires(Permission.VIEW)
@require_POST
def support_reopen(request: PortalRequest, code: UUID) -> HttpResponse:
    return _move(request, code, reopen_request, done=_("Support request opened again."))


def _move(request: PortalRequest, code: UUID, move: Callable[..., None], *, done: str) -> HttpResponse:
    row = _request(request, code)
    check(request.membership, needed_permission(request.membership))
    try:
        move(row, membership=request.membership)
    except ValidationError as refusal:
        if codes_of(refusal) == "support_moved":
            return _gone(request, refusal)
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, done)
    return redirect(row)


def _gone(request: PortalRequest, refusal: ValidationError) -> HttpResponse:
    """Another company answers it now, so its page is not theirs any more (or is about to be)."""
    messages.error(request, refusal.messages[0])
    return redirect("support:list")


def _request(request: PortalRequest, code: UUID) -> SupportRequest:
    rows = SupportRequest.objects.visible_to(request.membership).with_parties()
    return get_object_or_404(rows.select_related(*(f"assignee__{part}" for part in PARTS)), code=code)


def _page(request: PortalRequest, row: SupportRequest, form: MessageForm) -> HttpResponse:
    membership, permission = request.membership, needed_permission(request.membership)
    reachable = Subscription.objects.visible_to(membership).filter(pk=row.subscription_id)
    context = {
        "row": row,
        "form": form,
        "thread": thread_of(row, membership),
        "contact": profile_of(row.assignee),
        "is_customer": membership.kind == Kind.CUSTOMER,
        "may_see_subscription": reachable.exists(),
        "may_write": membership.can(permission),
        "writers": labels(roles_with(permission, membership.kind)),
    }
    return render(request, "support/detail.html", context)
