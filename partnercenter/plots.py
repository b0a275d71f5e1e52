"""Small plots, drawn as SVG by templates/components/plot.html with the same numbers in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel import Locale
from babel.dates import format_skeleton
from django.utils import timezone
from django.utils.translation import get_language, to_locale

WIDTH, HEIGHT, FOOT, GAP = 480, 96, 18, 8
WEEKS = 8


@dataclass(frozen=True)
class Bar:
    """One number: its label, and where its bar stands in the drawing."""

    day: date
    label: str
    value: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Plot:
    """Bars side by side, as high as their numbers."""

    bars: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT + FOOT
    base: int = HEIGHT


def weeks_ahead(moments: Sequence[datetime], *, most: int) -> Plot | None:
    """How many of the moments, given in order, are in each of the next eight weeks, from today on.

    With as many moments as were asked for, there may be more: then the week of the last one, and those after it, are
    left out. None when no week is left, or nothing is in them.
    """
    today = timezone.localdate()
    days = [timezone.localtime(moment).date() for moment in moments]
    known = (days[-1] - today).days // 7 if len(days) >= most else WEEKS
    counts = [0] * min(known, WEEKS)
    for day in days:
        week = (day - today).days // 7
        if 0 <= week < len(counts):
            counts[week] += 1
    return _plot([(today + timedelta(weeks=week), count) for week, count in enumerate(counts)]) if any(counts) else None


def _plot(numbers: Sequence[tuple[date, int]]) -> Plot:
    top = 14  # room for the number above the highest bar
    highest = max(value for _day, value in numbers)
    step = WIDTH // len(numbers)
    bars = []
    for position, (day, value) in enumerate(numbers):
        height = round((HEIGHT - top) * value / highest)
        bars.append(Bar(day, _short(day), value, position * step, HEIGHT - height, step - GAP, height))
    return Plot(bars)


def _short(day: date) -> str:
    return format_skeleton("MMMd", day, locale=Locale.parse(to_locale(get_language() or "en")))
