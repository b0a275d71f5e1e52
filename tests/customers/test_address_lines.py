import pytest
from django.utils import translation

from accounts.models import Organisation
from customers.addresses import address_lines
from customers.models import Customer

TOKYO = {
    "country": "JP",
    "address_line1": "1-1 千代田",
    "address_line2": "3階",
    "city": "千代田区",
    "state": "東京都",
    "postal_code": "100-0001",
}


def lines(language, *, country, **fields):
    with translation.override(language):
        return address_lines(Customer(organisation=Organisation(country=country), **fields))


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ja", ["〒100-0001", "東京都千代田区", "1-1 千代田", "3階"]),
        ("en", ["1-1 千代田", "3階", "千代田区, Tokyo", "100-0001"]),
    ],
)
def test_japanese_address_for_both_readers(language, expected):
    assert lines(language, **TOKYO) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"country": "DE", "address_line1": "Weg 1", "city": "Köln", "postal_code": "50667"},
            ["Weg 1", "50667 Köln"],
        ),
        (
            {"country": "US", "address_line1": "1 Main St", "city": "Austin", "state": "TX", "postal_code": "73301"},
            ["1 Main St", "Austin, Texas 73301"],
        ),
        ({"country": "US", "address_line1": "1 Main St", "city": "Austin"}, ["1 Main St", "Austin"]),
        ({"country": "HK", "address_line1": "1 Road", "postal_code": "999"}, ["1 Road", "999"]),
        ({"country": "XX", "address_line1": "1 Road", "city": "Town", "postal_code": "9"}, ["1 Road", "Town", "9"]),
        ({"country": "JP", "address_line1": "1-1 Chiyoda"}, ["1-1 Chiyoda"]),
        ({"country": "CN", "address_line1": "1 Lu", "city": "Beijing"}, ["1 Lu", "Beijing"]),
    ],
)
def test_address_as_written_in_its_country(fields, expected):
    assert lines("en", **fields) == expected


def test_japanese_address_without_most_of_it_has_no_empty_mark():
    assert lines("ja", country="JP", address_line1="1-1") == ["1-1"]
