"""Bulk changes and their rows in words, for pages and for the file of the result."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from accounts.models import Membership
from accounts.paging import Sorting
from accounts.roles import Permission
from customers.partner_choice import Partner, id_from
from resellers.models import PartnerAccount, Reseller
from subscriptions.bulk import What
from subscriptions.bulk.values import is_nobody, switched
from subscriptions.models import BulkChange, BulkRow
from subscriptions.models.bulk import BulkRowQuerySet
from subscriptions.money import Money

NEWEST = Sorting(("created_at", "id"), descending=True)
BY_LINE = Sorting(("number",))

Result = BulkRow.Result
_FORESEEN: Mapping[str, str | Promise] = {
    Result.WAITING: Result.WAITING.label,
    Result.DONE: gettext_lazy("To be changed"),
    Result.UNCHANGED: gettext_lazy("Stays as it is"),
    Result.REFUSED: gettext_lazy("To be refused"),
}
_HAPPENED: Mapping[str, str | Promise] = {
    Result.WAITING: Result.WAITING.label,
    Result.DONE: pgettext_lazy("result", "Changed"),
    Result.UNCHANGED: Result.UNCHANGED.label,
    Result.REFUSED: Result.REFUSED.label,
}
_KINDS = {Result.WAITING: "neutral", Result.DONE: "good", Result.UNCHANGED: "neutral", Result.REFUSED: "bad"}


@dataclass(frozen=True)
class Shown:
    """A row as the reader sees it."""

    row: BulkRow
    result: str
    kind: str
    wanted: str
    reasons: list[str]
    money: Money | None


@dataclass(frozen=True)
class Count:
    """How many rows have a result, and where they are listed."""

    result: str
    label: str
    number: int
    current: bool


class Table:
    """The rows of one change for one reader. What it costs is for those who may see prices (design.md §5)."""

    def __init__(self, change: BulkChange, membership: Membership, result: str = "") -> None:
        self.change, self.membership = change, membership
        self.result = result if result in (Result.DONE, Result.UNCHANGED, Result.REFUSED) else ""
        self.labels = _HAPPENED if change.was_started else _FORESEEN
        self.shows_cost = change.what == What.LICENCES and membership.can(Permission.SEE_PRICES)

    @property
    def rows(self) -> BulkRowQuerySet:
        """Those with the result that is asked for. What the pass has not reached yet has none."""
        rows = BulkRow.objects.visible_to(self.membership).filter(change=self.change)
        if self.result:
            rows = rows.filter(number__lte=self.change.reached, result=self.result)
        return rows.select_related("subscription__relationship")

    @property
    def counts(self) -> list[Count]:
        """One for each result, and how many of them there are in the pass that runs or was the last."""
        results = (Result.DONE, Result.UNCHANGED, Result.REFUSED)
        numbers = (self.change.done, self.change.unchanged, self.change.refused)
        return [
            Count(result.value, str(self.labels[result]), number, result == self.result)
            for result, number in zip(results, numbers, strict=True)
        ]

    @property
    def totals(self) -> list[Money]:
        """What all of it costs or has cost the provider, one sum for each currency."""
        if not self.shows_cost:
            return []
        rows = self.change.all_rows.filter(number__lte=self.change.reached, cost__isnull=False).order_by("currency")
        return [Money(sum_, currency) for currency, sum_ in rows.values_list("currency").annotate(Sum("cost"))]

    def shown(self, rows: Iterable[BulkRow]) -> list[Shown]:
        """A page of rows, in words, in a constant number of queries."""
        rows = list(rows)
        words = wanted_in_words(self.change.what, {row.wanted for row in rows}, self.membership)
        return [self._shown(row, words) for row in rows]

    def header(self) -> list[str]:
        names = [_("Line"), _("Subscription ID"), _("Subscription"), _("Company name"), _("New value")]
        cost = [_("Cost"), _("Currency")] if self.shows_cost else []
        return [*names, _("Result"), _("Reason"), *cost]

    def lines(self) -> Iterator[list[Any]]:
        """All rows for a file, in the order of their lines, a thousand at a time."""
        rows = self.rows.order_by("number")
        chunk: list[BulkRow] = []
        for row in rows.iterator(chunk_size=1000):
            chunk.append(row)
            if len(chunk) == 1000:
                yield from map(self._line, self.shown(chunk))
                chunk = []
        yield from map(self._line, self.shown(chunk))

    def _shown(self, row: BulkRow, words: dict[str, str]) -> Shown:
        is_reached = row.number <= self.change.reached
        result = row.result if is_reached else Result.WAITING.value
        return Shown(
            row=row,
            result=str(self.labels[result]),
            kind=_KINDS[Result(result)],
            wanted=words[row.wanted],
            reasons=row.reasons if is_reached else [],
            money=row.money if is_reached and self.shows_cost else None,
        )

    def _line(self, shown: Shown) -> list[Any]:
        row, subscription = shown.row, shown.row.subscription
        names = (subscription.nickname, subscription.relationship.company_name) if subscription else ("", "")
        cost = [f"{shown.money.amount.normalize():f}" if shown.money else "", row.currency] if self.shows_cost else []
        return [row.number, row.typed, *names, shown.wanted, shown.result, " ".join(shown.reasons), *cost]


def wanted_in_words(what: str, texts: set[str], membership: Membership) -> dict[str, str]:
    """The new values as the reader knows them: partners by their names. What means nothing stays as it was typed."""
    if what == What.AUTO_RENEW:
        words = {True: pgettext("auto-renew", "On"), False: pgettext("auto-renew", "Off")}
        return {text: text if (answer := switched(text)) is None else words[answer] for text in texts}
    if what == What.LICENCES:
        return {text: text for text in texts}
    nobody = _("No indirect reseller") if what == What.CREDIT else str(membership.organisation)
    codes = {text: code for text in texts if (code := id_from(text))}
    names = dict(
        Reseller.objects.visible_to(membership).filter(pk__in=codes.values()).values_list("pk", "organisation__name")
    )
    names[membership.organisation_id] = str(membership.organisation)
    accounts = PartnerAccount.objects.visible_to(membership).numbered(*texts).select_related("organisation")
    labels = {
        int(each.number): Partner(each.organisation_id, each.organisation.name, each.number).label for each in accounts
    }
    return {text: _partner(text, nobody, names.get(codes[text], "") if text in codes else "", labels) for text in texts}


def _partner(text: str, nobody: str, name: str, labels: dict[int, str]) -> str:
    if is_nobody(text):
        return nobody
    is_number = text.isascii() and text.isdigit()
    return name or (labels.get(int(text), "") if is_number else "") or text
