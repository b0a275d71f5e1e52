import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.paging import PAGE_SIZE
from accounts.roles import Role
from activity.models import Activity
from subscriptions.price_list import COLUMNS, load_price_list
from tests.factories import MarkupFactory, OfferFactory, ProviderFactory, member
from tests.pages import rows_of

LIST = reverse("subscriptions:price_list")
EXPORT = reverse("subscriptions:price_list_export")


@pytest.fixture
def european(db):
    provider = ProviderFactory(organisation__name="Rhein", organisation__country="DE")
    return member(provider.organisation, Role.GLOBAL_ADMIN)


def titles(response):
    return [offer.sku_title for offer in response.context["page"]]


def test_list_has_the_offers_of_ones_own_market_by_name(sign_in, provider_admin):
    OfferFactory(sku_title="Zeta")
    OfferFactory(sku_title="Alpha")
    OfferFactory(sku_title="Foreign", market="DE")

    assert titles(sign_in(provider_admin).get(LIST)) == ["Alpha", "Zeta"]


def test_list_shows_what_an_offer_costs_and_when(sign_in, provider_admin):
    OfferFactory(
        sku_title="Mail plan",
        product_title="Mail",
        product_id="CFQ7",
        sku_id="0002",
        unit_price=Decimal("1234"),
        min_licences=2,
        max_licences=None,
        effective_to=datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC),
    )
    OfferFactory(sku_title="Without end", max_licences=300)

    text = sign_in(provider_admin).get(LIST, {"sale": "all"}).text

    for shown in ("CFQ7:0002", "Mail", "1 year · Monthly", "¥1,234", "¥1,200", "Japan", "Commercial", "Jun 30, 2026"):
        assert shown in text
    assert "2–∞" in text
    assert "1–300" in text
    assert ", 9999" not in text


def test_end_of_time_does_not_trouble_readers_east_of_utc(sign_in, provider_admin):
    provider_admin.user.time_zone = "Pacific/Kiritimati"
    provider_admin.user.save()
    load_price_list(
        [
            dict(
                zip(
                    COLUMNS,
                    [
                        *("Mail", "P1", "1", "Mail", "Us", "", "P1Y", "Monthly", "JP", "JPY", "1", "1", ""),
                        *("2025-01-01", "9999-12-31", "", "1", "Commercial"),
                    ],
                    strict=True,
                )
            )
        ]
    )

    assert titles(sign_in(provider_admin).get(LIST)) == ["Mail"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "mail"}, ["Mail trial", "Mail yearly"]),
        ({"q": "mail yearly"}, ["Mail yearly"]),
        ({"q": "cfq9"}, ["School"]),
        ({"q": "nothing"}, []),
        ({"segment": "education"}, ["School"]),
        ({"category": "trial"}, ["Mail trial"]),
        ({"term": "P1M"}, ["Mail trial"]),
        ({"term": "none"}, ["Cloud"]),
        ({"term": "P9Y"}, ["Cloud", "Mail trial", "Mail yearly", "School"]),
        ({"market": "FR"}, ["Fromage"]),
        ({"market": "all"}, ["Cloud", "Fromage", "Mail trial", "Mail yearly", "School"]),
        ({"market": "JP"}, ["Cloud", "Mail trial", "Mail yearly", "School"]),
    ],
)
def test_list_narrows(sign_in, european, query, expected):
    fields = {"market": "DE", "currency": "EUR"}
    OfferFactory(sku_title="Mail yearly", **fields)
    OfferFactory(sku_title="Mail trial", term="P1M", category="trial", **fields)
    OfferFactory(sku_title="School", segment="education", product_id="CFQ9", **fields)
    OfferFactory(sku_title="Cloud", term="", category="usage", **fields)
    OfferFactory(sku_title="Fromage", market="FR", currency="EUR")
    OfferFactory(sku_title="Sushi", market="JP")

    assert titles(sign_in(european).get(LIST, query)) == expected


def test_list_sorts_by_price_and_name(sign_in, provider_admin):
    for name, price in (("A", 3), ("B", 1), ("C", 2)):
        OfferFactory(sku_title=name, unit_price=price)
    client = sign_in(provider_admin)

    assert titles(client.get(LIST, {"sort": "price"})) == ["B", "C", "A"]
    assert titles(client.get(LIST, {"sort": "-name"})) == ["C", "B", "A"]


def test_pages_by_price_follow_each_other(sign_in, provider_admin):
    for number in range(PAGE_SIZE + 1):
        OfferFactory(sku_title=f"{number}", unit_price=Decimal("1.5"))
    client = sign_in(provider_admin)

    first = client.get(LIST, {"sort": "price"})
    second = client.get(first.context["page"].next_url)

    assert len({*titles(first), *titles(second)}) == PAGE_SIZE + 1


def test_list_costs_the_same_for_one_row_and_three(sign_in, provider_admin, django_assert_num_queries):
    client = sign_in(provider_admin)
    OfferFactory()

    with django_assert_num_queries(6):
        client.get(LIST)
    OfferFactory.create_batch(2)
    with django_assert_num_queries(6):
        assert len(titles(client.get(LIST))) == 3


def test_empty_list_leads_to_the_whole(sign_in, provider_admin):
    response = sign_in(provider_admin).get(LIST, {"q": "x"}, headers={"HX-Request": "true"})

    assert response.templates[0].name == "subscriptions/_price_table.html"
    assert "No offer matches what you are looking for." in response.text
    assert 'href="/subscriptions/price-list/export/?q=x" data-hx-swap-oob="true"' in response.text


