"""How a company becomes an indirect reseller, signs what a reseller must have signed, and what the operator decides."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, User
from accounts.roles import Kind, Permission, Role
from activity.log import attempt, record
from activity.verbs import Verb
from outbox.notices import notify
from outbox.subjects import Subject
from providers.regions import region_of
from resellers.models import PartnerAccount, PartnerAgreement, Reseller
from staff.invitations import password_problems

AGREEMENT_VERSION = "2026-11"
# domain.md §3.2, with the services' other names: gmail.com as well as yahoo.co.jp.
_FREE_MAIL = re.compile(
    r"(?:gmail|googlemail|yahoo|ymail|rocketmail|icloud|aol|outlook|hotmail|live|msn)\.(?:com|[a-z]{2}|com?\.[a-z]{2}|ne\.jp)"
    r"|(?:me|mac)\.com"
)

_DECISIONS = {
    Reseller.Enrolment.AUTHORIZED: Verb.ENROLMENT_AUTHORIZED,
    Reseller.Enrolment.REJECTED: Verb.ENROLMENT_REJECTED,
    Reseller.Enrolment.SUSPENDED: Verb.ENROLMENT_SUSPENDED,
}


@dataclass(frozen=True)
class Enrolment:
    """What a company says of itself when it enrols."""

    company_name: str
    country: str
    mpn_id: str
    contact_name: str
    contact_email: str
    contact_phone: str
    signer_name: str
    website: str = ""


@transaction.atomic
def enrol(details: Enrolment, *, actor: User) -> Membership:
    """Make the company an indirect reseller with one location account and a signed agreement; the actor becomes its
    Global admin and Admin agent (domain.md §3.2). Refused with mpn_taken when the number is registered already, with
    no_region where the programme does not sell, and with sign_in_again when the actor's password was reset meanwhile.
    """
    if problems := password_problems(actor):
        raise ValidationError(problems)
    if region_of(details.country) is None:
        raise ValidationError(
            {"country": ValidationError(_("The program is not offered in this country or region."), "no_region")}
        )
    organisation = Organisation.objects.create(kind=Kind.RESELLER, name=details.company_name, country=details.country)
    reseller = Reseller.objects.create(
        organisation=organisation,
        enrolment=Reseller.Enrolment.PENDING if settings.ENROLMENT_NEEDS_REVIEW else Reseller.Enrolment.AUTHORIZED,
        contact_name=details.contact_name,
        contact_email=details.contact_email,
        contact_phone=details.contact_phone,
        website=details.website,
    )
    _register_account(organisation, details)
    membership = Membership.objects.create(
        user=actor, organisation=organisation, roles=[Role.GLOBAL_ADMIN, Role.ADMIN_AGENT]
    )
    record(Verb.RESELLER_ENROLLED, organisation, actor=actor, seen_by=[organisation], mpn_id=details.mpn_id)
    sign_agreement(reseller, signer_name=details.signer_name, actor=actor)
    return membership


@transaction.atomic
def sign_agreement(reseller: Reseller, *, signer_name: str, actor: User) -> PartnerAgreement:
    """Sign the partner agreement for the reseller's region, once: a second signature returns the first.

    A signature outlives the version that it was given for (domain.md §3.3: no renewal), so nobody is asked to sign a
    newer text. Who must sign again is the operator's decision: ending the old signature in Django admin asks for it.
    """
    organisation = Organisation.objects.select_for_update().get(pk=reseller.pk)
    region = region_of(str(organisation.country)) or ""
    agreement, is_new = PartnerAgreement.objects.get_or_create(
        organisation=organisation,
        region=region,
        ended_at=None,
        defaults={"version": AGREEMENT_VERSION, "signer_name": signer_name, "signed_by": actor},
    )
    if is_new:
        record(
            Verb.AGREEMENT_SIGNED,
            organisation,
            actor=actor,
            seen_by=[organisation],
            version=agreement.version,
            signer=signer_name,
        )
    return agreement


def decide_enrolment(reseller: Reseller, decision: Reseller.Enrolment, *, actor: User) -> Reseller:
    """The operator authorises, rejects or suspends a reseller (domain.md §3.2), whose Global admins are told.

    Partnerships and customers stay.

    Refused with enrolment_unchanged when that is how things stand, and with not_authorized for suspending a reseller
    that was never authorised.
    """
    organisation = reseller.organisation
    with attempt(_DECISIONS[decision], organisation, actor=actor, seen_by=[organisation]) as line:
        current = Reseller.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=reseller.pk)
        line.details["old"] = current.enrolment
        if current.enrolment == decision:
            raise ValidationError(
                _("The enrollment of %(reseller)s is %(state)s already."),
                "enrolment_unchanged",
                {"reseller": str(current), "state": decision.label},
            )
        if decision == Reseller.Enrolment.SUSPENDED and current.enrolment != Reseller.Enrolment.AUTHORIZED:
            raise ValidationError(
                _("The enrollment of %(reseller)s is not authorized, so there is nothing to suspend."),
                "not_authorized",
                {"reseller": str(current)},
            )
        current.enrolment = decision
        current.save(update_fields=["enrolment"])
        _tell(current, decision, actor)
    return current


def check_work_address(address: str) -> None:
    """Refuse a primary contact at a free mail service: the address has to show whom it belongs to. Code: free_mail."""
    host = address.rpartition("@")[2].lower()
    if _FREE_MAIL.fullmatch(host):
        raise ValidationError(
            _("Enter an address at your company. Addresses at %(domain)s are not accepted."),
            "free_mail",
            {"domain": host},
        )


def _tell(reseller: Reseller, decision: Reseller.Enrolment, actor: User) -> None:
    notify(
        Subject.ENROLMENT_DECIDED,
        reseller.organisation,
        holding=Permission.ACT_FOR_COMPANY,
        path=reverse("resellers:enrolment_status"),
        actor=actor,
        company=str(reseller),
        state=f"enrolment_{decision.value}",  # one of the words in outbox/sentences.py
    )


def _register_account(organisation: Organisation, details: Enrolment) -> None:
    try:
        with transaction.atomic():
            PartnerAccount.objects.create(
                organisation=organisation,
                number=details.mpn_id,
                kind=PartnerAccount.AccountKind.LOCATION,
                country=details.country,
                is_associated=True,
            )
    except IntegrityError:
        raise ValidationError(
            {
                "mpn_id": ValidationError(
                    _(
                        "The MPN ID %(number)s is registered for another company already. Check the number; if it is "
                        "yours, ask the operator of this portal."
                    ),
                    "mpn_taken",
                    {"number": details.mpn_id},
                )
            }
        ) from None
