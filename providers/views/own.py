"""A provider's own entry in the indirect providers list: to review, and to propose a change to."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, requires
from accounts.roles import Kind, Permission, who_may
from providers.directory import propose, withdraw_proposal
from providers.entries import Difference, Entry, differences, speciality_names
from providers.forms.entries import EntryForm
from providers.languages import language_names
from providers.listing import market_of
from providers.models import ProfileProposal, ProfileProposalQuerySet, Provider

A_FEW = 5


@requires(Permission.VIEW, Kind.PROVIDER)
def entry_show(request: PortalRequest) -> HttpResponse:
    """The entry as everybody sees it, the proposal that waits, and what became of those before."""
    provider = request.membership.organisation.provider
    proposal = _open_proposal(request)
    decided = _proposals(request).exclude(state=ProfileProposal.State.OPEN).order_by("-decided_at", "-pk")
    context = {
        "provider": provider,
        "languages": language_names(provider.languages),
        "specialities": speciality_names(provider.specialities),
        "market": market_of(provider),
        "proposal": proposal,
        "differences": _differences(provider, Entry.read(proposal.entry)) if proposal else [],
        "decided": list(decided[:A_FEW]),
        "may_propose": request.membership.can(Permission.ACT_FOR_COMPANY),
        "roles_that_propose": who_may(Permission.ACT_FOR_COMPANY, Kind.PROVIDER),
    }
    return render(request, "directory/own.html", context)


@requires(Permission.ACT_FOR_COMPANY, Kind.PROVIDER)
def entry_propose(request: PortalRequest) -> HttpResponse:
    """Propose a change: the whole entry, as it is or as it was proposed last."""
    form = _form(request)
    if form.is_valid():
        try:
            propose(request.membership.organisation.provider, form.entry(), actor=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Your proposal waits for the operator of this portal. You will be told."))
            return redirect("directory:own")
    return _page(request, form)


@requires(Permission.ACT_FOR_COMPANY, Kind.PROVIDER)
@require_POST
def entry_preview(request: PortalRequest) -> HttpResponse:
    """What would change, before anything is proposed."""
    form = _form(request)
    if not form.is_valid():
        return _page(request, form)
    return _page(request, form, _differences(request.membership.organisation.provider, form.entry()))


@requires(Permission.ACT_FOR_COMPANY, Kind.PROVIDER)
@require_POST
def proposal_withdraw(request: PortalRequest, code: UUID) -> HttpResponse:
    """Take the open proposal back."""
    proposal = get_object_or_404(_proposals(request), code=code)
    try:
        withdraw_proposal(proposal, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("Your proposal is withdrawn; the entry stays as it is."))
    return redirect("directory:own")


def _form(request: PortalRequest) -> EntryForm:
    provider, proposal = request.membership.organisation.provider, _open_proposal(request)
    entry = Entry.read(proposal.entry) if proposal else Entry.of(provider)
    return EntryForm(request.POST or None, provider=provider, entry=entry)


def _page(request: PortalRequest, form: EntryForm, preview: list[Difference] | None = None) -> HttpResponse:
    context = {"form": form, "preview": preview, "proposal": _open_proposal(request)}
    return render(request, "directory/propose.html", context)


def _proposals(request: PortalRequest) -> ProfileProposalQuerySet:
    own = ProfileProposal.objects.visible_to(request.membership)
    return own.select_related("provider__organisation", "proposed_by", "decided_by")


def _open_proposal(request: PortalRequest) -> ProfileProposal | None:
    return _proposals(request).filter(state=ProfileProposal.State.OPEN).first()


def _differences(provider: Provider, entry: Entry) -> list[Difference]:
    return differences(Entry.of(provider), entry)
