"""What a company needs to do business as an indirect reseller, step by step, and what of it is missing.

Source: domain.md §3.2. Every step can be done by itself; the order is the one in which they are usually done.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Membership
from accounts.roles import Permission
from resellers.eligibility import has_agreement
from resellers.enrolment import check_work_address
from resellers.models import Reseller

Text = str | Promise

_DECISIONS: dict[str, tuple[str, Text]] = {
    Reseller.Enrolment.AUTHORIZED: ("good", _("The operator of this portal has authorized your company.")),
    Reseller.Enrolment.PENDING: (
        "warn",
        _("The operator of this portal reviews your company now. There is nothing for you to do; you will be told."),
    ),
    Reseller.Enrolment.REJECTED: (
        "bad",
        _("The operator of this portal rejected the enrollment. Ask the operator why, and what would change it."),
    ),
    Reseller.Enrolment.SUSPENDED: (
        "bad",
        _("What you look after stays as it is, but no provider can credit you. Ask the operator of this portal why."),
    ),
}
_PROGRAM: dict[str, tuple[str, Text]] = {
    Reseller.Enrolment.AUTHORIZED: ("good", _("Active")),
    Reseller.Enrolment.PENDING: ("warn", _("Pending qualification")),
    Reseller.Enrolment.REJECTED: ("bad", _("Rejected")),
    Reseller.Enrolment.SUSPENDED: ("bad", _("Suspended")),
}


@dataclass(frozen=True)
class Step:
    """A line of the checklist: how it stands, and where it is done by whoever may do it."""

    name: Text
    state: Text
    kind: str
    """good, warn or bad: how the state is shown."""
    text: Text
    url: str = ""
    action: Text = ""

    @property
    def is_done(self) -> bool:
        return self.kind == "good"


@dataclass(frozen=True)
class Program:
    """The line Program info: Indirect reseller: Active."""

    state: Text
    kind: str
    mpn_id: str


def steps_for(membership: Membership) -> list[Step]:
    """The whole checklist of the reseller that the member acts for, with links to what the member may do."""
    reseller = _with_papers(membership.organisation.reseller)
    may_act = membership.can(Permission.ACT_FOR_COMPANY)
    return [_profile(reseller, may_act), _account(reseller, may_act), _agreement(reseller, may_act), _review(reseller)]


def missing_for(membership: Membership) -> list[Step]:
    """The steps that are not done."""
    return [step for step in steps_for(membership) if not step.is_done]


def program_of(reseller: Reseller) -> Program:
    """How the programme sees the company: active only once nothing is missing (domain.md §3.2 and §3.3)."""
    reseller = _with_papers(reseller)
    kind, state = _PROGRAM[reseller.enrolment]
    if kind == "good" and not (reseller.mpn_id and has_agreement(reseller)):
        kind, state = _PROGRAM[Reseller.Enrolment.PENDING]
    return Program(state, kind, reseller.mpn_id)


def _profile(reseller: Reseller, may_act: bool) -> Step:
    name, url = _("Company profile"), reverse("resellers:profile") if may_act else ""
    if not (reseller.contact_name and reseller.contact_email and reseller.contact_phone):
        text = _("The primary contact needs a name, an email address and a phone number: customers are sent to it.")
        return Step(name, _("Incomplete"), "warn", text, url, _("Edit company profile"))
    if _is_free_mail(reseller.contact_email):
        text = _("The primary contact's address is at a free mail service. Enter one at your company.")
        return Step(name, _("Incomplete"), "warn", text, url, _("Edit company profile"))
    return Step(name, _("Complete"), "good", _("Name, email address and phone number of the primary contact."))


def _account(reseller: Reseller, may_act: bool) -> Step:
    name, url = _("MPN ID"), reverse("resellers:accounts")
    action = _("Choose the associated MPN ID") if may_act else _("MPN accounts")
    accounts = reseller.organisation.partner_accounts.all()
    account = next((each for each in accounts if each.is_associated), None)
    if account is None:
        text = _("No location account (PLA) is associated. Without one, no provider can credit you.")
        return Step(name, _("Missing"), "bad", text, url, action)
    if account.country != reseller.organisation.country:
        text = _("The associated location account is in another country than your company: incentives are not paid.")
        return Step(name, _("Wrong country"), "warn", text, url, action)
    return Step(name, _("Associated"), "good", _("The location account that is credited for what you sell."))


def _agreement(reseller: Reseller, may_act: bool) -> Step:
    name, url = _("Partner agreement"), reverse("resellers:sign_agreement") if may_act else ""
    if has_agreement(reseller):
        return Step(
            name,
            pgettext_lazy("agreement", "Signed"),
            "good",
            _("The Microsoft Partner Agreement holds for your CSP region."),
        )
    text = _("A Global admin of your company reads and signs it. Without it, no provider can credit you.")
    return Step(name, _("Not signed"), "bad", text, url, _("Sign the partner agreement"))


def _review(reseller: Reseller) -> Step:
    kind, text = _DECISIONS[reseller.enrolment]
    return Step(_("Authorization"), reseller.get_enrolment_display(), kind, text)


def _with_papers(reseller: Reseller) -> Reseller:
    """With its numbers and agreements at hand: several steps look at them."""
    prefetch_related_objects([reseller.organisation], "partner_accounts", "partner_agreements")
    return reseller


def _is_free_mail(address: str) -> bool:
    try:
        check_work_address(address)
    except ValidationError:
        return True
    return False
