"""The page behind a personalised link. Its address is a secret: nothing here is cached, indexed or passed on."""

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
from outbox.views import behind_link, return_from_link
from providers.regions import region_name
from resellers.enrolment import AGREEMENT_VERSION
from resellers.forms.enrolment import AgreementForm
from resellers.forms.partnerships import AuthorizeForm, DeclineForm
from resellers.invitations import can_answer, explain, obstacles
from resellers.models import PartnershipRequest
from resellers.partnerships import accept_request, decline_request

_behind_link = behind_link(PartnershipRequest, "resellers:invitation_return")


@public
@require_safe
def invitation_return(request: VisitorRequest, code: UUID) -> HttpResponse:
    """Back to the link that this browser opened."""
    return return_from_link(request, PartnershipRequest, code)


@public
@require_safe
@_behind_link
def invitation_show(request: VisitorRequest, row: PartnershipRequest, link: str) -> HttpResponse:
    """Who asks for what, what consent gives, and what this person can do about it."""
    return _page(request, row, link)


@public
@require_POST
@_behind_link
def invitation_authorize(request: VisitorRequest, row: PartnershipRequest, link: str) -> HttpResponse:
    """Authorize indirect provider."""
    membership = request.membership
    if membership is None:
        return redirect(link)
    form = AuthorizeForm(request.POST, request=row, company=membership.organisation)
    if not form.is_valid():
        return _page(request, row, link, authorize_form=form)
    accept_request(row, membership=membership)
    messages.success(request, _("%(provider)s is now your indirect provider.") % {"provider": str(row.provider)})
    return redirect("resellers:providers")


@public
@require_POST
@_behind_link
def invitation_decline(request: VisitorRequest, row: PartnershipRequest, link: str) -> HttpResponse:
    """Say no."""
    membership = request.membership
    if membership is None:
        return redirect(link)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _page(request, row, link, decline_form=form)
    decline_request(row, membership=membership, reason=form.cleaned_data["reason"])
    names = {"provider": str(row.provider)}
    messages.success(request, _("You declined the request of %(provider)s. It can see that.") % names)
    return redirect("resellers:providers")


def _page(request: VisitorRequest, row: PartnershipRequest, link: str, **forms: Any) -> HttpResponse:
    membership = request.membership
    explanations = explain(obstacles(row, membership))
    may_answer = row.is_open and can_answer(membership)
    context = {
        "row": row,
        "provider": row.provider,
        "region": region_name(row.provider.region or ""),
        "link": link,
        "back": reverse("resellers:invitation_return", args=[row.code]),
        "explanations": explanations,
        "is_ready": may_answer and not explanations,
        "may_answer": may_answer and "already_partners" not in [each.code for each in explanations],
        "other_resellers": [each for each in request.memberships if each.kind == Kind.RESELLER and each != membership],
        **_forms(row, membership),
        **forms,
    }
    status = 200 if row.is_open else 410
    return render(request, "resellers/invitation/page.html", context, status=status)


def _forms(row: PartnershipRequest, membership: Membership | None) -> dict[str, Any]:
    if membership is None or not can_answer(membership):
        return {}
    return {
        "authorize_form": AuthorizeForm(request=row, company=membership.organisation),
        "decline_form": DeclineForm(),
        "agreement_form": AgreementForm(user=membership.user),
        "version": AGREEMENT_VERSION,
    }
