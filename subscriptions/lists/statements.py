"""What of statements and their lines a reader may see, on a page and in a file.

A statement has one side, and so have its lines: a provider's own shows what things cost it, a reseller's what it is
billed, to the provider as well. Of whose subscription a line is, a reseller reads where the customer is entrusted to it
(design.md §3); elsewhere it has the subscription's ID to ask its provider about.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_skeleton
from django import forms
from django.conf import settings
from django.db.models import Case, Count, OuterRef, Prefetch, Sum, When
from django.utils import timezone
from django.utils.translation import get_language, gettext, pgettext, to_locale
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import Membership
from accounts.paging import Sorting
from accounts.roles import Kind
from customers.filters import NO_RESELLER, ProviderField, ResellerField, past_and_present_partners, wanted_resellers
from subscriptions.lists.credited import is_entrusted
from subscriptions.models import Charge, Statement, Subscription
from subscriptions.models.ledger import ChargeQuerySet, StatementQuerySet
from subscriptions.money import Money, totals
from subscriptions.statements import charges_of
from subscriptions.terms import first_of_month, month_of, months_later

MONTHS_BACK = 36
OWED, BILLED = "owed", "billed"
# Within a month what the provider owes comes first.
SORTINGS = {"month": Sorting(("month", "is_own", "pk"), descending=True)}
NEWEST = Sorting(("posted_at", "pk"), descending=True)


def month_name(month: date) -> str:
    """October 2026, in the reader's language."""
    return format_skeleton("yMMMM", month, locale=to_locale(get_language() or settings.LANGUAGE_CODE))


def _latest_months() -> list[tuple[str, str]]:
    running = first_of_month(month_of(timezone.now()))
    months = [months_later(running, -back).date() for back in range(MONTHS_BACK)]
    return [(f"{month:%Y-%m}", month_name(month)) for month in months]


class StatementFilter(ListFilter):
    """A month of the last three years; for a provider what it owes or bills, and whom; for a reseller, by whom."""

    month = forms.ChoiceField(label=_("Month"), required=False)
    side = forms.ChoiceField(
        label=_("Statements"),
        required=False,
        choices=[("", _("All")), (OWED, _("What you owe")), (BILLED, _("What you bill"))],
    )
    reseller = ResellerField()
    provider = ProviderField()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["month"].choices = [("", gettext("All")), *_latest_months()]  # type: ignore[attr-defined]  # a ChoiceField has them
        if membership.kind != Kind.PROVIDER:
            del self.fields["reseller"], self.fields["side"]
            self.fields["provider"].offer(membership)  # type: ignore[attr-defined]  # a ProviderField does
            return
        del self.fields["provider"]
        still = Statement.objects.visible_to(membership).filter(reseller=OuterRef("reseller"))
        self.resellers = past_and_present_partners(membership, still)
        self.fields["reseller"].offer(self.resellers, self.data.get("reseller", ""))  # type: ignore[attr-defined]  # a ResellerField does
        widget = self.fields["reseller"].widget
        if isinstance(widget, forms.Select):
            widget.choices = [choice for choice in widget.choices if choice[0] != NO_RESELLER]

    def apply(self, rows: StatementQuerySet) -> StatementQuerySet:
        """The rows that are asked for, of the given ones."""
        values = self.values()
        if month := values.get("month"):
            rows = rows.filter(month=date.fromisoformat(f"{month}-01"))
        if side := values.get("side"):
            rows = rows.filter(reseller__isnull=side == OWED)
        if reseller := values.get("reseller"):
            rows = rows.filter(reseller__in=wanted_resellers(reseller, self.resellers))
        if provider := values.get("provider"):
            rows = rows.filter(provider=provider)
        return rows


def listed(membership: Membership) -> StatementQuerySet:
    """The statements that the reader may see, with their parties and what they are sorted by."""
    rows = Statement.objects.visible_to(membership).select_related("provider__organisation", "reseller__organisation")
    return rows.annotate(is_own=Case(When(reseller=None, then=1), default=0))


