"""An amount and its currency. Rounding happens per line, to what the currency's coins allow (design.md §7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel.numbers import get_currency_precision


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str

    def times(self, count: int) -> "Money":
        """This much, so many times, rounded to the currency's minor unit: the yen has none."""
        unit = _unit(self.currency)
        return Money((self.amount * count).quantize(unit, ROUND_HALF_UP), self.currency)


@cache
def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-get_currency_precision(currency))


def totals(amounts: Iterable[Money]) -> list[Money]:
    """One sum for each currency, in the order of their codes."""
    sums: dict[str, Decimal] = {}
    for money in amounts:
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + money.amount
    return [Money(amount, currency) for currency, amount in sorted(sums.items())]
