"""Which side of the money a reader sees: what the provider owes, what the reseller is billed, or only that it costs.

Source: design.md §5 (prices are the provider's), issue 4 point 3. A reseller never sees what the provider pays, nor the
markup that its own prices come of; the provider sees both sides; whose role sees no prices reads licences and periods.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from accounts.models import Membership
from accounts.roles import Kind, Permission, who_may
from subscriptions.ledger import Posting
from subscriptions.markups import Markups
from subscriptions.models import Charge, Offer, Subscription
from subscriptions.money import Money, totals
from subscriptions.terms import Span


@dataclass(frozen=True)
class Line:
    """A charge that was made, or one that a change would make, as its reader may see it."""

    subject: Charge | Posting
    kind: str
    period: Span
    price: Money | None = None
    amount: Money | None = None
    bill_price: Money | None = None
    bill: Money | None = None
    billed_to: str = ""

    @property
    def licences(self) -> int:
        return self.subject.licences

    @property
    def is_refund(self) -> bool:
        return self.subject.kind == Charge.Kind.REFUND

    @property
    def name(self) -> str:
        """Of which subscription it is: a change may take add-ons along."""
        return str(self.subject.subscription)


@dataclass(frozen=True)
class Bill:
    """Lines with their sums, for one reader. A reseller's own side stands where the provider's cost stands."""

    lines: Sequence[Line]
    sees_amounts: bool
    sees_bills: bool
    who_sees: str = ""
    """The roles that see amounts, for whoever has none of them."""
    is_of_several: bool = False
    """Whether it is of more than one subscription, so that each line has to say of which."""

    @property
    def totals(self) -> list[Money]:
        return totals(line.amount for line in self.lines if line.amount)

    @property
    def billed(self) -> list[Money]:
        return totals(line.bill for line in self.lines if line.bill)

    @property
    def is_returned(self) -> bool:
        """Whether nothing is charged, and something given back."""
        return bool(self.lines) and all(line.is_refund for line in self.lines)


class Reader:
    """Who looks at money, and which side of it shows."""

    def __init__(self, membership: Membership) -> None:
        self.membership = membership
        self.organisation: UUID = membership.organisation_id
        is_provider = membership.kind == Kind.PROVIDER
        self.sees_cost = is_provider and membership.can(Permission.SEE_PRICES)
        self.sees_bills = is_provider and membership.can(Permission.SEE_BILLS)
        self.is_billed = membership.kind == Kind.RESELLER and membership.can(Permission.SEE_BILLS)

    @property
    def sees_charges(self) -> bool:
        """Whether there is a side of the ledger for this reader at all."""
        return self.sees_cost or self.sees_bills or self.is_billed

    def charges(self, charges: Iterable[Charge]) -> Bill:
        """What was charged. The caller has scoped the charges: of a reseller those that it was billed for."""
        return self._bill([self._charge(each) for each in charges])

    def postings(self, postings: Iterable[Posting], credited: UUID | None) -> Bill:
        """What a change would charge, while this reseller, or nobody, is credited."""
        postings = list(postings)
        is_of_several = len({each.subscription.pk for each in postings}) > 1
        return replace(self._bill([self._posting(each, credited) for each in postings]), is_of_several=is_of_several)

    def price(self, offer: Offer, subscription: Subscription, credited: UUID | None) -> Money | None:
        """What a licence of the offer costs the reader today; None where that is none of its business."""
        if self.sees_cost:
            return offer.price
        if self.is_billed and credited == self.organisation:
            return offer.price.marked_up(self._markups(subscription).percent(offer))
        return None

    def own_price(self, subscription: Subscription, credited: UUID | None) -> Money | None:
        """What a licence of the subscription costs the reader in its term."""
        if self.sees_cost:
            return subscription.price
        return subscription.resale_price if self.is_billed and credited == self.organisation else None

    def _markups(self, subscription: Subscription) -> Markups:
        if not hasattr(self, "_read"):
            self._read = Markups(subscription.provider_id, self.organisation)
        return self._read

    def _bill(self, lines: list[Line]) -> Bill:
        sees_amounts = self.sees_cost or any(line.amount for line in lines)
        sees_bills = self.sees_bills and any(line.bill for line in lines)
        wanted = Permission.SEE_PRICES if self.membership.kind == Kind.PROVIDER else Permission.SEE_BILLS
        who_sees = "" if self.sees_charges else who_may(wanted, Kind(self.membership.kind))
        return Bill(lines, sees_amounts, sees_bills, who_sees)

    def _charge(self, charge: Charge) -> Line:
        resale = None if charge.resale_unit_price is None else Money(charge.resale_unit_price, charge.currency)
        cost = (Money(charge.unit_price, charge.currency), charge.cost)
        period = Span(charge.period_start, charge.period_end)
        sides = self._sides(cost, (resale, charge.bill), charge.reseller_id)
        line = Line(charge, charge.get_kind_display(), period, *sides)
        return replace(line, billed_to=str(charge.reseller)) if self.sees_bills and charge.reseller else line

    def _posting(self, posting: Posting, credited: UUID | None) -> Line:
        billed = posting.undoes.reseller_id if posting.undoes else credited
        sides = self._sides((posting.price, posting.cost), (posting.resale_price, posting.bill), billed)
        return Line(posting, str(posting.kind.label), posting.period, *sides)

    def _sides(
        self, cost: tuple[Money, Money], bill: tuple[Money | None, Money | None], billed: UUID | None
    ) -> tuple[Money | None, Money | None, Money | None, Money | None]:
        """Price and amount on the reader's own side, and on the reseller's for a provider."""
        nothing = (None, None)
        own: tuple[Money | None, Money | None] = cost if self.sees_cost else nothing
        if self.is_billed and billed == self.organisation:
            own = bill
        return (*own, *(bill if self.sees_bills and billed else nothing))
