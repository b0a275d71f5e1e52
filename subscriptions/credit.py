"""Who is credited for a subscription: a history of periods that never overlap (design.md §4.10)."""

from django.utils import timezone

from accounts.models import User
from resellers.models import PartnerAccount
from subscriptions.models import ResellerOfRecord, Subscription


def current_credit(subscription: Subscription) -> ResellerOfRecord | None:
    """The period that runs now, or None when nobody is credited."""
    periods = subscription.resellers_of_record.select_related("partner_account__organisation__reseller__organisation")
    return periods.filter(ends_at=None).first()


def credit(subscription: Subscription, account: PartnerAccount | None, *, actor: User) -> None:
    """End the running period and start the next at this moment; no account means that nobody is credited from now on.

    The caller holds the subscription's row lock and has checked the account. The past is never rewritten.
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
