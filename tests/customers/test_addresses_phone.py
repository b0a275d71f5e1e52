import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from customers.addresses import check_phone


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("JP", "03-1234-5678", "+81312345678"),
        ("JP", "０３－１２３４－５６７８", "+81312345678"),
        ("JP", "+81 (0)3 1234 5678", "+81312345678"),
        ("JP", "090-1234-5678", "+819012345678"),
        ("DE", "030 901820", "+4930901820"),
        ("DE", "+49 30 901820", "+4930901820"),
        ("DE", "+41 44 668 18 00", "+41446681800"),
        ("US", "(201) 555-0123", "+12015550123"),
        ("GB", "020 7946 0018", "+442079460018"),
        ("FR", "01 23 45 67 89", "+33123456789"),
        ("IE", "(01) 234 5678", "+35312345678"),
        ("HK", "2123 4567", "+85221234567"),
        ("", "+81 3 1234 5678", "+81312345678"),
        ("JP", "  ", ""),
    ],
)
def test_phone_number_is_stored_in_international_form(country, typed, stored):
    assert check_phone(country, typed) == stored


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("JP", "12"),
        ("JP", "call me"),
        ("DE", "03-1234-567890123456"),
        ("US", "(201) 555-0123 ext. 5"),
        ("", "03-1234-5678"),
    ],
)
def test_wrong_phone_number_is_refused(country, typed):
    with pytest.raises(ValidationError) as refusal:
        check_phone(country, typed)

    assert refusal.value.code == "phone"


@pytest.mark.parametrize(
    ("country", "example"), [("JP", "03-1234-5678"), ("AQ", "+81 3-1234-5678"), ("", "+81 3-1234-5678")]
)
def test_wrong_phone_number_is_answered_with_an_example(country, example):
    with pytest.raises(ValidationError) as refusal:
        check_phone(country, "none")

    assert refusal.value.messages == [
        f"“none” is not a phone number. Enter one such as {example}, or one that starts with + and the country code. "
        "Leave out the extension."
    ]
