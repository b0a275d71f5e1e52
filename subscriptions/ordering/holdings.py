"""What a customer has that an order may rest on: prerequisites, bases of add-ons, end dates to share, trials used.

Of one provider: what another provider sold to the customer is not told, and not counted. Trials are the exception: a
customer tries a product once, wherever (domain.md §6.3).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from django.utils import timezone

from resellers.models import PartnerAccount
from subscriptions.models import Offer, ResellerOfRecord, Subscription
from subscriptions.terms import end_of_term

MOST_ENDS = 10  # end dates that a line offers to share


@dataclass(frozen=True)
class Holdings:
    """What has not ended, the first to end first; whom it credits; and which products the customer has tried."""

    subscriptions: Sequence[Subscription] = ()
    accounts: dict[int, PartnerAccount] = field(default_factory=dict)
    tried: Collection[str] = ()

    @classmethod
    def of(cls, customer_id: UUID | None, provider_id: UUID, offers: Collection[Offer]) -> Self:
        """As much as these offers need to know, in at most three queries; nothing of a customer who is new."""
        if customer_id is None or not offers:
            return cls()
        rows = Subscription.objects.not_ended().filter(provider=provider_id, customer=customer_id)
        rows = rows.select_related("offer").defer("search_text", "customer_text", "offer__description")
        found = list(rows.order_by("ends_or_never", "pk"))
        trials = [offer.sku for offer in offers if offer.is_trial]
        tried = Subscription.objects.filter(customer=customer_id, trial_of__in=trials) if trials else None
        bases = [each for each in found if any(may_add_to(offer, each.offer) for offer in offers)]
        return cls(
            subscriptions=found,
            accounts=credited_by(bases),
            tried=set(tried.values_list("trial_of", flat=True)) if tried is not None else (),
        )

    def bases(self, offer: Offer) -> list[Subscription]:
        """What the add-on may be added to."""
        return [each for each in self.subscriptions if is_ready(each, offer)]

    def ends(self, offer: Offer, moment: datetime) -> list[Subscription]:
        """The first of those whose end of term a line may share that begins at the moment, one for each end."""
        by_end = {each.ends_at: each for each in reversed(self.subscriptions) if may_end_with(offer, each, moment)}
        return [by_end[end] for end in sorted(filter(None, by_end))][:MOST_ENDS]

    def licences(self, sku: str) -> int:
        """How many licences of a product and SKU there are altogether; those of suspended ones count."""
        return sum(each.licences for each in self.subscriptions if each.offer.sku == sku)

    def has_active(self, names: Collection[str]) -> bool:
        return any(
            each.status == Subscription.Status.ACTIVE and is_named(each.offer, names) for each in self.subscriptions
        )


def credited_by(subscriptions: Sequence[Subscription]) -> dict[int, PartnerAccount]:
    """Whom each of them credits now; those that credit nobody are left out."""
    if not subscriptions:
        return {}
    periods = ResellerOfRecord.objects.current().filter(subscription__in=[each.pk for each in subscriptions])
    return {
        each.subscription_id: each.partner_account for each in periods.select_related("partner_account__organisation")
    }


def is_named(offer: Offer, names: Collection[str]) -> bool:
    """Whether one of the names is the offer's product and SKU, or its product alone; that means no trial of it."""
    return offer.sku in names or (offer.product_id in names and not offer.is_trial)


def may_add_to(offer: Offer, base: Offer) -> bool:
    """Whether the one is an add-on for the other. What has no term is no base for what has one: it never ends."""
    return (
        offer.is_add_on and not base.is_add_on and is_named(base, offer.requires) and bool(base.term or not offer.term)
    )


def is_ready(base: Subscription, offer: Offer) -> bool:
    """Whether the add-on may be added to the subscription now: it is active, and its term is running."""
    return (
        base.status == Subscription.Status.ACTIVE
        and may_add_to(offer, base.offer)
        and (base.ends_at is None or base.ends_at > timezone.now())
    )


def may_end_with(offer: Offer, other: Subscription, moment: datetime) -> bool:
    """Whether what begins at the moment may end with the other: sooner than its own term, which is as long as the
    other's and billed as often.

    What is annual cannot end with what is monthly (domain.md §7.3).
    """
    end = end_of_term(moment, offer)
    return (
        end is not None
        and other.ends_at is not None
        and timezone.now() < other.ends_at < end
        and other.status == Subscription.Status.ACTIVE
        and (other.term, other.billing) == (offer.term, offer.billing)
        and other.base_id is None
        and not (other.offer.is_trial or offer.is_trial or offer.is_add_on)
    )
