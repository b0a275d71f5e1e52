"""The price list as a file: eighteen public columns that become offers, and offers that become them again.

Sources: design.md §2 (Offer) and §6 (Price list), domain.md §6.2 and §6.3.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_currency_precision, is_currency
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from subscriptions.models import Offer
from subscriptions.models.catalogue import MOST_LICENCES, Billing, Term

MOST_PROBLEMS = 20
_DIGITS, _PLACES = 14, 4  # of a price, as the model keeps it

_BILLING = {
    "Monthly": Billing.MONTHLY,
    "Annual": Billing.ANNUAL,
    "Triennial": Billing.TRIENNIAL,
    "OneTime": Billing.ONE_TIME,
    "None": Billing.NONE,
}
_SEGMENTS = {segment.value.title(): segment for segment in Offer.Segment}
# The first tag that a line has decides; what has none of them is an offer for enterprises.
_CATEGORIES = {
    "Trial": Offer.Category.TRIAL,
    "Add-on": Offer.Category.ADD_ON,
    "Usage": Offer.Category.USAGE,
    "Software": Offer.Category.SOFTWARE,
    "SmallBusiness": Offer.Category.SMALL_BUSINESS,
}
_KEY = ("product_id", "sku_id", "term", "billing", "market", "currency", "segment", "effective_from")


def load_price_list(lines: Iterable[Mapping[str, str]]) -> int:
    """Take the lines of a price list, all or none, and return how many there were.

    A line that is known already (same product, SKU, term, billing, market, currency, segment and start) is brought up
    to date: what was ordered keeps the price of its day. Nothing is removed; an offer ends with its effective period.
    Refused with up to twenty problems, each with its line (the header is line 1) and its column; the codes are
    column_missing, required, too_long, unknown, price, licences, date, limits, period and repeated.
    """
    offers: dict[tuple[Any, ...], Offer] = {}
    problems: list[ValidationError] = []
    for number, line in enumerate(lines, start=2):
        offer, found = _read(number, line)
        key = tuple(str(getattr(offer, name)) for name in _KEY) if not found else ()
        if key in offers:
            found = [_at(number, "ProductId", ValidationError(_("This offer is in the list already."), "repeated"))]
        if not found:
            offers[key] = offer
        problems += found
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise ValidationError(problems[:MOST_PROBLEMS])
    with transaction.atomic():
        Offer.objects.bulk_create(
            offers.values(), batch_size=500, update_conflicts=True, unique_fields=_KEY, update_fields=_UPDATED
        )
    return len(offers)


def price_list_line(offer: Offer) -> list[str]:
    """The offer in the public columns, as load_price_list() reads them."""
    return [
        *(offer.product_title, offer.product_id, offer.sku_id, offer.sku_title, offer.publisher, offer.description),
        *(offer.term, next(name for name, billing in _BILLING.items() if billing == offer.billing)),
        *(str(offer.market), offer.currency, _price_text(offer.unit_price, offer.currency)),
        *(str(offer.min_licences), str(offer.max_licences or "")),
        *(f"{moment.astimezone(UTC):%Y-%m-%d}" for moment in (offer.effective_from, offer.effective_to)),
        *(";".join(offer.tags), _price_text(offer.erp_price, offer.currency), offer.segment.title()),
    ]


def _read(number: int, line: Mapping[str, str]) -> tuple[Offer, list[ValidationError]]:
    values: dict[str, Any] = {}
    problems = []
    for column, (field, read) in _COLUMNS.items():
        try:
            text = line.get(column)
            if text is None:
                raise ValidationError(_("The column is missing."), "column_missing")
            values[field] = read(text.strip())
        except ValidationError as problem:
            problems.append(_at(number, column, problem))
    if not problems:
        problems = [_at(number, column, problem) for column, problem in _contradictions(values)]
    return Offer(**values, category=_category(values.get("tags", ()))), problems


def _category(tags: Sequence[str]) -> Offer.Category:
    return next((category for tag, category in _CATEGORIES.items() if tag in tags), Offer.Category.ENTERPRISE)


def _contradictions(values: Mapping[str, Any]) -> Iterator[tuple[str, ValidationError]]:
    most = values["max_licences"]
    if most is not None and most < values["min_licences"]:
        yield "PricingTierRangeMax", ValidationError(_("The most are fewer than the fewest."), "limits")
    if values["effective_to"] <= values["effective_from"]:
        yield "EffectiveEndDate", ValidationError(_("The offer would end before it starts."), "period")


def _at(number: int, column: str, problem: ValidationError) -> ValidationError:
    return ValidationError(
        _("Line %(line)s, column %(column)s: %(problem)s"),
        problem.code,
        {"line": number, "column": column, "problem": problem.messages[0]},
    )


def _text(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text:
            raise ValidationError(_("A value is missing."), "required")
        if len(text) > longest:
            raise ValidationError(_("At most %(longest)s characters fit."), "too_long", {"longest": longest})
        return text

    return read


def _one_of(choices: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in choices:
            raise _unknown(text)
        return choices[text]

    return read


def _unknown(text: str) -> ValidationError:
    return ValidationError(_("“%(value)s” is not known here."), "unknown", {"value": text})


def _market(text: str) -> str:
    if not countries.name(text):
        raise _unknown(text)
    return text


def _currency(text: str) -> str:
    if not is_currency(text):
        raise _unknown(text)
    return text


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    wholes = _DIGITS - _PLACES
    if not (price.is_finite() and 0 <= price < 10**wholes and price == round(price, _PLACES)):
        raise ValidationError(
            _("“%(value)s” is not a price. Use digits and a decimal point, such as 1234.50."), "price", {"value": text}
        )
    return price


def _licences(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_LICENCES):
        raise ValidationError(_("“%(value)s” is not a number of licenses."), "licences", {"value": text})
    return int(text)


def _licences_or_none(text: str) -> int | None:
    return _licences(text) if text else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise ValidationError(
            _("“%(value)s” is not a date. Write it like 2026-01-31."), "date", {"value": text}
        ) from None


def _start(text: str) -> datetime:
    return datetime.combine(_day(text), time.min, UTC)


def _end(text: str) -> datetime:
    """The last second of the day, in UTC. The end of time stays at midnight, so that every time zone can tell it."""
    day = _day(text)
    return datetime.combine(day, time.min if day == date.max else time(23, 59, 59), UTC)


def _tags(text: str) -> list[str]:
    tags = [tag.strip() for tag in text.split(";") if tag.strip()]
    return [_text(40)(tag) for tag in tags]


def _price_text(price: Decimal, currency: str) -> str:
    """With the places that the currency has, and with more only when the price needs them."""
    rounded = round(price, get_currency_precision(currency))
    return f"{rounded if rounded == price else price.normalize():f}"


_COLUMNS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ProductTitle": ("product_title", _text(200)),
    "ProductId": ("product_id", _text(40)),
    "SkuId": ("sku_id", _text(20)),
    "SkuTitle": ("sku_title", _text(200)),
    "Publisher": ("publisher", _text(100)),
    "SkuDescription": ("description", str),
    "TermDuration": ("term", _one_of({term.value: term for term in Term})),
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
_UPDATED = [field for field, _reader in _COLUMNS.values() if field not in _KEY] + ["category"]
