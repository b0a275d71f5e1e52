"""What a reseller is credited for and what it supports, across its providers: facts without access (design.md §3).

Who is credited reads whose subscription it is only where the customer is entrusted to it: an incentive is paid to an
MPN ID, and for questions the provider finds the subscription by its ID. Who supports a subscription reads the
customer's name as well, for that customer will call, and has to be recognised. Neither reads licenses, prices,
nickname, term, domain name or contact, which are the customer's and the provider's business; and nothing leads to a
page that it may not open.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.paging import Sorting
from customers.models import Customer
from subscriptions.models import ResellerOfRecord, Subscription
from subscriptions.models.histories import ResellerOfRecordQuerySet
from subscriptions.models.subscriptions import SubscriptionQuerySet

_CHUNK = 500


@dataclass(frozen=True)
class Fact:
    """A subscription as a reseller without access may know it; with access, as the other lists show it."""

    subscription: Subscription
    is_entrusted: bool
    period: ResellerOfRecord | None = None

    @property
    def url(self) -> str:
        return self.subscription.get_absolute_url() if self.is_entrusted else ""

    @property
    def customer(self) -> str:
        """For lists of what is credited: nothing unless the customer is entrusted to the reader."""
        return self.subscription.relationship.company_name if self.is_entrusted else ""

    @property
    def caller(self) -> str:
        """For lists of what is supported: the customer's own name, whoever bills it under another."""
        return self.customer or self.subscription.customer.organisation.name


def credited_rows(membership: Membership) -> ResellerOfRecordQuerySet:
    """The periods in which a number of the reseller is or was credited, with what the list shows of them.

    A reseller may have thousands: what belongs to a row is read for the rows of the page, not joined to all of them.
    """
    named = Subscription.objects.select_related("offer", "relationship")
    rows = ResellerOfRecord.objects.visible_to(membership).select_related("partner_account")
    return rows.prefetch_related(Prefetch("subscription", named), "provider__organisation")


def supported_rows(membership: Membership) -> SubscriptionQuerySet:
    """The subscriptions that the reseller supports, ended ones excepted, read as credited_rows() are."""
    rows = Subscription.objects.supported_by(membership).not_ended()
    callers = Prefetch("customer", Customer.objects.select_related("organisation"))
    return rows.prefetch_related("offer", "relationship", callers, "provider__organisation")


def _credited_fact(period: ResellerOfRecord, membership: Membership) -> Fact:
    return Fact(period.subscription, is_entrusted(period.subscription, membership), period)


def _supported_fact(subscription: Subscription, membership: Membership) -> Fact:
    return Fact(subscription, is_entrusted(subscription, membership))


def is_entrusted(subscription: Subscription, membership: Membership) -> bool:
    """As Subscription.visible_to() has it, for rows that come with their relationship."""
    relationship = subscription.relationship
    return relationship.reseller_id == membership.organisation_id and relationship.ended_at is None


def _credited_line(period: ResellerOfRecord, fact: Fact) -> list[str]:
    """Days are those in UTC."""
    return [
        *(fact.subscription.offer.sku_title, str(fact.subscription.code), str(period.provider)),
        *(period.partner_account.number, f"{period.starts_at:%Y-%m-%d}"),
        *(f"{period.ends_at:%Y-%m-%d}" if period.ends_at else "", fact.customer),
    ]


def _supported_line(subscription: Subscription, fact: Fact) -> list[str]:
    return [fact.caller, subscription.offer.sku_title, str(subscription.code), str(subscription.provider)]


@dataclass(frozen=True)
class FactList:
    """What differs between the two lists, on the page and as a file."""

    name: str
    """Of its addresses, its templates and its file."""
    title: Promise
    sortings: Mapping[str, Sorting]
    rows: Callable[[Membership], QuerySet[Any]]
    fact: Callable[[Any, Membership], Fact]
    columns: tuple[Promise, ...]
    line: Callable[[Any, Fact], list[str]]

    def facts(self, rows: Iterable[Any], membership: Membership) -> Iterator[Fact]:
        """The rows as this reader may know them."""
        return (self.fact(row, membership) for row in rows)

    def lines(self, rows: QuerySet[Any], membership: Membership) -> Iterator[list[str]]:
        """One line a row, under the names of the columns."""
        return (self.line(row, self.fact(row, membership)) for row in rows.iterator(chunk_size=_CHUNK))


CREDITED = FactList(
    name="credited",
    title=_("Credited"),
    sortings={"since": Sorting(("starts_at", "id"), descending=True)},
    rows=credited_rows,
    fact=_credited_fact,
    columns=(
        *(_("Subscription"), _("Subscription ID"), _("Indirect provider"), _("MPN ID")),
        *(_("From"), _("Until"), _("Company name")),
    ),
    line=_credited_line,
)
SUPPORTED = FactList(
    name="supported",
    title=_("Supported"),
    sortings={"newest": Sorting(("created_at", "id"), descending=True)},
    rows=supported_rows,
    fact=_supported_fact,
    columns=(_("Company name"), _("Subscription"), _("Subscription ID"), _("Indirect provider")),
    line=_supported_line,
)
