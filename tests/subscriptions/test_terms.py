import calendar
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.models import Offer
from subscriptions.terms import (
    Span,
    billing_period,
    end_of_term,
    first_of_month,
    month_of,
    months_between,
    months_later,
    next_end,
    share,
)
from tests.subscriptions.lives import at

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


def test_day_of_the_anchor_comes_back_after_a_shorter_month():
    """The 31st and 29 February are counted from the anchor, and not from the month before."""
    assert [next_end(at("2026-01-31"), end, "P1M") for end in (at("2026-02-28"), at("2026-03-31"))] == [
        *(at("2026-03-31"), at("2026-04-30"))
    ]
    assert [next_end(at("2028-02-29"), end, "P1Y") for end in (at("2029-02-28"), at("2031-02-28"))] == [
        *(at("2030-02-28"), at("2032-02-29"))
    ]


@pytest.mark.parametrize(
    ("anchor", "moment", "months"),
    [
        ("2026-01-31", "2026-01-31", 0),
        ("2026-01-31", "2026-02-27", 0),
        ("2026-01-31", "2026-02-28", 1),
        ("2026-01-31 12:00", "2026-02-28 11:59", 0),
        ("2026-01-31", "2027-01-30", 11),
        ("2026-01-31", "2025-12-01", 0),
    ],
)
def test_months_between_counts_whole_months(anchor, moment, months):
    assert months_between(at(anchor), at(moment)) == months


@given(moments, st.integers(min_value=0, max_value=200))
def test_months_between_undoes_months_later(anchor, months):
    assert months_between(anchor, months_later(anchor, months)) == months


def test_time_zones_and_daylight_saving_move_nothing():
    tokyo = ZoneInfo("Asia/Tokyo")
    summer = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Berlin"))  # the clocks go forward in that night

    assert months_later(datetime(2026, 3, 1, 8, tzinfo=tokyo), 1) == at("2026-03-28 23:00")  # still February in UTC
    assert months_later(summer, 1) == at("2026-04-28 11:00")


@pytest.mark.parametrize(
    ("moment", "term", "billing", "expected"),
    [
        ("2026-03-15", "P1Y", "monthly", ("2026-02-28", "2026-03-31")),
        ("2026-03-31", "P1Y", "monthly", ("2026-03-31", "2026-04-30")),
        ("2026-03-15", "P1Y", "annual", ("2026-01-31", "2027-01-31")),
        ("2026-03-15", "P1Y", "triennial", ("2026-01-31", "2027-01-31")),
        ("2026-03-15", "P1Y", "one_time", ("2026-01-31", "2027-01-31")),
    ],
)
def test_billing_period_is_the_one_that_the_moment_falls_into(moment, term, billing, expected):
    end = at("2027-01-31")

    found = billing_period(at("2026-01-31"), at(moment), term=term, billing=billing, term_end=end)

    assert found == Span(at(expected[0]), at(expected[1]))


def test_last_billing_period_ends_with_the_term():
    """Three years that are charged each year, ended ten months early to end with something else."""
    anchor, end = at("2026-03-01"), at("2028-05-01")

    periods = [
        billing_period(anchor, moment, term="P3Y", billing="annual", term_end=end)
        for moment in (at("2026-03-01"), at("2026-05-01"), at("2028-04-30"))
    ]

    assert periods == [
        Span(at("2025-05-01"), at("2026-05-01")),
        Span(at("2026-05-01"), at("2027-05-01")),
        Span(at("2027-05-01"), at("2028-05-01")),
    ]


@pytest.mark.parametrize(("term", "term_end"), [("", None), ("P1Y", None), ("", at("2027-01-31"))])
def test_what_has_no_term_has_a_period_without_end(term, term_end):
    moment = at("2026-03-15")

    assert billing_period(at("2026-01-31"), moment, term=term, billing="one_time", term_end=term_end) == Span(
        moment, None
    )


@given(moments, st.integers(0, 11), st.integers(0, 10**6), st.sampled_from(["monthly", "annual"]))
def test_billing_periods_of_a_year_follow_each_other(anchor, month, seconds, billing):
    end = months_later(anchor, 12)
    moment = min(months_later(anchor, month) + timedelta(seconds=seconds), end - timedelta(microseconds=1))

    period = billing_period(anchor, moment, term="P1Y", billing=billing, term_end=end)

    assert anchor <= period.start <= moment < period.end <= end
    if period.end < end:
        following = billing_period(anchor, period.end, term="P1Y", billing=billing, term_end=end)
        assert following.start == period.end


def test_share_is_by_the_second():
    whole = Span(at("2026-03-01"), at("2026-04-01"))

    assert share(Span(at("2026-03-31 23:59"), at("2026-04-01")), whole) == Fraction(60, 31 * 86400)
    assert share(Span(at("2026-03-01"), None), whole) == share(whole, Span(at("2026-03-01"), None)) == 1


def test_months_of_statements_are_those_of_utc():
    assert month_of(datetime(2026, 4, 1, 8, tzinfo=ZoneInfo("Asia/Tokyo"))) == date(2026, 3, 1)
    assert first_of_month(date(2026, 3, 17)) == at("2026-03-01")
