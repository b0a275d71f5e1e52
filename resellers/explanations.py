"""What stands in the way of accepting, as a page says it: what it is called, what happened, what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_ASK_ANEW = _("Ask the company that sent it for a new link.")
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
        _("Send this link to a colleague who holds the role, or ask for the role yourself."),
    ),
}


@dataclass(frozen=True)
class Explanation:
    code: str
    heading: str
    text: str
    advice: str


def explain(problems: Iterable[ValidationError]) -> list[Explanation]:
    """One explanation for each problem that obstacles() found, in its order."""
    return [_explanation(problem) for problem in problems]


def _explanation(problem: ValidationError) -> Explanation:
    heading, advice = _WORDS[problem.code or ""]
    return Explanation(problem.code or "", str(heading), problem.messages[0], str(advice))
