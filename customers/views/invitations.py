"""The page behind a customer's personalised link. Its address is a secret: neither cached, indexed nor passed on."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import VisitorRequest, public
from accounts.models import Membership
from accounts.roles import Kind
from customers.forms.relationships import AcceptForm, DeclineForm
from customers.invitations import can_answer, explain, obstacles
from customers.models import RelationshipRequest
from customers.relationships import accept_request, decline_request
from outbox.views import behind_link, return_from_link

_behind_link = behind_link(RelationshipRequest, "customers:invitation_return")


@public
@require_safe
def invitation_return(request: VisitorRequest, code: UUID) -> HttpResponse:
    """Back to the link that this browser opened."""
    return return_from_link(request, RelationshipRequest, code)


@public
@require_safe
@_behind_link
def invitation_show(request: VisitorRequest, row: RelationshipRequest, link: str) -> HttpResponse:
    """Which companies ask, what each would be able to do, and what this person can do about it."""
    return _page(request, row, link)


@public
@require_POST
@_behind_link
def invitation_authorize(request: VisitorRequest, row: RelationshipRequest, link: str) -> HttpResponse:
    """Accept, with the privileges or without."""
    membership = request.membership
    if membership is None:
        return redirect(link)
    form = AcceptForm(request.POST, request=row, company=membership.organisation)
    if not form.is_valid():
        return _page(request, row, link, accept_form=form)
    accept_request(row, membership=membership, with_privileges=form.with_privileges)
    messages.success(request, _("%(sender)s is now your partner.") % {"sender": row.sender.name})
    return redirect("customers:partners")


@public
@require_POST
@_behind_link
def invitation_decline(request: VisitorRequest, row: RelationshipRequest, link: str) -> HttpResponse:
    """Say no."""
    membership = request.membership
    if membership is None:
        return redirect(link)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _page(request, row, link, decline_form=form)
    decline_request(row, membership=membership, reason=form.cleaned_data["reason"])
    messages.success(request, _("You declined the request of %(sender)s. It can see that.") % {"sender": row.sender})
    return redirect("customers:partners")


def _page(request: VisitorRequest, row: RelationshipRequest, link: str, **forms: Any) -> HttpResponse:
    membership = request.membership
    explanations = explain(obstacles(row, membership))
    may_answer = row.is_open and can_answer(membership)
    context = {
        "row": row,
        "sender": row.sender,
        "link": link,
        "back": reverse("customers:invitation_return", args=[row.code]),
        "explanations": explanations,
        "is_ready": may_answer and not explanations,
        "may_answer": may_answer and "already_related" not in [each.code for each in explanations],
        "other_customers": [each for each in request.memberships if each.kind == Kind.CUSTOMER and each != membership],
        **(_forms(row, membership) if membership and may_answer else {}),
        **forms,
    }
    return render(request, "customers/invitation/page.html", context, status=200 if row.is_open else 410)


def _forms(row: RelationshipRequest, membership: Membership) -> dict[str, Any]:
    return {
        "accept_form": AcceptForm(request=row, company=membership.organisation),
        "decline_form": DeclineForm(),
    }
