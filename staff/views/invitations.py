"""Invitations: the list of links, and one of them from its draft message to its end.

A link to be a Global admin is the role itself: only Global admins see it, send it or withdraw it.
"""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, RoleMissing, requires
from accounts.paging import Sorting, paginate, sort_links, sorting_from
from accounts.roles import Permission
from activity.verbs import Verb
from outbox.forms import DraftForm, RequestFilter
from outbox.views import Desk, change_language, edit_page, send_again, send_edited, withdraw
from staff.drafts import draft_text
from staff.forms import InvitationForm
from staff.invitations import invite
from staff.listing import invitation_row, invitation_rows
from staff.models import StaffInvitation
from staff.rules import may_grant
from staff.views.tabs import staff_context

SORTINGS = {"created": Sorting(("created_at", "pk"), descending=True)}


@requires(Permission.VIEW)
@never_cache
@vary_on_headers("HX-Request")
def invitation_list(request: PortalRequest) -> HttpResponse:
    """Every invitation and what became of it."""
    filters = RequestFilter(request.GET)
    rows = filters.apply(StaffInvitation.objects.visible_to(request.membership).with_answers())
    _sort, sorting = sorting_from(request, SORTINGS)
    page = paginate(rows, request, sorting)
    context = {
        "filters": filters,
        "page": page,
        "rows": invitation_rows(page.rows, request.membership),
        "sorts": sort_links(request, SORTINGS),
        **staff_context(request.membership, "staff:invitations"),
    }
    template = "staff/invitations/_table.html" if request.htmx else "staff/invitations/list.html"
    return render(request, template, context)


@requires(Permission.MANAGE_STAFF)
def invitation_create(request: PortalRequest) -> HttpResponse:
    """Whom to invite, to which roles; the draft message comes next."""
    by, form = request.membership, InvitationForm(request.POST or None, membership=request.membership)
    if form.is_valid():
        try:
            return redirect(invite(by.organisation, language=get_language() or "", by=by, **form.cleaned_data))
        except ValidationError as refusal:
            form.add_error(None, refusal)
    return render(request, "staff/invitations/new.html", {"form": form, **staff_context(by)})


@requires(Permission.MANAGE_STAFF)
@never_cache
def invitation_edit(request: PortalRequest, code: UUID) -> HttpResponse:
    """The draft email message; Done keeps it as edited and leads to the list of invitations."""
    return edit_page(request, _invitation(request, code), DESK)


@requires(Permission.MANAGE_STAFF)
@require_POST
@never_cache
def invitation_language(request: PortalRequest, code: UUID) -> HttpResponse:
    return change_language(request, _invitation(request, code), DESK)


@requires(Permission.MANAGE_STAFF)
@require_POST
@never_cache
def invitation_send(request: PortalRequest, code: UUID) -> HttpResponse:
    return send_edited(request, _invitation(request, code), DESK)


@requires(Permission.MANAGE_STAFF)
@require_POST
def invitation_send_again(request: PortalRequest, code: UUID) -> HttpResponse:
    return send_again(request, _invitation(request, code), DESK)


@requires(Permission.MANAGE_STAFF)
@require_POST
def invitation_withdraw(request: PortalRequest, code: UUID) -> HttpResponse:
    return withdraw(request, _invitation(request, code), DESK)


def _invitation(request: PortalRequest, code: UUID) -> StaffInvitation:
    by = request.membership
    invitation = get_object_or_404(StaffInvitation.objects.visible_to(by).with_answers(), code=code)
    if not may_grant(set(invitation.roles), by=by, organisation=by.organisation):
        raise RoleMissing(Permission.ACT_FOR_COMPANY, by.kind)
    return invitation


def _page(request: PortalRequest, row: StaffInvitation, form: DraftForm) -> HttpResponse:
    context = {
        "row": row,
        "form": form,
        "invitation": invitation_row(row, request.membership),
        **staff_context(request.membership, "staff:invitations"),
    }
    return render(request, "staff/invitations/detail.html", context)


DESK = Desk(
    wording=draft_text,
    sent=Verb.STAFF_INVITATION_SENT,
    withdrawn=Verb.STAFF_INVITATION_WITHDRAWN,
    requests_url="staff:invitations",
    done_url="staff:invitations",
    page=_page,
    saved=_("The invitation is saved."),
)
