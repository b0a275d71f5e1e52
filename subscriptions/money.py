"""An amount and its currency. Rounding happens per line, to what the currency's coins allow (design.md §7).

A price of one licence has four places whatever the currency, as the price list has them: a thousand at ¥0.4 are ¥400.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from math import floor

from babel.numbers import get_currency_precision

_UNIT_PRICE = Decimal("0.0001")


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str

    def times(self, count: int) -> "Money":
        """This much, so many times, rounded to the currency's minor unit: the yen has none."""
        unit = _unit(self.currency)
        return Money((self.amount * count).quantize(unit, ROUND_HALF_UP), self.currency)

    def part(self, count: int, share: Fraction) -> "Money":
        """This much, so many times, for a share of its period; rounded half up to the minor unit, without a detour."""
        return self._whole_units(self._exact(count, share) + Fraction(1, 2))

    def part_back(self, count: int, share: Fraction) -> "Money":
        """What is given back of it, below zero: rounded so that all that is given back is never more than was paid."""
        return -self._whole_units(self._exact(count, share))

    def marked_up(self, percent: Decimal) -> "Money":
        """A unit price with so many percent added, rounded half up to the places of a unit price."""
        if not percent:
            return self
        return Money((self.amount * (100 + percent) / 100).quantize(_UNIT_PRICE, ROUND_HALF_UP), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount if self.amount else self.amount, self.currency)

    def __add__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, "only amounts of one currency can be added"
        return Money(self.amount + other.amount, self.currency)

    def _exact(self, count: int, share: Fraction) -> Fraction:
        """In minor units, as a fraction: a sum that is rounded twice is another sum."""
        return Fraction(self.amount) * count * share / Fraction(_unit(self.currency))

    def _whole_units(self, units: Fraction) -> "Money":
        return Money(floor(units) * _unit(self.currency), self.currency)


@cache
def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-get_currency_precision(currency))


def totals(amounts: Iterable[Money]) -> list[Money]:
    """One sum for each currency, in the order of their codes."""
    sums: dict[str, Decimal] = {}
    for money in amounts:
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    return [Money(amount, currency) for currency, amount in sorted(sums.items())]
