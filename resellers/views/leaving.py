"""Leaving a provider: the reseller asks or takes it back; the provider keeps the partnership, or removes it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, requires
from accounts.roles import Kind, Permission
from resellers.forms.leaving import KeepForm, LeaveForm
from resellers.leaving import ask_to_leave, keep, take_back
from resellers.models import Partnership
from resellers.partners import remains_of


def _with_provider(request: PortalRequest, provider: UUID) -> Partnership:
    active = Partnership.objects.visible_to(request.membership).active().by_partner("provider")
    return get_object_or_404(active.select_related("leave_requested_by"), provider=provider)


@requires(Permission.ACT_FOR_COMPANY, Kind.RESELLER)
def leave_ask(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Ask to leave: what stays and what ends is said first; on POST the provider is asked."""
    partnership = _with_provider(request, pk)
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ask_to_leave(partnership, reason=form.cleaned_data["reason"], actor=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            sentence = _("%(provider)s is asked to end the partnership. Until it answers, nothing changes.")
            messages.success(request, sentence % {"provider": str(partnership.provider)})
            return redirect("resellers:providers")
    context = {"partnership": partnership, "form": form, "remains": remains_of(partnership)}
    return render(request, "resellers/leave.html", context)


@requires(Permission.ACT_FOR_COMPANY, Kind.RESELLER)
@require_POST
def leave_take_back(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Stay after all."""
    partnership = _with_provider(request, pk)
    try:
        take_back(partnership, actor=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        names = {"provider": str(partnership.provider)}
        messages.success(request, _("You stay with %(provider)s.") % names)
    return redirect("resellers:providers")


@requires(Permission.REMOVE_PARTNERSHIP, Kind.PROVIDER)
def leave_refuse(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Keep the partnership that a reseller asked to end, and say why."""
    active = Partnership.objects.visible_to(request.membership).active().by_partner("reseller")
    partnership = get_object_or_404(active.select_related("leave_requested_by"), reseller=pk)
    form = KeepForm(request.POST or None)
    if form.is_valid():
        try:
            keep(partnership, reason=form.cleaned_data["reason"], actor=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            names = {"reseller": str(partnership.reseller)}
            messages.success(request, _("The partnership goes on. %(reseller)s can read why.") % names)
            return redirect("resellers:list")
    return render(request, "resellers/keep.html", {"partnership": partnership, "form": form})
