"""What pages print in the reader's language and time zone: icons, dates, money, numbers, countries."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_datetime_format
from babel.numbers import format_currency, format_decimal
from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, to_locale
from django_countries.fields import Country
from heroicons.templatetags.heroicons import heroicon_mini

register = template.Library()


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


# A list prints the same days, numbers and countries in every row; to work each out costs more than a query.
_remembered = lru_cache(maxsize=4096)


@_remembered
def _locale_of(language: str) -> Locale:
    return Locale.parse(to_locale(language))


def _time(moment: datetime, text: str) -> SafeString:
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', utc.isoformat(), utc.strftime("%Y-%m-%d %H:%M:%S UTC"), text
    )


@register.simple_tag
@_remembered
def icon(name: str, size: int = 20) -> str:
    """A heroicon beside words that say the same, so hidden from screen readers."""
    svg: str = heroicon_mini(name, size=size, **{"class": "icon", "aria_hidden": "true"})
    return svg


@register.simple_tag
def badge(label: object, kind: str = "neutral", state: str = "") -> SafeString:
    """components/badge.html, for lists: there are a handful of different ones, however many rows."""
    return _badge(str(label), kind, str(state))


@_remembered
def _badge(label: str, kind: str, state: str) -> SafeString:
    return render_to_string("components/badge.html", {"label": label, "kind": kind, "state": state})


@register.filter
def day(value: date | datetime | None) -> str:
    """Jan 31, 2026 – of a moment, the day it was where the reader is; the full UTC time is in the title."""
    if not value:
        return ""
    if not isinstance(value, datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), _date(value, _language()))
    return _time(value, _date(timezone.localtime(value).date(), _language()))


@register.filter
def month(first: date) -> str:
    """October 2026, for the month that the day is in."""
    return _month(first, _language())


@_remembered
def _month(first: date, language: str) -> str:
    return format_skeleton("yMMMM", first, locale=_locale_of(language))


@register.filter
def moment(value: datetime | None) -> str:
    """Jan 31, 2026, 9:00 AM JST – in the reader's time zone; the full UTC time is in the title."""
    if not value:
        return ""
    local, language = timezone.localtime(value), _language()
    clock = f"{_clock(local.replace(second=0, microsecond=0, tzinfo=None).time(), language)} {local.tzname()}"
    both = str(get_datetime_format("medium", locale=_locale_of(language))).replace("'", "")
    return _time(value, both.format(clock, _date(local.date(), language)))


@_remembered
def _date(day: date, language: str) -> str:
    return format_date(day, locale=_locale_of(language))


@_remembered
def _clock(minute: time, language: str) -> str:
    return format_time(minute, "short", locale=_locale_of(language))


@register.filter
def money(amount: Any, currency: str = "") -> str:
    """¥1,200 or €12.30: an amount and its currency, or one value that has both. A unit price of less than a coin, such
    as ¥0.44, shows the places that it has.
    """
    if amount is None:
        return ""
    return _money(getattr(amount, "amount", amount), currency or str(amount.currency), _language())


@_remembered
def _money(amount: Decimal | int, currency: str, language: str) -> str:
    return format_currency(amount, currency, locale=_locale_of(language), decimal_quantization=False)


@register.filter
def number(value: Decimal | int | None) -> str:
    """1,234.5 with the reader's separators."""
    return "" if value is None else _number(value, _language())


@_remembered
def _number(value: Decimal | int, language: str) -> str:
    return format_decimal(value, locale=_locale_of(language))


@register.filter
def country(code: str | Country | None) -> str:
    """The country's name in the reader's language."""
    return _country(str(getattr(code, "code", code) or ""), _language())


@_remembered
def _country(code: str, _language: str) -> str:
    return str(Country(code=code).name)
