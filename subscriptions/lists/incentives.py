"""What the pages and files of *Incentives* show of statements and charges."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel.dates import format_skeleton
from django.conf import settings
from django.db.models import Prefetch
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.paging import Sorting
from accounts.plots import Number, Plot, drawn
from accounts.roles import Kind
from subscriptions.incentives import licences_by_month
from subscriptions.lists.credited import is_entrusted
from subscriptions.lists.statements import Line, iso, month_name
from subscriptions.models import Charge, Statement, Subscription
from subscriptions.models.ledger import ChargeQuerySet, StatementQuerySet
from subscriptions.money import Money

SORTINGS = {
    "name": Sorting(("partner_name", "id")),
    "subscriptions": Sorting(("eligible_subscriptions", "id"), descending=True),
    "licences": Sorting(("eligible_licences", "id"), descending=True),
    "not_eligible": Sorting(("ineligible_subscriptions", "id"), descending=True),
}
NEWEST = {"charged": Sorting(("posted_at", "id"), descending=True)}
_CHUNK = 500


@dataclass(frozen=True)
class Sum:
    """A month with one partner, or a provider's whole month, in one currency."""

    statement: Statement
    partner: Any = None

    @property
    def amount(self) -> Money:
        """Of what is eligible, to the minor unit."""
        return Money(self.statement.eligible_amount, self.statement.currency).times(1)


def sums(statements: Iterable[Statement], membership: Membership) -> list[Sum]:
    """The rows with the side that is not the reader's."""
    by_provider = membership.kind == Kind.PROVIDER
    return [Sum(each, each.reseller if by_provider else each.provider) for each in statements]


def sum_header(membership: Membership) -> list[str]:
    partner = gettext("Indirect reseller") if membership.kind == Kind.PROVIDER else gettext("Indirect provider")
    header = [gettext("Month"), partner, gettext("Microsoft ID"), gettext("Eligible subscriptions")]
    header += [gettext("Eligible licenses"), gettext("Eligible amount"), gettext("Currency")]
    return [*header, gettext("Subscriptions not eligible"), gettext("As of")]


def sum_lines(statements: StatementQuerySet, membership: Membership) -> Iterator[list[Any]]:
    """The list as a file; moments are in UTC."""
    by_provider = membership.kind == Kind.PROVIDER
    for each in statements.iterator(chunk_size=_CHUNK):
        partner = each.reseller if by_provider else each.provider
        yield [
            *(f"{each.month:%Y-%m}", str(partner), partner.pk if partner else ""),
            *(each.eligible_subscriptions, each.eligible_licences, Sum(each).amount.amount, each.currency),
            *(each.ineligible_subscriptions, iso(each.drawn_at)),
        ]


@dataclass(frozen=True)
class Row:
    """A charge: what its reader owes or is billed for it, and for a provider what it bills."""

    line: Line
    billed: Money | None = None

    @property
    def charge(self) -> Charge:
        return self.line.charge

    @property
    def reason(self) -> str:
        """Why it is not eligible; empty when it is."""
        return str(Charge.Ineligible(self.charge.ineligible).label) if self.charge.ineligible else ""


def with_names(charges: ChargeQuerySet) -> ChargeQuerySet:
    """With what a row shows: read for the rows of a page, not joined to all of them."""
    named = Subscription.objects.select_related("relationship")
    return charges.prefetch_related(Prefetch("subscription", named), "offer", "partner_account")


def rows_of(charges: Iterable[Charge], membership: Membership) -> Iterator[Row]:
    """The charges as this reader may know them."""
    for charge in charges:
        if membership.kind == Kind.PROVIDER:
            billed = Line(charge, False, True).amount if charge.reseller_id else None
            yield Row(Line(charge, True, True), billed)
        else:
            yield Row(Line(charge, False, is_entrusted(charge.subscription, membership)))


def charge_header(membership: Membership) -> list[Any]:
    """A reseller's file has no column for what its provider pays."""
    amounts = [_("What you owe"), _("What you bill")] if membership.kind == Kind.PROVIDER else [_("Amount")]
    return [
        *(_("Charge ID"), _("Charged"), _("Charge type"), _("Subscription"), _("Subscription ID"), _("Customer")),
        *(_("MPN ID"), _("Licenses"), *amounts, _("Currency"), _("Eligible"), _("Not eligible because")),
    ]


def charge_lines(charges: ChargeQuerySet, membership: Membership) -> Iterator[list[Any]]:
    """Every charge under charge_header(); moments are in UTC."""
    yes, no = gettext("Yes"), gettext("No")
    for row in rows_of(with_names(charges).iterator(chunk_size=_CHUNK), membership):
        charge, account = row.charge, row.charge.partner_account
        amounts: list[Any] = [row.line.amount.amount]
        if membership.kind == Kind.PROVIDER:
            amounts.append(row.billed.amount if row.billed else None)
        yield [
            *(charge.code, iso(charge.posted_at), charge.get_kind_display(), charge.offer.sku_title),
            *(charge.subscription.code, row.line.customer, account.number if account else "", row.line.quantity),
            *(*amounts, charge.currency, no if row.reason else yes, row.reason),
        ]


def licences_plot(membership: Membership) -> Plot | None:
    """Eligible licences in each of the latest twelve months; None while there are none."""
    return drawn(
        [Number(month, _short(month), count, month_name(month)) for month, count in licences_by_month(membership)]
    )


def _short(month: date) -> str:
    return format_skeleton("MMM", month, locale=to_locale(get_language() or settings.LANGUAGE_CODE))
