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
from accounts.roles import Kind, Permission, who_may
from providers.regions import region_name
from resellers.checklist import program_of, steps_for
from resellers.eligibility import has_agreement
from resellers.enrolment import AGREEMENT_VERSION, enrol, sign_agreement
from resellers.forms.accounts import ProfileForm
from resellers.forms.enrolment import AgreementForm, EnrolmentForm
from resellers.models import PartnerAgreement, Reseller
from resellers.profile import change_profile


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
        "signatures": _signatures(reseller),
        "next": next_url(request),
    }
    return render(request, "resellers/agreement.html", context)


@requires(Permission.VIEW, Kind.RESELLER)
def enrolment_status(request: PortalRequest) -> HttpResponse:
    """The steps of the enrollment, how each stands, and what to do next."""
    reseller = request.membership.organisation.reseller
    context = {
        "reseller": reseller,
        "steps": steps_for(request.membership),
        "program": program_of(reseller),
        "may_act": request.membership.can(Permission.ACT_FOR_COMPANY),
        "roles_that_act": who_may(Permission.ACT_FOR_COMPANY, Kind.RESELLER),
        "signatures": _signatures(reseller),
    }
    return render(request, "resellers/enrolment.html", context)


@requires(Permission.ACT_FOR_COMPANY, Kind.RESELLER)
def profile_edit(request: PortalRequest) -> HttpResponse:
    """The company's primary contact and website."""
    form = ProfileForm(request.POST or None, membership=request.membership)
    if form.is_valid():
        try:
            changed = change_profile(request.membership.organisation.reseller, form.profile(), actor=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Company profile saved.") if changed else _("Nothing was changed."))
            return redirect("resellers:enrolment_status")
    return render(request, "resellers/profile.html", {"form": form})


def _signatures(reseller: Reseller) -> list[tuple[PartnerAgreement, str]]:
    """Every signature with its region's name, the latest first: a company has a handful."""
    signed = reseller.organisation.partner_agreements.order_by("-signed_at", "-pk")
    return [(each, region_name(each.region)) for each in signed]


def _welcome(membership: Membership) -> str:
    names = {"company": membership.organisation.name}
    if membership.organisation.reseller.enrolment == membership.organisation.reseller.Enrolment.AUTHORIZED:
        return _("%(company)s is enrolled as an indirect reseller.") % names
    return _("%(company)s has enrolled. The operator of this portal reviews it now.") % names
