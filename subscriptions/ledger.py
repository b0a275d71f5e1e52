"""Posting to the ledger: what a change costs is computed here once, shown before Submit, and charged by the same lines.

Sources: design.md §7 (rounded per line, to the currency's minor unit), domain.md §6.3 and §9 (credit goes forward).
A posting has two sides. The provider owes the price that the subscription has kept since its term began. Whoever is the
reseller of record at that moment is billed that price with the markup that the subscription has kept; nobody, when
there is none. Nothing here is ever changed: what is given back is posted below zero, and names the charge it undoes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from resellers.models import PartnerAgreement
from subscriptions.models import Charge, Order, ResellerOfRecord, Subscription
from subscriptions.money import Money
from subscriptions.terms import Span, billing_period, share


@dataclass(frozen=True)
class Posting:
    """A charge before it is posted: so many licences, for a share of a billing period."""

    subscription: Subscription
    kind: Charge.Kind
    licences: int
    period: Span
    share: Fraction = Fraction(1)
    order: Order | None = None
    undoes: Charge | None = None

    @property
    def price(self) -> Money:
        """What a licence costs the provider; what is given back has the price of what it undoes."""
        undone = self.undoes
        return self.subscription.price if undone is None else Money(undone.unit_price, undone.currency)

    @property
    def resale_price(self) -> Money:
        """What a licence costs a reseller of record, which may be nothing; of a charge with one side, what that has."""
        undone = self.undoes
        if undone is None:
            return self.subscription.resale_price
        return self.price if undone.resale_unit_price is None else Money(undone.resale_unit_price, undone.currency)

    @property
    def cost(self) -> Money:
        """What the provider owes for it, or gets back."""
        return self._amount(self.price)

    @property
    def bill(self) -> Money:
        """What a reseller of record is billed for it, or gets back."""
        return self._amount(self.resale_price)

    def _amount(self, price: Money) -> Money:
        part = price.part_back if self.kind == Charge.Kind.REFUND else price.part
        return part(self.licences, self.share)


def current_period(subscription: Subscription, moment: datetime) -> Span:
    """The whole billing period that the moment falls into."""
    return billing_period(
        subscription.anchor,
        moment,
        term=subscription.term,
        billing=subscription.billing,
        term_end=subscription.ends_at,
    )


def for_the_rest(
    subscription: Subscription, kind: Charge.Kind, licences: int, *, moment: datetime, order: Order | None = None
) -> Posting:
    """The charge for licences from the moment until the running billing period ends, by the second."""
    whole = current_period(subscription, moment)
    rest = Span(moment, whole.end)
    return Posting(subscription, kind, licences, rest, share(rest, whole), order=order)


def purchase(subscription: Subscription, order: Order) -> Posting:
    """The first charge of a subscription: its licences until the billing period ends that it starts in."""
    kind, moment = Charge.Kind.PURCHASE, subscription.starts_at
    return for_the_rest(subscription, kind, subscription.licences, moment=moment, order=order)


def giving_back(charge: Charge, subscription: Subscription, licences: int, *, moment: datetime) -> Posting:
    """The refund for licences of a charge: the part of its billing period that is not used yet.

    What is charged once and has no period is given back whole.
    """
    assert licences <= charge.licences, "more cannot be given back than was charged"
    whole = current_period(subscription, charge.period_start)
    rest = Span(max(moment, charge.period_start), charge.period_end)
    return Posting(
        subscription, Charge.Kind.REFUND, licences, rest, share(rest, whole), order=charge.order, undoes=charge
    )


def post(postings: Sequence[Posting], *, actor: User | None, moment: datetime | None = None) -> list[Charge]:
    """Write the postings into the ledger, in a constant number of queries, and return the charges.

    The caller holds the subscriptions' row locks. Refused by the database (subscriptions_charge_once) when a term or a
    billing period is charged a second time, and (subscriptions_month_open) once the statements of the month are closed.
    """
    moment = moment or timezone.now()
    credits_ = _current_credits({posting.subscription.pk for posting in postings})
    charges = [_charge(each, credits_.get(each.subscription.pk), actor, moment) for each in postings]
    return Charge.objects.bulk_create(charges, batch_size=1000)


def _charge(posting: Posting, period: ResellerOfRecord | None, actor: User | None, moment: datetime) -> Charge:
    subscription = posting.subscription
    charge = Charge(
        kind=posting.kind,
        posted_at=moment,
        posted_by=actor,
        provider_id=subscription.provider_id,
        customer_id=subscription.customer_id,
        subscription=subscription,
        order=posting.order,
        offer_id=subscription.offer_id,
        undoes=posting.undoes,
        period_start=posting.period.start,
        period_end=posting.period.end,
        licences=posting.licences,
        currency=subscription.currency,
        unit_price=subscription.unit_price,
        amount=posting.cost.amount,
        ineligible=_why_not_eligible(subscription, period),
    )
    if posting.undoes is not None:
        _mirror(charge, posting)
    elif period is not None:
        charge.partner_account_id = period.partner_account_id
        charge.reseller_id = period.partner_account.organisation_id
        charge.resale_unit_price = subscription.resale_price.amount
        charge.resale_amount = posting.bill.amount
    return charge


def _mirror(charge: Charge, posting: Posting) -> None:
    """What is given back goes back to whom it was charged, at the prices of that charge."""
    undone = posting.undoes
    assert undone is not None, "a refund undoes a charge"
    charge.offer_id, charge.unit_price, charge.currency = undone.offer_id, undone.unit_price, undone.currency
    charge.ineligible = undone.ineligible
    charge.reseller_id, charge.partner_account_id = undone.reseller_id, undone.partner_account_id
    if undone.reseller_id:
        charge.resale_unit_price, charge.resale_amount = undone.resale_unit_price, posting.bill.amount


def _current_credits(subscriptions: Iterable[int]) -> dict[int, ResellerOfRecord]:
    agreement = PartnerAgreement.objects.filter(organisation=OuterRef("partner_account__organisation"), ended_at=None)
    periods = (
        ResellerOfRecord.objects.current()
        .filter(subscription__in=list(subscriptions))
        .select_related("partner_account")
        .annotate(has_agreement=Exists(agreement))
    )
    return {period.subscription_id: period for period in periods}


def _why_not_eligible(subscription: Subscription, period: ResellerOfRecord | None) -> str:
    """Why a charge earns its reseller no incentive, as things are at this moment (domain.md §9)."""
    if subscription.offer.is_trial:
        return Charge.Ineligible.TRIAL
    if period is None:
        return Charge.Ineligible.NO_RESELLER
    if not period.partner_account.is_associated:
        return Charge.Ineligible.NO_ACCOUNT
    if not period.has_agreement:  # type: ignore[attr-defined]  # from _current_credits()
        return Charge.Ineligible.NO_AGREEMENT
    return ""
