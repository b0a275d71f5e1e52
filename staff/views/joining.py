"""The page behind an invitation's link. Its address is a secret: nothing here is cached, indexed or passed on."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import VisitorRequest, public
from accounts.middleware import SESSION_KEY
from accounts.models import User
from accounts.roles import Kind, Role
from outbox.views import behind_link, return_from_link
from staff.forms import DeclineForm
from staff.invitations import decline, explain, join, obstacles
from staff.models import StaffInvitation
from staff.roles import ROLE_HELP

_behind_link = behind_link(StaffInvitation, "staff:join_return")


@public
@require_safe
def join_return(request: VisitorRequest, code: UUID) -> HttpResponse:
    """Back to the link that this browser opened."""
    return return_from_link(request, StaffInvitation, code)


@public
@require_safe
@_behind_link
def join_show(request: VisitorRequest, row: StaffInvitation, link: str) -> HttpResponse:
    """Who invites to what, with which roles, and what this person can do about it."""
    return _page(request, row, link)


@public
@require_POST
@_behind_link
def join_accept(request: VisitorRequest, row: StaffInvitation, link: str) -> HttpResponse:
    """Join. From now on the session acts for the new organisation."""
    user = _user(request)
    if user is None:
        return redirect(link)
    membership = join(row, user=user)
    request.session[SESSION_KEY] = membership.pk
    messages.success(request, _("You work for %(company)s now.") % {"company": row.organisation.name})
    return redirect("overview")


@public
@require_POST
@_behind_link
def join_decline(request: VisitorRequest, row: StaffInvitation, link: str) -> HttpResponse:
    """Say no. Nobody needs an account for that."""
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _page(request, row, link, form=form)
    decline(row, user=_user(request), reason=form.cleaned_data["reason"])
    messages.success(request, _("%(company)s can see your answer.") % {"company": row.organisation.name})
    return redirect(link)


def _user(request: VisitorRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _page(request: VisitorRequest, row: StaffInvitation, link: str, form: DeclineForm | None = None) -> HttpResponse:
    user, kind = _user(request), Kind(row.organisation.kind)
    explanations = explain(obstacles(row, user))
    context = {
        "row": row,
        "company": row.organisation,
        "roles": [(role.label, ROLE_HELP[kind].get(role, "")) for role in Role if role in row.roles],
        "link": link,
        "back": reverse("staff:join_return", args=[row.code]),
        "explanations": explanations,
        "is_ready": user is not None and not explanations,
        "decline_form": form or DeclineForm(),
    }
    return render(request, "staff/join/page.html", context, status=200 if row.is_open else 410)
