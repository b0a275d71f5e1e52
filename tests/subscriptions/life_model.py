"""The life of one subscription in plain Python, written from the rules and from nothing of ours.

Of one price list line, billed monthly within a term of a year, without reseller, at yen: amounts are whole numbers.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

from dateutil.relativedelta import relativedelta

WINDOW = timedelta(hours=168)
TERM = 12


class AgainstTheRulesError(Exception):
    """What the rules do not allow."""


@dataclass
class Lot:
    """Licences with a clock of their own, and the charge that they are given back from."""

    count: int
    since: datetime
    charge: "Paid"


@dataclass(eq=False)
class Paid:
    """A charge as far as it can be given back."""

    begin: datetime
    left: int
    price: int


@dataclass
class Life:
    """A subscription since its purchase."""

    start: datetime
    count: int
    prices: list[tuple[datetime, int]]
    least: int = 1
    most: int = 300
    status: str = "active"
    renews: bool = True
    planned: int | None = None
    ledger: list[int] = field(default_factory=list)
    terms: int = 0
    renewals: int = 0

    def __post_init__(self) -> None:
        self.price = self._price_at(self.start)
        self.begin = self.start
        self.months = 1
        self._charge_month(self.start)
        self.lots = [Lot(self.count, self.start, self.main)]

    # What anybody can see

    @property
    def end(self) -> datetime:
        return self.start + relativedelta(months=TERM * (self.terms + 1))

    @property
    def month_begin(self) -> datetime:
        return self.start + relativedelta(months=self.months - 1)

    @property
    def paid_until(self) -> datetime:
        return self.start + relativedelta(months=self.months)

    @property
    def is_over(self) -> bool:
        return self.status in ("cancelled", "expired")

    def returnable(self, now: datetime) -> int:
        return min(sum(lot.count for lot in self._open(now)), self.count - self.least)

    # What can happen

    def pass_time(self, now: datetime) -> None:
        while not self.is_over and self.paid_until <= now:
            if self.paid_until == self.end:
                self._end_of_term()
                if self.is_over:
                    return
            self.months += 1
            self._charge_month(self.month_begin)

    def add(self, count: int, now: datetime) -> None:
        self._must_be("active")
        if self.count + count > self.most:
            raise AgainstTheRulesError
        rest = Fraction((self.paid_until - now).total_seconds()) / self._month
        self.ledger.append(floor(self.price * count * rest + Fraction(1, 2)))
        self.lots.append(Lot(count, now, Paid(now, count, self.price)))
        self.count += count
        self.planned = None

    def give_back(self, count: int, now: datetime) -> None:
        self._must_be("active")
        if count > self.returnable(now):
            raise AgainstTheRulesError
        undone: dict[Paid, int] = {}
        for lot in self._open(now):
            taken = min(lot.count, count)
            count -= taken
            lot.count -= taken
            # What was added in this month undoes its own charge, all else the month's.
            charge = lot.charge if lot.charge.begin >= self.main.begin else self.main
            undone[charge] = undone.get(charge, 0) + taken
            self.count -= taken
        self.planned = None
        self._refund(undone, now)

    def cancel(self, now: datetime) -> None:
        if self.is_over or now >= self.begin + WINDOW:
            raise AgainstTheRulesError
        self._refund({paid: paid.left for paid in self._paid_this_month()}, now)
        self.status, self.planned = "cancelled", None

    def suspend(self) -> None:
        self._must_be("active")
        self.status = "suspended"

    def reactivate(self) -> None:
        self._must_be("suspended")
        self.status = "active"

    def set_renewal(self, renews: bool) -> None:
        if self.is_over:
            raise AgainstTheRulesError
        self.renews = renews
        if not renews:
            self.planned = None

    def plan(self, count: int) -> None:
        self._must_be("active")
        if not self.renews or not self.least <= count <= self.most or count == self.count:
            raise AgainstTheRulesError
        self.planned = count

    def unplan(self) -> None:
        if self.planned is None:
            raise AgainstTheRulesError
        self.planned = None

    # How

    def _must_be(self, status: str) -> None:
        if self.status != status:
            raise AgainstTheRulesError

    @property
    def _month(self) -> Fraction:
        return Fraction((self.paid_until - self.month_begin).total_seconds())

    def _price_at(self, moment: datetime) -> int:
        return [price for since, price in self.prices if since <= moment][-1]

    def _end_of_term(self) -> None:
        if self.status == "suspended":
            self.status = "cancelled"
        elif not self.renews:
            self.status = "expired"
        else:
            self.begin = self.end
            self.terms += 1
            self.renewals += 1
            self.price = self._price_at(self.begin)
            self.count, self.planned = self.planned or self.count, None
            self.lots = []
            return
        self.planned = None

    def _charge_month(self, begin: datetime) -> None:
        self.ledger.append(self.price * self.count)
        self.main = Paid(begin, self.count, self.price)
        if begin == self.begin:
            self.lots = [Lot(self.count, begin, self.main)]

    def _open(self, now: datetime) -> list[Lot]:
        return [lot for lot in self.lots if lot.since > now - WINDOW and lot.count]

    def _paid_this_month(self) -> list[Paid]:
        later = {lot.charge for lot in self.lots if lot.charge.begin >= self.main.begin} - {self.main}
        return [self.main, *sorted(later, key=lambda paid: paid.begin)]

    def _refund(self, undone: dict[Paid, int], now: datetime) -> None:
        rest = Fraction((self.paid_until - now).total_seconds()) / self._month
        for paid, count in undone.items():
            if count:
                paid.left -= count
                self.ledger.append(-floor(paid.price * count * rest))
