"""The eighteen public columns of a price list: what each may say, and offers written in them again.

Sources: design.md §2 (Offer) and §6 (Price list), domain.md §6.2 and §6.3; docs/price-list.md says it for people.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_precision, is_currency
from django_countries import countries

from subscriptions.models import Offer
from subscriptions.models.catalogue import MOST_LICENCES, Billing, Term
from subscriptions.price_list.problems import LONGEST_VALUE, Problem, WrongError
from subscriptions.terms import BILLING_MONTHS, MONTHS

_DIGITS, _PLACES = 14, 4  # of a price, as the model keeps it
_PRICE = re.compile(rf"[0-9]{{1,{_DIGITS - _PLACES}}}(\.[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+Z?)?")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]+")
_RULE = re.compile(r"(Requires|UpgradesTo|ConvertsTo):[A-Za-z0-9._-]{1,40}:[A-Za-z0-9._-]{1,20}|Limit:[1-9][0-9]{0,8}")
# What PostgreSQL or a page cannot show, and what stands where bytes were no UTF-8.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_FIRST_YEAR = 1970
_LONGEST_TAG = 80

_BILLING = {
    "Monthly": Billing.MONTHLY.value,
    "Annual": Billing.ANNUAL.value,
    "Triennial": Billing.TRIENNIAL.value,
    "OneTime": Billing.ONE_TIME.value,
    "None": Billing.NONE.value,
}
_PLANS = {billing: plan for plan, billing in _BILLING.items()}
_SEGMENTS = {segment.value.title(): segment.value for segment in Offer.Segment}
# The first tag that a line has decides; what has none of them is an offer for enterprises.
_CATEGORIES = {
    "Trial": Offer.Category.TRIAL,
    "Add-on": Offer.Category.ADD_ON,
    "Usage": Offer.Category.USAGE,
    "Software": Offer.Category.SOFTWARE,
    "SmallBusiness": Offer.Category.SMALL_BUSINESS,
}

Values = dict[str, Any]


class Header:
    """Where in a line which column stands. Columns may come in any order; those that nobody knows are not read."""

    def __init__(self, names: Sequence[str]) -> None:
        self.width = len(names)
        places = {name.strip(): place for place, name in reversed(list(enumerate(names)))}
        self.missing = [column for column in COLUMNS if column not in places]
        self._place_of = {column: places.get(column, 0) for column in COLUMNS}
        self._places = [(column, place, *_COLUMNS[column]) for column, place in self._place_of.items()]

    def read(self, number: int, cells: Sequence[str]) -> tuple[Values, list[Problem]]:
        """The values of a line by the names of Offer's fields, and everything that is wrong with it."""
        if len(cells) != self.width:
            return {}, [Problem(number, "", "cells", str(len(cells)))]
        values: Values = {}
        problems = []
        for column, place, field, read in self._places:
            text = cells[place].strip()
            try:
                if _NO_TEXT.search(text):
                    raise WrongError("characters")
                values[field] = read(text)
            except WrongError as wrong:
                problems.append(_problem(number, column, wrong, text))
        if not problems:
            for column, contradiction in _contradictions(values):
                problems.append(_problem(number, column, contradiction, cells[self._place_of[column]].strip()))
        values["category"] = _category(values.get("tags", ())).value
        return values, problems


def price_list_line(offer: Offer) -> list[str]:
    """The offer in the public columns, as they are read again: its last day is the last on which it is on sale."""
    return [
        *(offer.product_title, offer.product_id, offer.sku_id, offer.sku_title, offer.publisher, offer.description),
        *(offer.term, _PLANS[offer.billing], str(offer.market), offer.currency),
        *(_price_text(offer.unit_price, offer.currency), str(offer.min_licences), str(offer.max_licences or "")),
        *(f"{moment.astimezone(UTC):%Y-%m-%d}" for moment in (offer.effective_from, offer.last_moment)),
        *(";".join(offer.tags), _price_text(offer.erp_price, offer.currency), offer.segment.title()),
    ]


def _problem(number: int, column: str, wrong: WrongError, text: str) -> Problem:
    value = text if wrong.value is None else wrong.value
    return Problem(number, column, wrong.code, _NO_TEXT.sub("·", value[:LONGEST_VALUE]))


def _category(tags: Sequence[str]) -> Offer.Category:
    return next((category for tag, category in _CATEGORIES.items() if tag in tags), Offer.Category.ENTERPRISE)


