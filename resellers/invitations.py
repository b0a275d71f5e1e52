"""What stands in the way of somebody who opens a partnership request's link, and what to do about it."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind, Permission, who_may
from outbox import landing
from outbox.landing import Explanation, Words
from outbox.requests import closed
from resellers.eligibility import problems_of
from resellers.models import Partnership, PartnershipRequest

_WORDS: Words = {
    "already_partners": (
        _("You are partners already"),
        _("There is nothing left to do: the provider is on your page Indirect providers."),
    ),
    "own_company": (
        _("This is your own company's link"),
        _("Only an indirect reseller can accept it. To see what became of it, open Requests under Indirect resellers."),
    ),
    "wrong_kind": (
        _("This link is for indirect resellers"),
        _("If you also work for an indirect reseller, switch to it, or sign in with the account that you use there."),
    ),
    "enrolment_pending": (
        _("Your company's enrollment is under review"),
        _("Open this link again once the review is done; it stays the same."),
    ),
    "enrolment_rejected": (_("Your company's enrollment was rejected"), _("Nothing can be accepted before that.")),
    "enrolment_suspended": (_("Your company's enrollment is suspended"), _("Nothing can be accepted before that.")),
    "wrong_region": (
        _("You are not in the same region"),
        _("Ask the provider for its company in your region, or look for a provider there."),
    ),
    "no_location_account": (
        _("Your company has no location account"),
        _("A Global admin registers and associates the MPN ID of your location account (PLA) under MPN accounts."),
    ),
    "agreement_missing": (
        _("The partner agreement is not signed"),
        _("Any Global admin of your company can read and sign it right here; then this page goes on."),
    ),
    "role_missing": (
        _("Your role does not allow this"),
        _("Send this link to a colleague who holds the role, or ask the operator of this portal for the role."),
    ),
}


def obstacles(request: PartnershipRequest, membership: Membership | None) -> list[ValidationError]:
    """Everything that keeps this person from accepting, for the page to say before anybody presses a button."""
    if membership and _are_partners(request, membership):
        names = {"company": membership.organisation.name, "provider": str(request.provider)}
        return [ValidationError(_("%(company)s and %(provider)s are partners already."), "already_partners", names)]
    if not request.is_open:
        return [closed(request)]
    if membership is None:
        return []
    if membership.organisation_id == request.provider_id:
        return [ValidationError(_("This is your own company's link. Send it to the reseller."), "own_company")]
    if membership.kind != Kind.RESELLER:
        return [
            ValidationError(
                _("%(company)s is not an indirect reseller, so it cannot accept."),
                "wrong_kind",
                {"company": membership.organisation.name},
            )
        ]
    problems = problems_of(membership.organisation.reseller, request.provider)
    return problems if can_answer(membership) else [*problems, not_allowed(membership)]


def explain(problems: Iterable[ValidationError]) -> list[Explanation]:
    """One explanation for each problem that obstacles() found, in its order."""
    return landing.explain(problems, _WORDS)


def can_answer(membership: Membership | None) -> bool:
    """Whether this person may say yes or no for a reseller."""
    return membership is not None and membership.kind == Kind.RESELLER and membership.can(Permission.ACT_FOR_COMPANY)


def not_allowed(membership: Membership) -> ValidationError:
    """That somebody else in the company has to answer."""
    return ValidationError(
        _("Only a %(roles)s of %(company)s can answer. Ask one of them to open this link."),
        "role_missing",
        {
            "roles": who_may(Permission.ACT_FOR_COMPANY, Kind.RESELLER),
            "company": membership.organisation.name,
        },
    )


def _are_partners(request: PartnershipRequest, membership: Membership) -> bool:
    return Partnership.objects.active().filter(provider=request.provider, reseller=membership.organisation_id).exists()
