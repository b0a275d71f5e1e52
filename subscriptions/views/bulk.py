"""Many subscriptions changed in one go: chosen or uploaded, checked, started, and what came of each."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from accounts.access import PortalRequest, RoleMissing, requires
from accounts.paging import paginate
from accounts.roles import Kind, Permission
from activity.exports import export_list
from subscriptions.bulk import MOST_ROWS, PERMISSIONS, What, Wish, allowed_changes, leave, prepare, start
from subscriptions.bulk.csv import VALUES
from subscriptions.forms.bulk import BulkFileForm, BulkValueForm, Selection
from subscriptions.lists.bulk import BY_LINE, NEWEST, Table
from subscriptions.models import BulkChange

# Whether it may be changed is a question of what is changed: the views and the domain ask for its own permission.
_provider = requires(Permission.VIEW, Kind.PROVIDER)


@_provider
@vary_on_headers("HX-Request")
def bulk_list(request: PortalRequest) -> HttpResponse:
    """Those of the whole provider, the newest first."""
    changes = BulkChange.objects.visible_to(request.membership).select_related("membership__user")
    context = {"page": paginate(changes, request, NEWEST), "may_change": bool(allowed_changes(request.membership))}
    return render(request, "subscriptions/bulk/_list.html" if request.htmx else "subscriptions/bulk/list.html", context)


@_provider
def bulk_new(request: PortalRequest) -> HttpResponse:
    """One new value for the subscriptions that the address names."""
    what, selection = _what(request), Selection(request.GET, request.membership)
    data = request.POST if request.method == "POST" else None
    form = BulkValueForm(what, data, membership=request.membership)
    if form.is_valid() and (change := _prepared(request, form, selection.wishes(form.wanted))):
        return redirect(change)
    context = {"form": form, "selection": selection, "tabs": _tabs(request, what), "most": MOST_ROWS}
    return render(request, "subscriptions/bulk/new.html", context)


@_provider
def bulk_upload(request: PortalRequest) -> HttpResponse:
    """A file that says what each subscription is to have."""
    what = _what(request)
    form = BulkFileForm(what, request.POST, request.FILES) if request.method == "POST" else BulkFileForm(what)
    if form.is_valid() and (change := _prepared(request, form, form.wishes)):
        return redirect(change)
    context = {"form": form, "tabs": _tabs(request, what), "what": what, "column": VALUES[what][0], "most": MOST_ROWS}
    return render(request, "subscriptions/bulk/upload.html", context)


@_provider
@vary_on_headers("HX-Request")
def bulk_detail(request: PortalRequest, code: UUID) -> HttpResponse:
    """How far it is, what would come or came of each row. Its progress alone is asked for again until that is over."""
    change = _change(request, code)
    table = Table(change, request.membership, request.GET.get("result", ""))
    context: dict[str, Any] = {"change": change, "table": table}
    if request.htmx and request.htmx.target == "progress":
        over = not change.is_working
        return HttpResponseClientRefresh() if over else render(request, "subscriptions/bulk/_progress.html", context)
    context["page"] = page = paginate(table.rows, request, BY_LINE)
    context["rows"] = table.shown(page)
    context["may_change"] = request.membership.can(PERMISSIONS[change.what])
    template = "subscriptions/bulk/_rows.html" if request.htmx else "subscriptions/bulk/detail.html"
    return render(request, template, context)


@_provider
def bulk_export(request: PortalRequest, code: UUID) -> StreamingHttpResponse:
    """What was wanted of each row and what came of it, as a file; of a change that was not started what would."""
    change = _change(request, code)
    table = Table(change, request.membership, request.GET.get("result", ""))
    return export_list(request, "bulk-change", _("Bulk change"), table.header(), table.lines())


@require_POST
@_provider
def bulk_start(request: PortalRequest, code: UUID) -> HttpResponse:
    """Carry it out; pressed twice it starts once."""
    change = _change(request, code)
    try:
        start(change, membership=request.membership)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The bulk change has started. You are told when it is finished."))
    return redirect(change)


@require_POST
@_provider
def bulk_cancel(request: PortalRequest, code: UUID) -> HttpResponse:
    """Leave it; nothing has been changed."""
    change = _change(request, code)
    try:
        leave(change, membership=request.membership)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("The bulk change is canceled. Nothing was changed."))
    return redirect(change)


def _change(request: PortalRequest, code: UUID) -> BulkChange:
    rows = BulkChange.objects.visible_to(request.membership).select_related("membership__user")
    return get_object_or_404(rows, code=code)


def _what(request: PortalRequest) -> What:
    """What is to be changed: what ?what= says, else the first that the person's roles allow."""
    allowed = allowed_changes(request.membership)
    wanted = request.GET.get("what", "")
    what = What(wanted) if wanted in What else next(iter(allowed), What.AUTO_RENEW)
    if what not in allowed:
        raise RoleMissing(PERMISSIONS[what], request.membership.kind)
    return what


def _tabs(request: PortalRequest, what: What) -> list[dict[str, object]]:
    """The same selection with another of the changes that the person may make."""
    query = request.GET.copy()
    tabs: list[dict[str, object]] = []
    for each in allowed_changes(request.membership):
        query["what"] = each.value
        tabs.append({"label": each.label, "url": f"{request.path}?{query.urlencode()}", "current": each == what})
    return tabs


def _prepared(request: PortalRequest, form: BulkValueForm | BulkFileForm, wishes: list[Wish]) -> BulkChange | None:
    """The change that is being checked now; None, and the reason in the form, when it was refused whole."""
    try:
        return prepare(form.what, wishes, membership=request.membership)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None
