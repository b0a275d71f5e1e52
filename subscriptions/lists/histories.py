"""The chapters of a subscription's history: which rows each has, in what order, as a page and as a file."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import Membership
from accounts.paging import Sorting
from accounts.tabs import Tab
from activity.verbs import Verb
from subscriptions import history
from subscriptions.models import Subscription
from subscriptions.money import Money
from subscriptions.sides import Reader


class Chapter:
    """One kind of what has become of a subscription, as a reader may see it; the latest first."""

    name: str
    label: str | Promise
    template: str
    field: str
    """When each of its rows was."""

    def __init__(self, subscription: Subscription, membership: Membership) -> None:
        self.subscription, self.membership = subscription, membership
        self.reader = Reader(membership)

    @property
    def sorting(self) -> Sorting:
        return Sorting((self.field, "id"), descending=True)

    @property
    def is_open(self) -> bool:
        """Whether the reader has any business with it."""
        return True

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def shown(self, rows: Iterable[Any]) -> Any:
        """What the template gets of the rows of a page."""
        raise NotImplementedError

    def header(self) -> list[Any]:
        raise NotImplementedError

    def line(self, row: Any) -> list[Any]:
        raise NotImplementedError

    def lines(self) -> Iterator[list[Any]]:
        """All of it, under header()."""
        return (self.line(row) for row in self.rows().iterator(chunk_size=500))


class _Events(Chapter):
    template = "_events"

    def event(self, row: Any) -> history.Event:
        raise NotImplementedError

    def shown(self, rows: Iterable[Any]) -> list[history.Event]:
        return [self.event(row) for row in rows]

    def header(self) -> list[Any]:
        ends = (pgettext("change", "From"), pgettext("change", "To"))
        return [_("Date-time"), _("Change"), *ends, pgettext("change", "By")]

    def line(self, row: Any) -> list[Any]:
        event = self.event(row)
        return [_utc(event.moment), event.what, event.before, event.after, event.by]


class Licences(_Events):
    name, label, field = "licenses", gettext_lazy("Licenses"), "changed_at"

    def rows(self) -> QuerySet[Any]:
        return history.licence_changes(self.subscription)

    def event(self, row: Any) -> history.Event:
        return history.licence_event(row)


class Changes(_Events):
    name, label, field = "changes", gettext_lazy("Other changes"), "happened_at"
    verbs: tuple[Verb, ...] = history.LIFE

    def rows(self) -> QuerySet[Any]:
        return history.activities_of(self.subscription, self.membership, self.verbs)

    def event(self, row: Any) -> history.Event:
        return history.activity_event(row)


class Support(Changes):
    name, label = "support", gettext_lazy("Designated support contact")
    verbs = history.SUPPORT


class Charges(Chapter):
    """What was charged: to a provider both sides, to a reseller what it was billed."""

    name, label, field, template = "charges", gettext_lazy("Charges"), "posted_at", "_bill"

    @property
    def is_open(self) -> bool:
        return self.reader.sees_charges

    def rows(self) -> QuerySet[Any]:
        return history.charges_of(self.subscription, self.membership)

    def shown(self, rows: Iterable[Any]) -> Any:
        return self.reader.charges(rows)

    def header(self) -> list[Any]:
        names = [_("Charge ID"), _("Charged"), _("Charge type"), _("Licenses"), _("From"), _("Until")]
        names += [_("Currency"), _("Unit price"), _("Amount")]
        resale = [_("Price for the reseller"), _("Billed to the reseller"), _("Indirect reseller")]
        return names + (resale if self.reader.sees_bills else [])

    def line(self, row: Any) -> list[Any]:
        line = self.reader.charges([row]).lines[0]
        cells = [str(row.code), _utc(row.posted_at), line.kind, line.licences]
        cells += [_utc(line.period.start), _utc(line.period.end), row.currency]
        cells += [_number(line.price), _number(line.amount)]
        resale = [_number(line.bill_price), _number(line.bill), line.billed_to]
        return cells + (resale if self.reader.sees_bills else [])


class Credit(Chapter):
    name, label, field, template = "credit", gettext_lazy("Reseller (MPN ID)"), "starts_at", "_periods"

    def rows(self) -> QuerySet[Any]:
        return history.credit_periods(self.subscription)

    def shown(self, rows: Iterable[Any]) -> Any:
        return rows

    def header(self) -> list[Any]:
        return [_("Indirect reseller"), _("MPN ID"), _("From"), _("Until"), _("By")]

    def line(self, row: Any) -> list[Any]:
        account, name = row.partner_account, row.set_by.get_full_name() if row.set_by else ""
        return [account.organisation.name, account.number, _utc(row.starts_at), _utc(row.ends_at), name]


_CHAPTERS: tuple[type[Chapter], ...] = (Licences, Changes, Charges, Credit, Support)


def chapters_of(subscription: Subscription, membership: Membership) -> list[Chapter]:
    """Those that the member has any business with."""
    chapters = [chapter(subscription, membership) for chapter in _CHAPTERS]
    return [chapter for chapter in chapters if chapter.is_open]


def chapter_of(name: str, chapters: list[Chapter]) -> Chapter:
    """The one with this name, else the first."""
    return next((chapter for chapter in chapters if chapter.name == name), chapters[0])


def tabs_of(chapters: list[Chapter], current: Chapter) -> list[Tab]:
    url = reverse("subscriptions:history", args=[current.subscription.code])
    return [Tab(str(each.label), f"{url}?show={each.name}", each is current) for each in chapters]


def _utc(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if moment else ""


def _number(money: Money | None) -> str | float:
    """A number for a spreadsheet: what is given back stands below zero, and is no formula."""
    if money is None:
        return ""
    return int(money.amount) if money.amount == money.amount.to_integral_value() else float(money.amount)
