"""A reseller's MPN IDs: one global account, any number of location accounts, one of which is associated.

Source: domain.md §3.1. The associated number is the one that goes into Reseller (MPN ID).
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_countries.fields import Country

from accounts.models import Organisation, User
from activity.log import attempt
from activity.verbs import Verb
from resellers.models import PartnerAccount, Partnership, Reseller

AccountKind = PartnerAccount.AccountKind


def register_account(
    reseller: Reseller, *, number: str, kind: PartnerAccount.AccountKind, country: str, actor: User
) -> PartnerAccount:
    """Add a number to the company's own; which one is associated stays as it is.

    Refused with mpn_own_already for a number that the company has, with mpn_taken for one that somebody else has, who
    is not named, and with global_already for a second global account.
    """
    organisation = reseller.organisation
    with attempt(
        Verb.ACCOUNT_ADDED,
        organisation,
        actor=actor,
        seen_by=[organisation],
        mpn_id=number,
        kind=kind.value,
        country=country,
    ):
        _lock(organisation)
        own = PartnerAccount.objects.filter(organisation=organisation)
        if own.numbered(number).exists():
            raise _refused("number", "mpn_own_already", _("Your company has registered this MPN ID already."))
        if kind == AccountKind.GLOBAL and own.filter(kind=AccountKind.GLOBAL).exists():
            raise _refused("kind", "global_already", _("Your company has a global account already; there is only one."))
        try:
            with transaction.atomic():
                return PartnerAccount.objects.create(
                    organisation=organisation, number=number, kind=kind, country=country
                )
        except IntegrityError:
            sentence = _(
                "This MPN ID is registered for another company already. Check the number; if it is yours, ask the "
                "operator of this portal."
            )
            raise _refused("number", "mpn_taken", sentence) from None


def associate_account(account: PartnerAccount, *, actor: User) -> PartnerAccount:
    """Make a location account the one that is credited from now on. Credit that was given keeps the number it has.

    Providers that are partners read it in their activity log: it is what they choose under Reseller (MPN ID). Refused
    with associated_already, with mpn_global, and with wrong_country outside the company's own country (domain.md §3.1).
    """
    organisation = account.organisation
    providers = Partnership.objects.active().filter(reseller=organisation.pk).select_related("provider__organisation")
    seen_by = [organisation, *(each.provider.organisation for each in providers)]
    with attempt(
        Verb.ACCOUNT_ASSOCIATED, organisation, actor=actor, seen_by=seen_by, affected=organisation, new=account.number
    ) as line:
        _lock(organisation)
        own = PartnerAccount.objects.filter(organisation=organisation)
        account, old = own.get(pk=account.pk), own.filter(is_associated=True).first()
        line.details["old"] = old.number if old else ""
        if problem := why_not_associated(account, country=str(organisation.country)):
            raise problem
        own.filter(is_associated=True).update(is_associated=False)
        account.is_associated = True
        account.save(update_fields=["is_associated"])
    return account


def why_not_associated(account: PartnerAccount, *, country: str) -> ValidationError | None:
    """What keeps an account from being associated by a company of this country; None if it may be."""
    number = {"number": account.number}
    if account.is_associated:
        return ValidationError(_("%(number)s is the associated MPN ID already."), "associated_already", number)
    if account.kind == AccountKind.GLOBAL:
        return ValidationError(_("%(number)s is a global account (PGA), which cannot transact."), "mpn_global", number)
    if str(account.country) != country:
        return ValidationError(
            _("%(number)s is in another country than your company, %(country)s: incentives are paid by country."),
            "wrong_country",
            number | {"country": Country(code=country).name},
        )
    return None


def _lock(organisation: Organisation) -> None:
    # Without its key: whoever writes a line of the log for this company meanwhile need not wait.
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)


def _refused(field: str, code: str, sentence: Any) -> ValidationError:
    return ValidationError({field: ValidationError(sentence, code)})
