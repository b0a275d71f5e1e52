import pytest

from tests.factories import UserFactory

PROVIDER = [
    *("Overview", "Indirect resellers", "Customers", "Orders", "Subscriptions", "Price list", "Activity log"),
    "Account settings",
]
RESELLER = [
    *("Overview", "Indirect providers", "Customers", "Orders", "Subscriptions", "Activity log", "Account settings"),
]
CUSTOMER = ["Overview", "Subscriptions", "Activity log", "Account settings"]


def menu(client, address="/me/profile/"):
    return client.get(address).context["menu"]


@pytest.mark.parametrize(
    ("who", "entries"),
    [("provider_admin", PROVIDER), ("reseller_admin", RESELLER), ("customer_admin", CUSTOMER)],
)
def test_everybody_finds_the_pages_of_their_kind(request, sign_in, who, entries):
    assert [str(item.label) for item in menu(sign_in(request.getfixturevalue(who)))] == entries


def test_who_may_not_see_prices_finds_no_price_list(helpdesk, sign_in):
    assert [str(item.label) for item in menu(sign_in(helpdesk))] == [each for each in PROVIDER if each != "Price list"]


def test_every_entry_opens_and_is_then_the_current_one(provider_admin, sign_in):
    client = sign_in(provider_admin)
    for entry in menu(client):
        response = client.get(entry.url)

        assert response.status_code == 200
        assert [item.url for item in response.context["menu"] if item.current] == [entry.url]


def test_who_acts_for_no_company_has_no_menu(client, db):
    client.force_login(UserFactory())

    assert menu(client) == []


def test_on_a_page_outside_the_menu_no_entry_is_current(provider_admin, sign_in):
    assert [item.url for item in menu(sign_in(provider_admin)) if item.current] == []