def _contradictions(values: Values) -> Iterator[tuple[str, WrongError]]:
    most = values["max_licences"]
    if most is not None and most < values["min_licences"]:
        yield "PricingTierRangeMax", WrongError("limits")
    if values["effective_to"] <= values["effective_from"]:
        yield "EffectiveEndDate", WrongError("period")
    if not _go_together(values["term"], values["billing"]):
        yield "BillingPlan", WrongError("billing", _PLANS[values["billing"]])
    if "Trial" in values["tags"] and values["unit_price"] > 0:
        yield "UnitPrice", WrongError("trial_price")


@lru_cache(maxsize=32)
def _go_together(term: str, billing: str) -> bool:
    """Nobody is billed every three years in a term of one; and what has no term has no month to bill either."""
    months = BILLING_MONTHS.get(Billing(billing), 0)
    return months <= (MONTHS[Term(term)] if term else 0)


def _text(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text:
            raise WrongError("required")
        if len(text) > longest:
            raise WrongError("too_long", str(longest))
        return text

    return read


def _text_or_nothing(longest: int) -> Callable[[str], str]:
    read = _text(longest)
    return lambda text: read(text) if text else ""


def _identifier(longest: int) -> Callable[[str], str]:
    read_text = _text(longest)

    def read(text: str) -> str:
        if not _IDENTIFIER.fullmatch(read_text(text)):
            raise WrongError("identifier")
        return text

    return read


def _one_of(choices: Mapping[str, str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise WrongError("unknown")
        return choices[text]

    return read


@lru_cache(maxsize=512)
def _market(text: str) -> str:
    if not countries.name(text) or len(text) != 2 or not text.isupper():
        raise WrongError("unknown")
    return text


@lru_cache(maxsize=512)
def _currency(text: str) -> str:
    if len(text) != 3 or not text.isupper() or not is_currency(text):
        raise WrongError("unknown")
    return text


def _price(text: str) -> Decimal:
    price = Decimal(text) if _PRICE.fullmatch(text) else None
    if price is None or price != round(price, _PLACES):
        raise WrongError("price")
    return price


def _licences(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= MOST_LICENCES):
        raise WrongError("licences")
    return int(text)


def _licences_or_none(text: str) -> int | None:
    return _licences(text) if text else None


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    """A day, or a moment of which only the day counts: exchanged price lists have either."""
    try:
        day = date.fromisoformat(text[:10]) if _DAY.fullmatch(text) else date.min
    except ValueError:
        day = date.min
    if day.year < _FIRST_YEAR:
        raise WrongError("date")
    return day


@lru_cache(maxsize=4096)
def _start(text: str) -> datetime:
    return datetime.combine(_day(text), time.min, UTC)


@lru_cache(maxsize=4096)
def _end(text: str) -> datetime:
    """The midnight in UTC after the day. The end of time stays what it is: there is no day after it."""
    day = _day(text)
    return datetime.combine(day if day == date.max else day + timedelta(days=1), time.min, UTC)


@lru_cache(maxsize=4096)
def _tags(text: str) -> tuple[str, ...]:
    """Words, and rules: a tag with a colon is one of the rules that Offer reads, complete and as it is spelled."""
    tags = tuple(tag.strip() for tag in text.split(";") if tag.strip())
    for tag in tags:
        if len(tag) > _LONGEST_TAG:
            raise WrongError("too_long", str(_LONGEST_TAG))
        if ":" in tag and not _RULE.fullmatch(tag):
            raise WrongError("tag", tag)
    return tags


def _price_text(price: Decimal, currency: str) -> str:
    """With the places that the currency has, and with more only when the price needs them."""
    rounded = round(price, get_currency_precision(currency))
    return f"{rounded if rounded == price else price.normalize():f}"


_COLUMNS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ProductTitle": ("product_title", _text(200)),
    "ProductId": ("product_id", _identifier(40)),
    "SkuId": ("sku_id", _identifier(20)),
    "SkuTitle": ("sku_title", _text(200)),
    "Publisher": ("publisher", _text(100)),
    "SkuDescription": ("description", _text_or_nothing(4000)),
    "TermDuration": ("term", _one_of({term.value: term.value for term in Term})),
    "BillingPlan": ("billing", _one_of(_BILLING)),
    "Market": ("market", _market),
    "Currency": ("currency", _currency),
    "UnitPrice": ("unit_price", _price),
    "PricingTierRangeMin": ("min_licences", _licences),
    "PricingTierRangeMax": ("max_licences", _licences_or_none),
    "EffectiveStartDate": ("effective_from", _start),
    "EffectiveEndDate": ("effective_to", _end),
    "Tags": ("tags", _tags),
    "ERP Price": ("erp_price", _price),
    "Segment": ("segment", _one_of(_SEGMENTS)),
}
COLUMNS = tuple(_COLUMNS)
FIELDS = (*(field for field, _read in _COLUMNS.values()), "category")
