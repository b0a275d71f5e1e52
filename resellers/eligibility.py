"""Who may partner and whose MPN ID may be credited. Every refusal says what is wrong and what to do about it.

Sources: design.md §4.4 and §4.5, domain.md §3.3–§3.6.
"""

from collections.abc import Container, Iterable, Mapping
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from providers.models import Provider
from providers.regions import region_name
from resellers.models import PartnerAccount, Partnership, Reseller

_ENROLMENT_PROBLEMS = {
    Reseller.Enrolment.PENDING: _("%(reseller)s has enrolled, but its enrollment is still being reviewed."),
    Reseller.Enrolment.REJECTED: _("The enrollment of %(reseller)s was rejected. Ask the operator of this portal why."),
    Reseller.Enrolment.SUSPENDED: _(
        "The enrollment of %(reseller)s is suspended. Ask the operator of this portal why."
    ),
}


def problems_of(reseller: Reseller, provider: Provider) -> list[ValidationError]:
    """Everything that keeps these two from doing business: enrolment, region, location account, agreement."""
    names = {"reseller": str(reseller), "provider": str(provider)}
    problems = []
    if reseller.enrolment != Reseller.Enrolment.AUTHORIZED:
        sentence = _ENROLMENT_PROBLEMS[Reseller.Enrolment(reseller.enrolment)]
        problems.append(ValidationError(sentence, code=f"enrolment_{reseller.enrolment}", params=names))
    if reseller.region is None or reseller.region != provider.region:
        problems.append(_wrong_region(reseller, provider))
    if not any(account.is_associated for account in reseller.organisation.partner_accounts.all()):
        problems.append(
            ValidationError(
                _("%(reseller)s has no location account (PLA) associated with it. Register its MPN ID first."),
                code="no_location_account",
                params=names,
            )
        )
    if not has_agreement(reseller):
        problems.append(
            ValidationError(
                _(
                    "%(reseller)s has not signed the Microsoft Partner Agreement for its region. "
                    "A Global admin of %(reseller)s can sign it under Account settings."
                ),
                code="agreement_missing",
                params=names,
            )
        )
    return problems


def has_agreement(reseller: Reseller) -> bool:
    """Whether the agreement is signed for the reseller's own region; one signature anywhere in the region is enough."""
    agreements = reseller.organisation.partner_agreements.all()
    return any(each.ended_at is None and each.region == (reseller.region or "") for each in agreements)


def account_for_credit(number: str, *, provider: Provider) -> PartnerAccount:
    """The location account with this MPN ID, when it may be credited on this provider's subscriptions.

    Raises ValidationError with one of the codes mpn_digits, mpn_unknown, mpn_own, mpn_not_reseller, mpn_global,
    mpn_not_associated, mpn_not_partnered, or those of problems_of().
    """
    found = accounts_for_credit([number], provider=provider)[number]
    if isinstance(found, ValidationError):
        raise found
    return found


def accounts_for_credit(numbers: Iterable[str], *, provider: Provider) -> dict[str, PartnerAccount | ValidationError]:
    """For each number its account, or why it may not be credited: account_for_credit() in four queries for all."""
    numbers = set(numbers)
    found = {int(account.number): account for account in _accounts(numbers)}
    partners = set(
        Partnership.objects.active()
        .filter(provider=provider, reseller__in=[account.organisation_id for account in found.values()])
        .values_list("reseller", flat=True)
    )
    answers: dict[str, PartnerAccount | ValidationError] = {}
    for number in numbers:
        try:
            answers[number] = _creditable(number.strip(), found, provider, partners)
        except ValidationError as refusal:
            answers[number] = refusal
    return answers


def _accounts(numbers: Iterable[str]) -> QuerySet[PartnerAccount]:
    return (
        PartnerAccount.objects.numbered(*(number.strip() for number in numbers))
        .select_related("organisation__reseller__organisation")
        .prefetch_related(
            "organisation__reseller__organisation__partner_accounts",
            "organisation__reseller__organisation__partner_agreements",
        )
    )


def _creditable(
    number: str, found: Mapping[int, PartnerAccount], provider: Provider, partners: Container[UUID]
) -> PartnerAccount:
    if not (number.isascii() and number.isdigit()):
        raise ValidationError(
            _("“%(number)s” is not an MPN ID: an MPN ID has digits only."), "mpn_digits", {"number": number}
        )
    account = found.get(int(number)) if len(number) <= 12 else None
    if account is None:
        raise ValidationError(
            _("No company here has the MPN ID %(number)s. Check the number with the reseller."),
            "mpn_unknown",
            {"number": number},
        )
    _refuse_wrong_account(account, provider)
    reseller = account.organisation.reseller
    if reseller.pk not in partners:
        raise ValidationError(
            _(
                "%(number)s belongs to %(name)s, which is not your partner. "
                "Request a partnership first; once it is authorized you can credit it."
            ),
            "mpn_not_partnered",
            {"number": account.number, "name": str(reseller)},
        )
    if problems := problems_of(reseller, provider):
        raise ValidationError(problems)
    return account


def _refuse_wrong_account(account: PartnerAccount, provider: Provider) -> None:
    params = {"number": account.number, "name": account.organisation.name}
    if account.organisation_id == provider.pk:
        raise ValidationError(
            _("%(number)s is your own company's MPN ID. Reseller (MPN ID) is for an indirect reseller's number."),
            "mpn_own",
            params,
        )
    if not hasattr(account.organisation, "reseller"):
        raise ValidationError(
            _("%(number)s belongs to %(name)s, which is not an indirect reseller."), "mpn_not_reseller", params
        )
    if account.kind == PartnerAccount.AccountKind.GLOBAL:
        raise ValidationError(
            _(
                "%(number)s is the global account (PGA) of %(name)s, which cannot transact. "
                "Ask %(name)s for the number of its location account (PLA)."
            ),
            "mpn_global",
            params,
        )
    if not account.is_associated:
        raise ValidationError(
            _(
                "%(number)s is a location account of %(name)s, but not the one associated with its Partner Center "
                "account. Ask %(name)s for the associated MPN ID."
            ),
            "mpn_not_associated",
            params,
        )


def _wrong_region(reseller: Reseller, provider: Provider) -> ValidationError:
    return ValidationError(
        _(
            "%(reseller)s is in the CSP region %(theirs)s and %(provider)s is in %(ours)s. "
            "Partners must be in the same region."
        ),
        code="wrong_region",
        params={
            "reseller": str(reseller),
            "provider": str(provider),
            "theirs": region_name(reseller.region or ""),
            "ours": region_name(provider.region or ""),
        },
    )
