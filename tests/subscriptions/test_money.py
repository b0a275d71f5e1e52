from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscriptions.money import Money, totals

amounts = st.decimals(min_value=0, max_value=10**9, places=4)
currencies = st.sampled_from(["EUR", "JPY", "KWD", "USD"])
moneys = st.builds(Money, amounts, currencies)


@pytest.mark.parametrize(
    ("currency", "amount", "count", "expected"),
    [
        ("JPY", "1000", 25, "25000"),
        ("JPY", "0.5", 1, "1"),  # half of a yen goes up
        ("JPY", "0.5", 3, "2"),
        ("EUR", "12.3456", 25, "308.64"),
        ("EUR", "0.005", 1, "0.01"),
        ("KWD", "0.0005", 1, "0.001"),
        ("EUR", "1", 0, "0.00"),
    ],
)
def test_money_times_rounds_to_the_minor_unit(currency, amount, count, expected):
    assert Money(Decimal(amount), currency).times(count) == Money(Decimal(expected), currency)


@given(money=moneys, count=st.integers(min_value=0, max_value=100_000))
def test_money_times_is_within_half_a_minor_unit(money, count):
    unit = {"EUR": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001"), "USD": Decimal("0.01")}[money.currency]

    line = money.times(count)

    assert abs(line.amount - money.amount * count) <= unit / 2
    assert line.amount % unit == 0
    assert line.amount == (money.amount * count).quantize(unit, ROUND_HALF_UP)
    assert line.currency == money.currency


@given(st.lists(moneys))
def test_totals_are_one_sum_for_each_currency_in_order(found):
    sums = totals(found)

    assert [each.currency for each in sums] == sorted({each.currency for each in found})
    for each in sums:
        assert each.amount == sum(money.amount for money in found if money.currency == each.currency)


@given(st.lists(moneys), st.randoms())
def test_totals_do_not_depend_on_the_order(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)

    assert totals(shuffled) == totals(found)
