"""One's own account, and which organisation one acts for."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, signed_in
from accounts.forms import NewPasswordForm, ProfileForm, SwitchForm
from accounts.middleware import SESSION_KEY
from accounts.profile import change_profile, choose_password
from accounts.redirects import next_url


@signed_in
@require_POST
def switch(request: PortalRequest) -> HttpResponse:
    """Act for another of one's organisations from now on."""
    form = SwitchForm(request.POST, user=request.user)
    if form.is_valid():
        request.session[SESSION_KEY] = form.cleaned_data["membership"].pk
    return redirect(next_url(request, reverse("overview")))


@signed_in
@sensitive_post_parameters("password")
def new_password(request: PortalRequest) -> HttpResponse:
    """Choose a password in place of the temporary one."""
    if not request.user.must_change_password:
        return redirect("overview")
    form = NewPasswordForm(request.POST or None, user=request.user)
    if form.is_valid():
        choose_password(request.user, form.cleaned_data["password"])
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your new password is in use."))
        return redirect("overview")
    return render(request, "accounts/new_password.html", {"form": form})


@signed_in
def profile(request: PortalRequest) -> HttpResponse:
    """One's own name, language and time zone."""
    user = request.user
    form = ProfileForm(
        request.POST or None, initial={"name": user.name, "language": user.language, "time_zone": user.time_zone}
    )
    if form.is_valid():
        change_profile(user, **form.cleaned_data)
        messages.success(request, _("Profile saved."))
        return redirect(reverse("accounts:profile"))
    return render(request, "accounts/profile.html", {"form": form})
