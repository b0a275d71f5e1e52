import calendar
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.models import Offer
from subscriptions.terms import end_of_term, months_later

moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants naive bounds


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (datetime(2026, 1, 31, 9, 30, tzinfo=UTC), 1, datetime(2026, 2, 28, 9, 30, tzinfo=UTC)),
        (datetime(2028, 1, 31, tzinfo=UTC), 1, datetime(2028, 2, 29, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), 12, datetime(2029, 2, 28, tzinfo=UTC)),
        (datetime(2026, 12, 15, tzinfo=UTC), 1, datetime(2027, 1, 15, tzinfo=UTC)),
        (datetime(2026, 11, 30, tzinfo=UTC), 36, datetime(2029, 11, 30, tzinfo=UTC)),
    ],
)
def test_months_later_ends_on_the_last_day_of_a_shorter_month(start, months, end):
    assert months_later(start, months) == end


@given(moments, st.integers(min_value=0, max_value=120))
def test_months_later_keeps_day_and_time(start, months):
    end = months_later(start, months)

    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end.day == min(start.day, calendar.monthrange(end.year, end.month)[1])
    assert (end.timetz(), months_later(start, 0)) == (start.timetz(), start)


@given(moments, st.integers(min_value=0, max_value=60), st.integers(min_value=1, max_value=60))
def test_months_later_never_goes_back(start, months, more):
    assert months_later(start, months) < months_later(start, months + more)


@pytest.mark.parametrize(
    ("term", "end"),
    [
        ("P1M", datetime(2026, 2, 28, tzinfo=UTC)),
        ("P1Y", datetime(2027, 1, 31, tzinfo=UTC)),
        ("P3Y", datetime(2029, 1, 31, tzinfo=UTC)),
        ("", None),
    ],
)
def test_end_of_term(term, end):
    assert end_of_term(datetime(2026, 1, 31, tzinfo=UTC), Offer(term=term)) == end