class Table:
    """The list as a file. Words are the reader's: they are looked up before it is streamed."""

    def __init__(self) -> None:
        self.owed = gettext("What you owe")
        self.open, self.closed = pgettext("statement", "Open"), pgettext("statement", "Closed")
        self.header = [gettext("Statement ID"), gettext("Month"), gettext("Indirect provider")]
        self.header += [gettext("Indirect reseller"), gettext("Charges"), gettext("Total"), gettext("Currency")]
        self.header += [gettext("State"), gettext("As of")]

    def rows(self, statements: StatementQuerySet) -> Iterator[list[Any]]:
        for each in statements.iterator(chunk_size=500):
            cells: list[Any] = [each.code, f"{each.month:%Y-%m}", each.provider, each.reseller or self.owed]
            cells += [each.charges, each.money.times(1).amount, each.currency]
            yield [*cells, self.closed if each.closed_at else self.open, iso(each.closed_at or each.drawn_at)]


def iso(moment: datetime | None) -> str:
    """The moment in UTC, as files have it; nothing for none."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""


@dataclass(frozen=True)
class Line:
    """A charge as a statement's reader sees it: one side of it, and of whom it is if that is known to the reader."""

    charge: Charge
    on_cost_side: bool
    names_customer: bool

    @property
    def unit_price(self) -> Money:
        price = self.charge.unit_price if self.on_cost_side else self.charge.resale_unit_price
        return Money(price or Decimal(0), self.charge.currency)

    @property
    def amount(self) -> Money:
        """To the minor unit: the database keeps four places for every currency."""
        amount = self.charge.amount if self.on_cost_side else self.charge.resale_amount
        return Money(amount or Decimal(0), self.charge.currency).times(1)

    @property
    def quantity(self) -> int:
        """Those that are given back are below zero, as the amount is."""
        return -self.charge.licences if self.charge.kind == Charge.Kind.REFUND else self.charge.licences

    @property
    def url(self) -> str:
        return self.charge.subscription.get_absolute_url() if self.names_customer else ""

    @property
    def customer(self) -> str:
        """As the provider bills it."""
        return self.charge.subscription.relationship.company_name if self.names_customer else ""


@dataclass(frozen=True)
class Subtotal:
    """What the charges of one type come to."""

    kind: Charge.Kind
    charges: int
    money: Money


class Reading:
    """A statement, read by one of its parties."""

    def __init__(self, statement: Statement, membership: Membership) -> None:
        self.statement = statement
        self.membership = membership
        self.charges = charges_of(statement).visible_to(membership)

    def with_names(self) -> ChargeQuerySet:
        """The charges with what a line shows of them: read for the lines of a page, not joined to all of them."""
        named = Subscription.objects.select_related("relationship")
        return self.charges.prefetch_related(Prefetch("subscription", named), "offer")

    def line(self, charge: Charge) -> Line:
        by_provider = self.membership.kind == Kind.PROVIDER
        names_customer = by_provider or is_entrusted(charge.subscription, self.membership)
        return Line(charge, self.statement.is_owed, names_customer)

    def subtotals(self) -> list[Subtotal]:
        """By charge type, in the order of the types, as the ledger is at this moment."""
        amount = "amount" if self.statement.is_owed else "resale_amount"
        sums = self.charges.order_by().values_list("kind").annotate(count=Count("pk"), sum=Sum(amount))
        found = {kind: (count, Money(total, self.statement.currency)) for kind, count, total in sums}
        return [Subtotal(kind, *found[kind]) for kind in Charge.Kind if kind in found]

    def total(self, subtotals: list[Subtotal]) -> Money:
        sums = totals(each.money for each in subtotals)
        return sums[0] if sums else Money(self.statement.total, self.statement.currency)

    def siblings(self) -> StatementQuerySet:
        """The same month and party in other currencies."""
        own = Statement.objects.visible_to(self.membership).exclude(pk=self.statement.pk)
        same = {"provider": self.statement.provider_id, "reseller": self.statement.reseller_id}
        return own.filter(**same, month=self.statement.month).order_by("currency")
