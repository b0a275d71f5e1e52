"""The company's own customer support profile."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, check, requires
from accounts.roles import Kind, Permission, labels, roles_with
from resellers.forms.support import SupportProfileForm
from resellers.support_profiles import change_profile, profile_of


@requires(Permission.VIEW, Kind.PROVIDER, Kind.RESELLER)
def support_profile(request: PortalRequest) -> HttpResponse:
    """What customers read of us; whoever acts for the company may change it."""
    membership = request.membership
    organisation = membership.organisation
    if request.method == "POST":
        check(membership, Permission.ACT_FOR_COMPANY)
    form = SupportProfileForm(request.POST or None, organisation=organisation)
    if form.is_valid():
        changed = change_profile(organisation, form.profile(), actor=request.user)
        messages.success(request, _("Customer support profile saved.") if changed else _("Nothing was changed."))
        return redirect("resellers:support_profile")
    context = {
        "form": form,
        "contact": profile_of(organisation),
        "may_edit": membership.can(Permission.ACT_FOR_COMPANY),
        "editors": labels(roles_with(Permission.ACT_FOR_COMPANY, membership.kind)),
    }
    return render(request, "resellers/support_profile.html", context)
