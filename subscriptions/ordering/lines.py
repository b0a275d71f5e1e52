"""The lines of an order, and what they cost: at Submit, and in each billing period from then on.

Sources: domain.md §6.1 (add-ons) and §7.3 (aligned end dates), design.md §7 (rounded per line). A line is reckoned by
the very posting that charges it, so that what is shown before Submit is what the ledger says after it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from resellers.models import PartnerAccount
from subscriptions.ledger import Posting, for_the_rest
from subscriptions.models import Charge, Offer, Order, OrderLine, Subscription
from subscriptions.models.catalogue import Billing
from subscriptions.money import Money, totals
from subscriptions.terms import end_of_term


@dataclass(frozen=True)
class Line:
    """One offer of an order: how many licences, and which MPN ID is credited.

    An add-on names its base: a subscription that the customer has, or another line of the same order. Any other line
    may end with a subscription that the customer has; otherwise it lasts a full term.
    """

    offer: Offer
    licences: int
    account: PartnerAccount | None = None
    base: "Subscription | Line | None" = None
    ends_with: Subscription | None = None

    def __str__(self) -> str:
        return self.offer.sku_title

    @property
    def billing(self) -> str:
        return self.offer.billing

    @property
    def total(self) -> Money:
        """What it costs for one whole billing period."""
        return self.offer.price.times(self.licences)

    @property
    def follows(self) -> Subscription | None:
        """The subscription whose end of term it shares."""
        if isinstance(self.base, Line):
            return self.base.follows
        return self.base or self.ends_with

    @property
    def is_shared(self) -> bool:
        """Whether its end is that of something else."""
        return self.base is not None or self.ends_with is not None

    @property
    def renews(self) -> bool:
        """Whether it goes on after its term: an add-on as its base does, whatever has no term never."""
        follows_base = self.base.renews if isinstance(self.base, Line) else self.base is None or self.base.auto_renew
        return bool(self.offer.term) and follows_base

    def clock(self, moment: datetime) -> tuple[datetime, datetime | None]:
        """From when its months are counted, and when its first term ends."""
        if isinstance(self.base, Line):
            return self.base.clock(moment)
        if self.follows:
            return self.follows.anchor, self.follows.ends_at
        return moment, end_of_term(moment, self.offer)

    def subscription(self, moment: datetime) -> Subscription:
        """What comes of it when it is submitted as of that moment; not saved, and nobody's yet."""
        anchor, ends_at = self.clock(moment)
        return Subscription(
            offer=self.offer,
            nickname=self.offer.sku_title[:100],
            licences=self.licences,
            term=self.offer.term,
            billing=self.offer.billing,
            unit_price=self.offer.unit_price,
            currency=self.offer.currency,
            auto_renew=self.renews,
            starts_at=moment,
            anchor=anchor,
            ends_at=ends_at,
            trial_of=self.offer.sku if self.offer.is_trial else "",
        )

    def due(self, moment: datetime) -> Money:
        """What is charged for it at Submit: less than a whole billing period when its end is that of something else."""
        return first_charge(self.subscription(moment)).cost


@dataclass(frozen=True)
class PeriodTotal:
    """What an order costs each month, each year or once."""

    billing: Billing
    money: Money


def first_charge(subscription: Subscription, order: Order | None = None) -> Posting:
    """The charge at Submit, from the moment it starts until the running billing period ends, by the second."""
    moment, licences = subscription.starts_at, subscription.licences
    return for_the_rest(subscription, Charge.Kind.PURCHASE, licences, moment=moment, order=order)


def order_totals(lines: Iterable[Line | OrderLine]) -> list[PeriodTotal]:
    """One sum for each billing frequency and currency; what is charged by use alone has none."""
    amounts: dict[str, list[Money]] = {}
    for line in lines:
        total = line.total
        if total.amount or line.billing != Billing.NONE:
            amounts.setdefault(line.billing, []).append(total)
    return [PeriodTotal(billing, sum_) for billing in Billing for sum_ in totals(amounts.get(billing, []))]


def charged_at_submit(dues: Iterable[Money], sums: Sequence[PeriodTotal]) -> list[Money]:
    """What is charged at once, one sum for each currency; nothing where the sums of the order say the same already."""
    charged = [money for money in totals(dues) if sums]
    return charged if charged != [each.money for each in sums] else []


def as_of_now(
    lines: Sequence[Line], held: Mapping[int, Subscription], accounts: Mapping[int, PartnerAccount]
) -> list[Line]:
    """The same lines with the subscriptions that they name as they are now, and an add-on with the credit of its base.

    `held` has those subscriptions by their keys, `accounts` whom each of them credits.
    """
    made: dict[int, Line] = {}
    for number in bases_first([line.offer for line in lines]):
        line = lines[number]
        base, account, ends_with = line.base, line.account, line.ends_with
        if isinstance(base, Line):
            base = made[lines.index(base)]
            account = base.account
        elif base is not None:
            base = held.get(base.pk, base)
            account = accounts.get(base.pk)
        made[number] = replace(
            line, account=account, base=base, ends_with=ends_with and held.get(ends_with.pk, ends_with)
        )
    return [made[number] for number in range(len(lines))]


def bases_first(offers: Sequence[Offer]) -> list[int]:
    """The positions of the offers, with every add-on after those that it could add to."""
    return sorted(range(len(offers)), key=lambda number: offers[number].is_add_on)
