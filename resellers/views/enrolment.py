"""Becoming an indirect reseller, and signing the partner agreement later."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, requires, signed_in
from accounts.middleware import SESSION_KEY
from accounts.models import Membership
from accounts.redirects import next_url
from accounts.roles import Kind, Permission
from resellers.eligibility import has_agreement
from resellers.enrolment import AGREEMENT_VERSION, enrol, sign_agreement
from resellers.forms.enrolment import AgreementForm, EnrolmentForm


@signed_in
def company_enrol(request: PortalRequest) -> HttpResponse:
    """Enroll a company as an indirect reseller; its first Global admin is whoever does it."""
    form = EnrolmentForm(request.POST or None, user=request.user)
    if form.is_valid():
        try:
            membership = enrol(form.enrolment(), actor=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            request.session[SESSION_KEY] = membership.pk
            messages.success(request, _welcome(membership))
            return redirect(next_url(request, reverse("resellers:providers")))
    own = [each for each in request.memberships if each.kind == Kind.RESELLER]
    context = {"form": form, "own": own, "version": AGREEMENT_VERSION, "next": next_url(request)}
    return render(request, "resellers/enrol.html", context)


@requires(Permission.ACT_FOR_COMPANY, Kind.RESELLER)
def agreement_sign(request: PortalRequest) -> HttpResponse:
    """Read and sign the partner agreement, when that was not done with the enrollment or has ended since."""
    reseller = request.membership.organisation.reseller
    form = AgreementForm(request.POST or None, user=request.user)
    if form.is_valid():
        sign_agreement(reseller, signer_name=form.cleaned_data["signer_name"], actor=request.user)
        messages.success(request, _("The partner agreement is signed."))
        return redirect(next_url(request, reverse("resellers:providers")))
    context = {
        "form": form,
        "reseller": reseller,
        "is_signed": has_agreement(reseller),
        "version": AGREEMENT_VERSION,
        "next": next_url(request),
    }
    return render(request, "resellers/agreement.html", context)


def _welcome(membership: Membership) -> str:
    names = {"company": membership.organisation.name}
    if membership.organisation.reseller.enrolment == membership.organisation.reseller.Enrolment.AUTHORIZED:
        return _("%(company)s is enrolled as an indirect reseller.") % names
    return _("%(company)s has enrolled. The operator of this portal reviews it now.") % names
