"""Small plots, drawn as SVG by templates/components/plot.html with the same numbers in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

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


def week_ends() -> list[datetime]:
    """The midnights, where the reader is, at which each of the next eight weeks ends, counted from today on."""
    today = datetime.combine(timezone.localdate(), time(), timezone.get_current_timezone())
    return [today + timedelta(weeks=week) for week in range(1, WEEKS + 1)]


def weeks_ahead(ended: Sequence[int], *, most: int) -> Plot | None:
    """What happens in each of the next eight weeks, drawn from how much has happened by each of week_ends().

    Of what was counted there were most at most: a week by whose end all of those have happened may have more, and is
    left out with those after it. None when no week is left, or nothing is in them.
    """
    known = [count for count in ended if count < most]
    counts = [count - before for before, count in zip([0, *known], known, strict=False)]
    today = timezone.localdate()
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
