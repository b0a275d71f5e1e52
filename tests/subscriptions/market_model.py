"""What costs what, what is added for whom, and what one has bought, in plain Python: the parts of family_model.py."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

WINDOW = timedelta(hours=168)


class AgainstTheRulesError(Exception):
    """What the rules do not allow."""


def must(holds: object) -> None:
    if not holds:
        raise AgainstTheRulesError


@dataclass(frozen=True)
class Product:
    """What can be bought: with a term of so many months, of which so many are billed at once; or once, with none."""

    name: str
    term: int
    billed: int
    goes_with: tuple[str, ...] = ()
    upgrades: tuple[str, ...] = ()
    becomes: str = ""
    least: int = 1
    most: int = 300

    @property
    def period(self) -> int:
        return min(self.term, self.billed)


@dataclass
class Market:
    """What products cost when, and what is added for whom: histories, of which the last word counts."""

    products: dict[str, Product]
    unit: Fraction  # the smallest coin
    prices: dict[str, list[tuple[datetime, Fraction | None]]] = field(default_factory=dict)
    markups: dict[tuple[str, str], list[tuple[datetime, Fraction | None]]] = field(default_factory=dict)

    def price(self, product: str, at: datetime) -> Fraction | None:
        """None while it is not on sale."""
        return self._last(self.prices[product], at)

    def markup(self, reseller: str, product: str, at: datetime) -> Fraction:
        """One for the reseller counts before one for all, and one for the product before one for everything."""
        scopes = ((reseller, product), (reseller, ""), ("", product), ("", ""))
        said = (self._last(self.markups.get(scope, []), at) for scope in scopes)
        return next((percent for percent in said if percent is not None), Fraction(0))

    def _last(self, said: list[tuple[datetime, Fraction | None]], at: datetime) -> Fraction | None:
        return next((value for since, value in reversed(said) if since <= at), None)


@dataclass(eq=False)
class Paid:
    """A charge as far as it can be given back. What is bought once has no end, and no length."""

    begin: datetime
    end: datetime | None
    length: Fraction
    left: int
    price: Fraction
    resale: Fraction
    reseller: str
    is_added: bool


@dataclass(eq=False)
class Lot:
    """Licences with a clock of their own."""

    count: int
    since: datetime
    charge: Paid


@dataclass(eq=False)
class Member:
    """The base or an add-on."""

    product: Product
    count: int
    begin: datetime  # of the term
    price: Fraction = Fraction(0)
    markup: Fraction = Fraction(0)
    status: str = "active"
    plan: tuple[str, int] | None = None
    paid_until: int = 0  # months since the anchor
    lots: list[Lot] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    ledger: list[tuple[Fraction, str, Fraction]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.status in ("cancelled", "expired")

    def open_lots(self, now: datetime) -> list[Lot]:
        return [lot for lot in self.lots if lot.count and now < lot.since + WINDOW]

    def returnable(self, now: datetime) -> int:
        return min(sum(lot.count for lot in self.open_lots(now)), self.count - self.product.least)

    def running(self, now: datetime) -> list[Paid]:
        """What is paid for beyond this moment."""
        return [paid for paid in self.paid if paid.left and (paid.end is None or paid.end > now)]
