"""Small plots, drawn as SVG by templates/components/plot.html with the same numbers in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT, FOOT, GAP = 480, 96, 18, 8
_TOP = 14  # room for the number above the highest bar


@dataclass(frozen=True)
class Bar:
    """One number: its label, and where its bar stands in the drawing; a title takes the place of the day in words."""

    day: date
    label: str
    value: int
    x: int
    y: int
    width: int
    height: int
    title: str = ""


@dataclass(frozen=True)
class Plot:
    """Bars side by side, as high as their numbers."""

    bars: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT + FOOT
    base: int = HEIGHT


@dataclass(frozen=True)
class Number:
    """What a bar stands for."""

    day: date
    label: str
    value: int
    title: str = ""


def drawn(numbers: Sequence[Number]) -> Plot | None:
    """The plot of these numbers; one below zero is written down without a bar. None when no number is above it."""
    highest = max((each.value for each in numbers), default=0)
    if highest <= 0:
        return None
    step = WIDTH // len(numbers)
    bars = []
    for position, each in enumerate(numbers):
        height = max(0, round((HEIGHT - _TOP) * each.value / highest))
        place = (position * step, HEIGHT - height, step - GAP, height)
        bars.append(Bar(each.day, each.label, each.value, *place, each.title))
    return Plot(bars)
