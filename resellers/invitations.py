"""What somebody meets who opens a personalised link: whether it is one, what stands in the way, what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import tokens
from accounts.models import Membership
from accounts.roles import Kind, Permission, labels, listed, roles_with
from resellers.eligibility import problems_of
from resellers.models import Partnership, PartnershipRequest

_NOBODYS_NONCE = "0" * 2 * tokens.NONCE_BYTES

_CLOSED = {
    PartnershipRequest.State.WITHDRAWN: (
        _("This link was withdrawn by the company that sent it."),
        "request_withdrawn",
    ),
    PartnershipRequest.State.ACCEPTED: (_("This link has been used already."), "request_used"),
    PartnershipRequest.State.DECLINED: (_("This partnership request was declined."), "request_declined"),
    PartnershipRequest.State.EXPIRED: (_("This link has expired."), "request_expired"),
}
_ASK_ANEW = _("Ask the company that sent it for a new link.")
# For each code of obstacles(): what it is called, and what to do about it.
_WORDS: dict[str, tuple[str | Promise, str | Promise]] = {
    "request_withdrawn": (_("This link was withdrawn"), _ASK_ANEW),
    "request_used": (_("This link has been used"), _("If that was not your company, ask the sender for a new link.")),
    "request_declined": (
        _("This request was declined"),
        _("If your company has changed its mind, ask the sender for a new link."),
    ),
    "request_expired": (_("This link has expired"), _ASK_ANEW),
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
        _("Ask the operator of this portal to register the MPN ID of your location account (PLA)."),
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


@dataclass(frozen=True)
class Explanation:
    """An obstacle as a page says it: what it is called, what happened, what to do about it."""

    code: str
    heading: str
    text: str
    advice: str


def find_invitation(code: UUID, token: str) -> PartnershipRequest | None:
    """The request whose link this is; None for a wrong token as for an unknown code, after the same work.

    Nobody is slowed down for guessing: a token is an HMAC of 128 random bits, so a billion guesses a second for the age
    of the universe would find none.
    """
    request = PartnershipRequest.objects.select_related("provider__organisation").filter(code=code).first()
    nonce = request.nonce if request else _NOBODYS_NONCE
    is_genuine = tokens.verify(token, nonce, purpose=PartnershipRequest.PURPOSE)
    return request if is_genuine else None


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
    return [_explanation(problem) for problem in problems]


def can_answer(membership: Membership | None) -> bool:
    """Whether this person may say yes or no for a reseller."""
    return membership is not None and membership.kind == Kind.RESELLER and membership.can(Permission.ACT_FOR_COMPANY)


def closed(request: PartnershipRequest) -> ValidationError:
    """Why a request takes no more answers and no more changes."""
    sentence, code = _CLOSED[request.state]
    return ValidationError(sentence, code=code)


def not_allowed(membership: Membership) -> ValidationError:
    """That somebody else in the company has to answer."""
    return ValidationError(
        _("Only a %(roles)s of %(company)s can answer. Ask one of them to open this link."),
        "role_missing",
        {
            "roles": listed(labels(roles_with(Permission.ACT_FOR_COMPANY, Kind.RESELLER))),
            "company": membership.organisation.name,
        },
    )


def _are_partners(request: PartnershipRequest, membership: Membership) -> bool:
    return Partnership.objects.active().filter(provider=request.provider, reseller=membership.organisation_id).exists()


def _explanation(problem: ValidationError) -> Explanation:
    heading, advice = _WORDS[problem.code or ""]
    return Explanation(problem.code or "", str(heading), problem.messages[0], str(advice))
