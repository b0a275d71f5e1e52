import pytest
from django.urls import reverse

from tests.factories import CustomerFactory

CHECK, ADDRESS, VERIFY = (reverse(f"orders:{name}") for name in ("check_domain", "address_fields", "verify"))


@pytest.fixture
def client(sign_in, sales_agent):
    return sign_in(sales_agent)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Ume", "ume.onmicrosoft.com is free."),
        ("ume.onmicrosoft.com", "ume.onmicrosoft.com is free."),
        ("SAKURA", "sakura.onmicrosoft.com is taken."),
        ("さくら", "Use 1 to 27 letters"),
        ("", "Use 1 to 27 letters"),
        ("a\0b", "ab.onmicrosoft.com is free."),
    ],
)
def test_check_domain_says_whether_it_is_free(client, typed, words):
    CustomerFactory(primary_domain="Sakura.onmicrosoft.com")

    assert words in client.get(CHECK, {"domain_prefix": typed}).content.decode()


def test_address_fields_follow_the_country_and_keep_what_was_typed(sign_in, stranger):
    text = sign_in(stranger).get(ADDRESS, {"country": "IT", "city": "Roma"}).content.decode()

    assert text.startswith('<div class="fields wide" id="address-fields">')
    assert ('value="Roma"' in text, "Province" in text, "field-error" in text) == (True, True, False)


def test_address_fields_of_a_country_that_is_not_offered_are_the_own_ones(client):
    assert "For example: 154-0023" in client.get(ADDRESS, {"country": "DE"}).content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("0012345", "Sakura (ID: 0012345)"),
        ("１２３４５", "Sakura (ID: 0012345)"),
        ("999", "No company here has the MPN ID 999."),
        ("12\0x", "“12x” is not an MPN ID"),
        ("", "“” is not an MPN ID"),
    ],
)
def test_verify_says_whose_number_it_is(client, partnership, typed, words):
    assert words in client.get(VERIFY, {"6f0c2a1e-mpn_id": typed}).content.decode()


def test_verify_without_a_number(client):
    assert "is not an MPN ID" in client.get(VERIFY).content.decode()


def test_verify_names_a_reseller_that_is_not_a_partner(client, strange_relationship):
    assert "belongs to Mosel, which is not your partner" in client.get(VERIFY, {"mpn_id": "77001"}).content.decode()


@pytest.mark.parametrize("address", [CHECK, ADDRESS, VERIFY])
def test_answers_while_one_types_are_for_those_who_place_orders(
    sign_in, billing_admin, reseller_admin, customer_admin, address
):
    statuses = [sign_in(each).get(address).status_code for each in (billing_admin, reseller_admin, customer_admin)]

    assert statuses == [403, 404, 404]
    assert sign_in(billing_admin).post(address).status_code == 405
