import pytest

from tests.factories import UserFactory

PROVIDER = [
    *("Overview", "Indirect resellers", "Customers", "Orders", "Subscriptions", "Support requests", "Incentives"),
    *("Price list", "Statements", "Activity log", "Account settings", "User management"),
]
RESELLER = [
    *("Overview", "Indirect providers", "Indirect providers list", "Customers", "Orders", "Subscriptions"),
    *("Support requests", "Incentives", "Price list", "Statements", "Activity log", "Account settings"),
    "User management",
]
MONEY = {"Incentives", "Price list", "Statements"}
CUSTOMER = [
    *("Overview", "Subscriptions", "Partner relationships", "Support requests", "Activity log", "Account settings"),
    *("Users", "Account"),
]


def menu(client, address="/me/profile/"):
    return client.get(address).context["menu"]


@pytest.mark.parametrize(
    ("who", "entries"),
    [("provider_admin", PROVIDER), ("reseller_admin", RESELLER), ("customer_admin", CUSTOMER)],
)
def test_everybody_finds_the_pages_of_their_kind(request, sign_in, who, entries):
    assert [str(item.label) for item in menu(sign_in(request.getfixturevalue(who)))] == entries


def test_who_may_not_see_prices_and_bills_finds_neither(helpdesk, sign_in):
    assert [str(item.label) for item in menu(sign_in(helpdesk))] == [each for each in PROVIDER if each not in MONEY]


@pytest.mark.parametrize("who", ["provider_admin", "reseller_admin", "customer_admin"])
def test_every_entry_opens_and_is_then_the_current_one(request, sign_in, who):
    client = sign_in(request.getfixturevalue(who))
    for entry in menu(client):
        response = client.get(entry.url)

        assert response.status_code == 200
        assert [item.url for item in response.context["menu"] if item.current] == [entry.url]


def test_who_acts_for_no_company_has_no_menu(client, db):
    client.force_login(UserFactory())

    assert menu(client) == []


def test_on_a_page_outside_the_menu_no_entry_is_current(provider_admin, sign_in):
    assert [item.url for item in menu(sign_in(provider_admin)) if item.current] == []


@pytest.mark.parametrize(
    ("who", "address", "label"),
    [
        ("reseller_admin", "/resellers/accounts/", "Account settings"),
        ("reseller_admin", "/resellers/enrolment/", "Account settings"),
        ("reseller_admin", "/resellers/support-profile/", "Account settings"),
        ("reseller_admin", "/resellers/providers/", "Indirect providers"),
        ("provider_admin", "/directory/own/", "Account settings"),
        ("provider_admin", "/resellers/contacts/", "Indirect resellers"),
    ],
)
def test_the_entry_that_one_came_from_stays_the_current_one(request, sign_in, who, address, label):
    client = sign_in(request.getfixturevalue(who))

    assert [str(item.label) for item in menu(client, address) if item.current] == [label]


def test_who_asks_a_provider_to_be_contacted_came_from_the_list(reseller_admin, stranger, sign_in):
    address = f"/resellers/providers/{stranger.organisation_id}/contact/"

    assert [str(item.label) for item in menu(sign_in(reseller_admin), address) if item.current] == [
        "Indirect providers list"
    ]
