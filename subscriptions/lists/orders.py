"""What of an order its readers may see, on a page and in a file.

Prices are for those of the provider's people who may see prices; the MPN ID that a line credits is for the provider and
for the reseller whose it is (design.md §4.1 and §5).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import Kind, Permission
from resellers.models import PartnerAccount
from subscriptions.models import Order, OrderLine
from subscriptions.models.catalogue import Billing, Term
from subscriptions.models.orders import OrderQuerySet
from subscriptions.money import Money
from subscriptions.ordering.lines import PeriodTotal, charged_at_submit, order_totals

MOST_TITLES = 2


@dataclass(frozen=True)
class LineRow:
    """A line as this reader sees it."""

    line: OrderLine
    viewer: "Viewer"

    @property
    def credited(self) -> str:
        """The MPN ID and whose it is. The list does without, and so without the tables that know."""
        account = self.viewer.credited(self.line)
        return account.label if account else ""


@dataclass(frozen=True)
class OrderRow:
    """An order as this reader sees it; without totals for whom prices are none of the business."""

    order: Order
    lines: list[LineRow]
    totals: list[PeriodTotal]
    charged: list[Money]  # at Submit, where that is something else
    placed_by: str

    @property
    def first_lines(self) -> list[LineRow]:
        return self.lines[:MOST_TITLES]

    @property
    def other_lines(self) -> int:
        return max(0, len(self.lines) - MOST_TITLES)


class Viewer:
    """Who looks at orders, and what of them that shows."""

    def __init__(self, membership: Membership) -> None:
        self.membership = membership
        self.is_provider = membership.kind == Kind.PROVIDER
        self.sees_prices = self.is_provider and membership.can(Permission.SEE_PRICES)
        self.sees_credit = membership.kind in (Kind.PROVIDER, Kind.RESELLER)
        self.may_order = self.is_provider and membership.can(Permission.PLACE_ORDERS)

    def listed(self, orders: OrderQuerySet) -> OrderQuerySet:
        """The orders with what a row of the list shows to this reader, in two queries, without a join too many."""
        orders = orders.select_related("relationship", "placed_by" if self.is_provider else "provider__organisation")
        return orders.prefetch_related(Prefetch("lines", OrderLine.objects.order_by("pk")))

    def row(self, order: Order) -> OrderRow:
        lines = list(order.lines.all())
        sums = order_totals(lines) if self.sees_prices else []
        return OrderRow(
            order=order,
            lines=[LineRow(line, self) for line in lines],
            totals=sums,
            charged=charged_at_submit((line.due for line in lines), sums),
            placed_by=self.placed_by(order),
        )

    def credited(self, line: OrderLine) -> PartnerAccount | None:
        account = line.partner_account
        if account and (self.is_provider or account.organisation_id == self.membership.organisation_id):
            return account
        return None

    def placed_by(self, order: Order) -> str:
        """The person, for the provider's own people; the provider for the others."""
        return order.placed_by.get_full_name() if self.is_provider else order.provider.organisation.name


class Table:
    """Orders as a file, one row a line. Words and times are the reader's: they are looked up before it is streamed."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.zone = timezone.get_current_timezone()
        self.terms = {str(term): str(label) for term, label in Term.choices}
        self.billings = {str(billing): str(label) for billing, label in Billing.choices}

    @property
    def header(self) -> list[str]:
        names = [_("Order number"), _("Company name"), _("Primary domain name"), _("Submitted"), _("Submitted by")]
        names += [_("Subscription"), _("Term"), _("Billing frequency"), _("Licenses")]
        names += [_("Unit price"), _("Currency"), _("Total"), _("Charged at Submit")] if self.viewer.sees_prices else []
        return names + ([_("Indirect reseller"), _("MPN ID")] if self.viewer.sees_credit else [])

    def rows(self, orders: OrderQuerySet) -> Iterator[list[Any]]:
        for order in orders.with_lines().order_by("-placed_at", "-pk").iterator(chunk_size=500):
            for line in order.lines.all():
                yield self._row(order, line)

    def _row(self, order: Order, line: OrderLine) -> list[Any]:
        company = order.relationship
        placed = f"{order.placed_at.astimezone(self.zone):%Y-%m-%d %H:%M:%S %z}"
        cells: list[Any] = [order.number, company.company_name, company.primary_domain, placed]
        cells += [self.viewer.placed_by(order), line.title, self.terms.get(line.term, ""), self.billings[line.billing]]
        cells += [line.licences]
        if self.viewer.sees_prices:
            cells += [f"{line.unit_price.normalize():f}", line.currency, line.total.amount, line.due.amount]
        if self.viewer.sees_credit:
            account = self.viewer.credited(line)
            cells += [account.organisation.name, account.number] if account else ["", ""]
        return cells
