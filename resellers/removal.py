"""What is there of a reseller when its partnership is to be removed: all of it stays (design.md §4.9)."""

from dataclasses import dataclass

from accounts.models import Membership
from resellers.models import Reseller

# In the other states a subscription is a record. Subscription.Status is in a room to the right, so: its values.
_CURRENT = ("pending", "active", "suspended")


@dataclass(frozen=True)
class Remains:
    """How much of the provider's business this reseller is part of."""

    customers: int
    """Added for the reseller: it has administrator access to them."""
    credited: int
    """Subscriptions that credit one of its MPN IDs now."""
    supported: int
    """Subscriptions whose designated support contact it is."""


def remains_of(reseller: Reseller, membership: Membership) -> Remains:
    """Counted for the provider that the member acts for, and for no other."""
    credits_now = reseller.organisation.partner_accounts.filter(
        credits__provider=membership.organisation_id,
        credits__ends_at=None,
        credits__subscription__status__in=_CURRENT,
    )
    supported = reseller.supported_subscriptions.visible_to(membership)
    return Remains(
        customers=reseller.relationships.visible_to(membership).count(),
        credited=credits_now.count(),
        supported=supported.filter(status__in=_CURRENT).count(),
    )