def test_export_is_in_the_public_columns_and_can_be_loaded_again(sign_in, provider_admin):
    OfferFactory(sku_title="Mail plan", product_id="CFQ7", unit_price=Decimal("1234"), tags=["Enterprise", "New"])
    OfferFactory(sku_title="Foreign", market="DE")

    rows = rows_of(sign_in(provider_admin).get(EXPORT))

    assert rows == [
        [*COLUMNS, "ResellerPrice"],
        [
            *("Mail plan", "CFQ7", "0001", "Mail plan", "Microsoft Corporation", "", "P1Y", "Monthly", "JP", "JPY"),
            *("1234", "1", "300", "2025-01-01", "9999-12-31", "Enterprise;New", "1200", "Commercial", "1234"),
        ],
    ]
    assert load_price_list([dict(zip(rows[0], rows[1], strict=True))]) == 1
    assert Activity.objects.filter(verb="exported").values_list("target", flat=True).get() == "Price list"


@pytest.mark.parametrize("url", [LIST, EXPORT])
def test_prices_are_for_the_providers_people_with_the_role(
    sign_in, provider, provider_admin, billing_admin, helpdesk, reseller_admin, customer_admin, url
):
    user_admin = member(provider.organisation, Role.USER_ADMIN)
    people = (provider_admin, billing_admin, helpdesk, user_admin, reseller_admin, customer_admin)

    assert [sign_in(each).get(url).status_code for each in people] == [200, 200, 403, 403, 404, 404]


def test_what_is_charged_by_use_has_no_price(sign_in, provider_admin):
    usage = {"category": "usage", "term": "", "billing": "none", "unit_price": 0, "erp_price": 0}
    OfferFactory(sku_title="Azure plan", max_licences=None, **usage)

    html = sign_in(provider_admin).get(LIST, headers={"HX-Request": "true"}).content.decode()
    cells = [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html, re.S)]

    assert cells[2:6] == ["–", "–", "By usage", "–"]


# What is on sale, and what resellers pay


def test_list_has_what_is_on_sale_unless_all_is_asked_for(sign_in, provider_admin):
    OfferFactory(sku_title="Now")
    OfferFactory(sku_title="Over", effective_to=datetime(2026, 1, 1, tzinfo=UTC))
    OfferFactory(sku_title="Later", effective_from=datetime(2999, 1, 1, tzinfo=UTC))
    client = sign_in(provider_admin)

    assert titles(client.get(LIST)) == ["Now"]
    assert titles(client.get(LIST, {"sale": "now"})) == ["Now"]
    assert titles(client.get(LIST, {"sale": "nonsense"})) == ["Now"]
    assert titles(client.get(LIST, {"sale": "all"})) == ["Later", "Now", "Over"]


def resales(response):
    return [row.resale.amount for row in response.context["rows"]]


@pytest.fixture
def marked_up(partnership):
    """An offer at 1,000 that everybody pays 10 % more for, and Sakura 25 %."""
    offer = OfferFactory(sku_title="Mail plan", product_id="CFQ7")
    MarkupFactory(provider=partnership.provider, percent=10)
    MarkupFactory(provider=partnership.provider, percent=25, reseller=partnership.reseller)
    return offer


def test_list_says_what_resellers_pay_in_general_or_one_of_them(sign_in, provider_admin, partnership, marked_up):
    client = sign_in(provider_admin)

    general = client.get(LIST)
    one = client.get(LIST, {"reseller": partnership.reseller_id})

    assert (resales(general), resales(one)) == ([1100], [1250])
    assert "For resellers" in general.text
    assert "¥1,100" in general.text
    assert "For Sakura" in one.text
    assert "¥1,250" in one.text


def test_prices_of_a_stranger_are_not_to_be_chosen(sign_in, provider_admin, marked_up, strange_relationship):
    page = sign_in(provider_admin).get(LIST, {"reseller": strange_relationship.reseller_id})

    assert page.context["filters"].errors.as_data()["reseller"][0].code == "invalid_choice"
    assert "Mosel" not in page.text
    assert resales(page) == [1100]


def test_export_has_the_prices_of_the_chosen_reseller(sign_in, provider_admin, partnership, marked_up):
    client = sign_in(provider_admin)

    general = rows_of(client.get(EXPORT))
    one = rows_of(client.get(EXPORT, {"reseller": partnership.reseller_id}))

    assert [(row[10], row[18]) for row in (general[1], one[1])] == [("1000", "1100"), ("1000", "1250")]


def test_price_leads_to_setting_a_markup_whoever_may(sign_in, provider_admin, sales_agent, partnership, marked_up):
    link = f'href="/subscriptions/price-list/markups/add/?item=CFQ7%3A0001&amp;reseller={partnership.reseller_id}"'

    pages = [
        sign_in(each).get(LIST, {"reseller": partnership.reseller_id}).text for each in (provider_admin, sales_agent)
    ]

    assert [link in page for page in pages] == [True, False]


def test_list_costs_the_same_for_one_resellers_prices(
    sign_in, provider_admin, partnership, marked_up, django_assert_num_queries
):
    client = sign_in(provider_admin)

    with django_assert_num_queries(7):
        client.get(LIST, {"reseller": partnership.reseller_id})
    OfferFactory.create_batch(2)
    MarkupFactory(provider=partnership.provider, product_id="CFQ7")
    with django_assert_num_queries(7):
        assert len(resales(client.get(LIST, {"reseller": partnership.reseller_id}))) == 3
