"""A statement line by line, as a file to check one's own books against.

The columns are those of the original's reconciliation file for new commerce, under its names and in its order, without
those that it has nothing to say in (tax, exchange rates, meters). They are read by programs: names and values have no
translation, moments are ISO 8601 in UTC, amounts are plain numbers in the statement's currency, below zero where
something was given back. MpnId is the provider's number, ResellerMpnId and Tier2MpnId that of the indirect reseller of
record of that moment; 0 stands for none (domain.md §9). ReferenceId is that of the charge; the last column is ours, and
names the charge that a refund gives back.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from resellers.models import PartnerAccount
from subscriptions.lists.statements import Line, Reading, iso
from subscriptions.models import Charge, Subscription
from subscriptions.models.catalogue import Billing, Term

COLUMNS = (
    *("PartnerId", "CustomerId", "CustomerName", "CustomerDomainName", "CustomerCountry", "InvoiceNumber", "MpnId"),
    *("ResellerMpnId", "Tier2MpnId", "OrderId", "OrderDate", "ProductId", "SkuId", "SkuName", "ProductName"),
    *("ChargeType", "UnitPrice", "Quantity", "Subtotal", "Total", "Currency", "PublisherName"),
    *("SubscriptionDescription", "SubscriptionId", "ChargeStartDate", "ChargeEndDate", "TermAndBillingCycle"),
    *("BillingFrequency", "ReferenceId", "CreditedReferenceId"),
)
CHARGE_TYPES = {
    Charge.Kind.PURCHASE: "new",
    Charge.Kind.CYCLE: "cycleCharge",
    Charge.Kind.LICENCES_ADDED: "addQuantity",
    Charge.Kind.REFUND: "removeQuantity",
    Charge.Kind.RENEWAL: "renew",
}
TERMS = {Term.MONTH: "One-Month", Term.YEAR: "One-Year", Term.THREE_YEARS: "Three-Year"}
BILLINGS = {Billing.MONTHLY: "Monthly", Billing.ANNUAL: "Annual", Billing.TRIENNIAL: "Triennial"}
BILLINGS |= {Billing.ONE_TIME: "OneTime", Billing.NONE: ""}
NO_NUMBER = "0"
_CHUNK = 1000


def reconciliation_lines(reading: Reading) -> Iterator[list[Any]]:
    """The statement's charges, the oldest first, in COLUMNS.

    What many charges have in common is read once for a thousand of them: joined to each, it would be most of the work.
    """
    statement = reading.statement
    number = _number_of(statement.provider_id)
    named = Prefetch("subscription", Subscription.objects.select_related("relationship"))
    charges = reading.charges.prefetch_related(
        named, "customer__organisation", "order", "offer", "partner_account", "undoes"
    )
    for charge in charges.order_by("posted_at", "pk").iterator(chunk_size=_CHUNK):
        line = reading.line(charge)
        yield [*_parties(line, str(statement.code), number), *_facts(line)]


def _number_of(provider: Any) -> str:
    """The provider's own MPN ID: its associated account, else any."""
    own = PartnerAccount.objects.filter(organisation=provider).order_by("-is_associated", "pk")
    return own.values_list("number", flat=True).first() or NO_NUMBER


def _parties(line: Line, invoice: str, number: str) -> list[Any]:
    charge, customer = line.charge, line.charge.customer
    relationship = charge.subscription.relationship
    company: list[Any] = ["", "", "", ""]
    if line.names_customer:
        company = [customer.pk, relationship.company_name, relationship.primary_domain, customer.organisation.country]
    reseller = charge.partner_account.number if charge.partner_account else NO_NUMBER
    return [charge.provider_id, *company, invoice, number, reseller, reseller]


def _facts(line: Line) -> list[Any]:
    charge, offer = line.charge, line.charge.offer
    order = charge.order if line.names_customer else None
    term = TERMS.get(Term(offer.term), "")
    billing = BILLINGS[Billing(offer.billing)]
    return [
        *(order.number if order else "", iso(order.placed_at if order else None)),
        *(offer.product_id, offer.sku_id, offer.sku_title, offer.product_title, CHARGE_TYPES[Charge.Kind(charge.kind)]),
        *(_plain(line.unit_price.amount), line.quantity, line.amount.amount, line.amount.amount, charge.currency),
        *(offer.publisher, charge.subscription.nickname if line.names_customer else "", charge.subscription.code),
        *(iso(charge.period_start), iso(charge.period_end), f"{term} commitment for {billing} billing" if term else ""),
        *(billing, charge.code, charge.undoes.code if charge.undoes else ""),
    ]


def _plain(price: Decimal) -> Decimal:
    """Without zeros at its end, and without an exponent."""
    return Decimal(f"{price.normalize():f}")
