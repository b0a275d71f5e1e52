from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone, translation

from accounts.plots import HEIGHT, WIDTH
from partnercenter.plots import week_ends, weeks_ahead

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def plot_of(*moments, most=100):
    return weeks_ahead([sum(moment < end for moment in moments[:most]) for end in week_ends()], most=most)


def numbers(*days, most=100):
    plot = plot_of(*(NOW + timedelta(days=day) for day in days), most=most)
    return plot and [bar.value for bar in plot.bars]


def test_moments_are_counted_by_the_week():
    assert numbers(0, 6, 7, 13, 14, 55, 56) == [2, 2, 1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("days", [(), (56,), (60, 61)])
def test_without_a_moment_there_is_no_plot(days):
    assert numbers(*days) is None


def test_what_may_not_be_all_of_a_week_is_left_out():
    assert numbers(0, 7, 8, 15, most=4) == [1, 2]


def test_when_not_even_the_first_week_is_known_there_is_no_plot():
    assert numbers(0, 1, 2, 3, most=4) is None


def test_bars_fill_the_drawing_and_are_as_high_as_their_numbers():
    plot = plot_of(NOW, NOW, NOW + timedelta(days=7))
    first, second, third = plot.bars[:3]

    assert (first.height, second.height, third.height) == (82, 41, 0)
    assert {bar.y + bar.height for bar in plot.bars} == {HEIGHT}
    assert max(bar.x + bar.width for bar in plot.bars) <= WIDTH
    assert (first.day, first.label, second.day) == (date(2026, 11, 23), "Nov 23", date(2026, 11, 30))


def test_days_are_the_readers_own():
    with translation.override("ja"), timezone.override("Asia/Tokyo"), time_machine.travel("2026-11-23 20:00:00+00:00"):
        plot = plot_of(datetime(2026, 11, 24, 1, tzinfo=UTC))

    assert (plot.bars[0].label, plot.bars[0].value) == ("11月24日", 1)
