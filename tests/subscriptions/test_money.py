from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

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


def test_money_part_rounds_half_up_and_without_a_detour():
    third = Fraction(1, 3)

    assert Money(Decimal(1000), "JPY").part(1, third) == Money(Decimal(333), "JPY")
    assert Money(Decimal("0.5"), "JPY").part(1, Fraction(1)) == Money(Decimal(1), "JPY")
    assert Money(Decimal("0.7"), "JPY").part(10, third) == Money(Decimal(2), "JPY")  # 2⅓, and not ten times 0
    assert Money(Decimal("9.99"), "EUR").part(3, Fraction(1, 2)) == Money(Decimal("14.99"), "EUR")


def test_money_part_back_is_below_zero_and_rounded_down():
    assert Money(Decimal(1000), "JPY").part_back(1, Fraction(2, 3)) == Money(Decimal(-666), "JPY")
    assert Money(Decimal(0), "JPY").part_back(1, Fraction(1)) == Money(Decimal(0), "JPY")
    assert str(Money(Decimal(0), "EUR").part_back(1, Fraction(1)).amount) == "0.00"


@given(money=moneys, shares=st.lists(st.tuples(st.integers(1, 50), st.fractions(0, 1)), min_size=1, max_size=6))
def test_what_is_given_back_in_parts_never_exceeds_what_was_charged(money, shares):
    """Each part for its licences and no more of the period than was charged."""
    count, whole = sum(number for number, _share in shares), max(share for _number, share in shares)

    back = [money.part_back(number, share) for number, share in shares]

    assert -sum(each.amount for each in back) <= money.part(count, whole).amount
    assert all(each.amount <= 0 for each in back)


@pytest.mark.parametrize(
    ("amount", "percent", "expected"),
    [
        ("1000", "20", "1200"),
        ("999", "12.5", "1123.875"),
        ("1000", "-5", "950"),
        ("0.4", "10", "0.44"),
        ("0.0001", "50", "0.0002"),
        ("0.5", "0", "0.5"),
        ("1000", "-100", "0"),
    ],
)
def test_money_marked_up_is_a_unit_price_with_four_places(amount, percent, expected):
    assert Money(Decimal(amount), "JPY").marked_up(Decimal(percent)) == Money(Decimal(expected), "JPY")


def test_money_of_two_currencies_is_not_added():
    assert Money(Decimal(1), "EUR") + Money(Decimal(2), "EUR") == Money(Decimal(3), "EUR")
    assert -Money(Decimal(1), "EUR") == Money(Decimal(-1), "EUR")
    with pytest.raises(AssertionError, match="one currency"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "JPY")
