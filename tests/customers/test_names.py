import pytest
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from customers.names import (
    REGISTRATION_NUMBER_COUNTRIES,
    check_company_name,
    check_contact_email,
    check_domain_prefix,
    check_registration_number,
    in_name_order,
)


def refusal_of(check, *args, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        check(*args, **kwargs)
    return refusal.value


# Company names


@pytest.mark.parametrize(
    "name",
    [
        "Contoso Ltd",
        "株式会社さくら",
        "さくら㈱",
        "3M",
        "A&A",
        "E & Y",
        "Æ1",
        "Müller & Söhne GmbH & Co. KG",
        "Incus",
        "ИП Иванов",
    ],
)
def test_company_name_is_kept_as_written(name):
    assert check_company_name(name) == name


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("  Contoso   Ltd ", "Contoso Ltd"), ("Ｃｏｎｔｏｓｏ　株式会社", "Contoso 株式会社"), ("ｻｸﾗ", "サクラ")],
)
def test_company_name_is_tidied(typed, stored):
    assert check_company_name(typed) == stored


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_symbols"),
        ("   ", "name_symbols"),
        ("---", "name_symbols"),
        ("!?&", "name_symbols"),
        ("_ _", "name_symbols"),
        ("A", "name_too_short"),
        ("東", "name_too_short"),
        ("B.", "name_too_short"),
        ("Inc", "name_legal_form"),
        ("Inc.", "name_legal_form"),
        ("L.L.C.", "name_legal_form"),
        ("l l c", "name_legal_form"),
        ("GmbH", "name_legal_form"),
        ("GmbH & Co. KG", "name_legal_form"),
        ("Co., Ltd.", "name_legal_form"),
        ("S. A.", "name_legal_form"),
        ("Sp. z o.o.", "name_legal_form"),
        ("K.K.", "name_legal_form"),
        ("株式会社", "name_legal_form"),
        ("合同会社", "name_legal_form"),
        ("ＧｍｂＨ", "name_legal_form"),
        ("ООО", "name_legal_form"),
    ],
)
def test_name_that_names_no_company_is_refused(name, code):
    assert refusal_of(check_company_name, name).code == code


@pytest.mark.parametrize("name", ["㈱", "(株)"])
def test_abbreviated_japanese_legal_form_is_refused(name):
    assert refusal_of(check_company_name, name).code in {"name_too_short", "name_legal_form", "name_symbols"}


def test_refusal_of_a_name_says_which_and_gives_a_right_one():
    assert refusal_of(check_company_name, "Inc.").messages == [
        "“Inc.” is only a legal form. Enter the full legal name, such as Contoso Ltd."
    ]


@given(st.text(max_size=30))
def test_accepted_company_name_is_accepted_again_unchanged(text):
    try:
        name = check_company_name(text)
    except ValidationError:
        return

    assert check_company_name(name) == name


# Domains


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("contoso", "contoso"),
        (" Contoso ", "contoso"),
        ("ｃｏｎｔｏｓｏ１", "contoso1"),
        ("contoso.onmicrosoft.com", "contoso"),
        ("Contoso.OnMicrosoft.com", "contoso"),
        ("a", "a"),
        ("a" * 27, "a" * 27),
    ],
)
def test_domain_prefix_is_stored_in_lower_case(typed, stored):
    assert check_domain_prefix(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1contoso",
        "con toso",
        "con-toso",
        "con.toso",
        "contoso.com",
        "a" * 28,
        "さくら",
        "contoso\n.",
        "İstanbul",
        ".onmicrosoft.com",
    ],
)
def test_domain_prefix_of_anything_but_letters_and_digits_is_refused(typed):
    refusal = refusal_of(check_domain_prefix, typed)

    assert refusal.code == "domain_prefix"
    assert refusal.messages == ["Use 1 to 27 letters from a to z and digits, beginning with a letter, such as contoso."]


@given(st.text(max_size=30))
def test_accepted_domain_prefix_is_a_host_name(text):
    try:
        prefix = check_domain_prefix(text)
    except ValidationError:
        return

    assert prefix.isascii()
    assert prefix.isalnum()
    assert prefix == prefix.lower()
    assert check_domain_prefix(prefix) == prefix


# Contacts


@pytest.mark.parametrize(
    ("email", "partner_domain"),
    [
        ("hanako@sakura.example", "bigcloud.example"),
        ("hanako@sakura.example", ""),
        ("hanako@notbigcloud.example", "bigcloud.example"),
        ("microsoft.com@sakura.example", "bigcloud.example"),
        ("hanako@mymicrosoft.com", "bigcloud.example"),
    ],
)
def test_address_of_the_customer_is_accepted(email, partner_domain):
    assert check_contact_email(email, partner_domain=partner_domain) == email


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("sales@bigcloud.example", "bigcloud.example"),
        ("sales@BigCloud.Example", "bigcloud.example"),
        ("sales@jp.bigcloud.example", "bigcloud.example"),
        ("sales@bigcloud.example.", "bigcloud.example"),
        ("sales＠bigcloud.example", "bigcloud.example"),
        ("someone@microsoft.com", "microsoft.com"),
        ("someone@europe.microsoft.com", "microsoft.com"),
    ],
)
def test_address_of_the_partner_or_of_microsoft_is_refused(email, domain):
    refusal = refusal_of(check_contact_email, email, partner_domain="BigCloud.example")

    assert refusal.code == "partner_email"
    assert refusal.messages == [f"Enter an address of the customer's own. Addresses at {domain} are not accepted."]


# Registration numbers


def test_registration_number_is_required_in_the_countries_of_the_domain_reference():
    listed = "AE AM AZ BR BY HU IN IQ KG KZ MD MM PL RU SA SS TH TJ TR UA UZ VE VN ZA"

    assert " ".join(sorted(REGISTRATION_NUMBER_COUNTRIES)) == listed


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("BR", "12.345.678/0001-95", "12.345.678/0001-95"),
        ("BR", " １２３４５ ", "12345"),
        ("PL", "KRS 0000123456", "KRS 0000123456"),
        ("JP", "", ""),
        ("JP", "7000012050002", "7000012050002"),
    ],
)
def test_registration_number_is_tidied(country, typed, stored):
    assert check_registration_number(country, typed) == stored


@pytest.mark.parametrize(
    ("country", "typed", "code"),
    [
        ("BR", "", "required"),
        ("TR", "  ", "required"),
        ("BR", "n/a", "registration_number"),
        ("JP", "123--4", "registration_number"),
        ("JP", "-", "registration_number"),
        ("PL", "123;4", "registration_number"),
    ],
)
def test_missing_or_odd_registration_number_is_refused(country, typed, code):
    assert refusal_of(check_registration_number, country, typed).code == code


@pytest.mark.parametrize(
    ("language", "ordered"),
    [("en", ["first_name", "last_name", "email"]), ("ja", ["last_name", "first_name", "email"])],
)
def test_the_name_fields_stand_as_the_reader_expects_them(language: str, ordered: list[str]):
    with translation.override(language):
        assert in_name_order(("first_name", "last_name", "email")) == ordered
