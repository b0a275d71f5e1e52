"""Who is credited for a subscription: a history of periods that never overlap (design.md §4.10)."""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from providers.models import Provider
from resellers.eligibility import account_for_credit
from resellers.models import PartnerAccount
from subscriptions.markups import Markups
from subscriptions.models import ResellerOfRecord, Subscription

_LONGEST_NUMBER = 100  # of what is looked up, and said again when it is none


@dataclass(frozen=True)
class Verification:
    """What **Verify** says of an MPN ID: whose it is, or everything that keeps this provider from crediting it."""

    account: PartnerAccount | None
    problems: list[str]

    @classmethod
    def of(cls, number: str, provider: Provider) -> Self:
        try:
            return cls(account_for_credit(tidy_number(number), provider=provider), [])
        except ValidationError as refusal:
            return cls(None, refusal.messages)


def tidy_number(text: str) -> str:
    """An MPN ID as it is looked up, also when it was typed in full-width digits."""
    return unicodedata.normalize("NFKC", text).replace("\0", "").strip()[:_LONGEST_NUMBER]


def current_credit(subscription: Subscription) -> ResellerOfRecord | None:
    """The period that runs now, or None when nobody is credited."""
    periods = subscription.resellers_of_record.select_related("partner_account__organisation__reseller__organisation")
    return periods.filter(ends_at=None).first()


def credit(subscription: Subscription, account: PartnerAccount | None, *, actor: User) -> None:
    """End the running period and start the next at this moment; no account means that nobody is credited from now on.

    With the period the markup is fixed: that of the provider for whoever is billed from now on. The caller holds the
    subscription's row lock, has checked the account, and saves. The past is never rewritten.
    """
    now = timezone.now()
    subscription.resellers_of_record.filter(ends_at=None).update(ends_at=now)
    if account:
        ResellerOfRecord.objects.create(
            subscription=subscription,
            provider_id=subscription.provider_id,
            partner_account=account,
            starts_at=now,
            set_by=actor,
        )
    subscription.markup = markup_with(subscription, account)


def markup_with(subscription: Subscription, account: PartnerAccount | None) -> Decimal:
    """What the provider adds today to the price of the subscription while the account is credited."""
    return Markups(subscription.provider_id, account.organisation_id if account else None).percent(subscription.offer)
