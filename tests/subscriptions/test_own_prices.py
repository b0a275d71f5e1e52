"""The price list as a reseller reads it: its own price, never the provider's, nor what makes the difference."""

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.paging import PAGE_SIZE
from accounts.roles import Role
from activity.models import Activity
from subscriptions.models import Offer
from subscriptions.price_list import COLUMNS
from tests.attack_tools import text_of
from tests.factories import MarkupFactory, OfferFactory, PartnershipFactory, ProviderFactory, member
from tests.pages import rows_of

OWN = reverse("subscriptions:own_prices")
EXPORT = reverse("subscriptions:own_prices_export")


def titles(response):
    return [offer.sku_title for offer in response.context["page"]]


@pytest.fixture
def priced(partnership):
    """An offer at ¥987,654, at which Kita adds 12.5 % for Sakura: ¥1,111,110.75, for it is lines that are rounded."""
    MarkupFactory(provider=partnership.provider, reseller=partnership.reseller, percent=Decimal("12.5"))
    MarkupFactory(provider=partnership.provider, percent=Decimal("77.77"))
    return OfferFactory(sku_title="Mail plan", product_id="CFQ7", unit_price=Decimal(987654), erp_price=Decimal(2000))


def test_reseller_sees_its_own_price(sign_in, reseller_admin, priced):
    page = sign_in(reseller_admin).get(OWN)

    assert titles(page) == ["Mail plan"]
    assert [row.offer.unit_price for row in page.context["rows"]] == [Decimal("1111110.75")]
    for shown in ("Your price", "¥1,111,110.75", "¥2,000<", "CFQ7:0001", "1 year · Monthly"):
        assert shown in page.text


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"sort": "price"},
        {"sort": "-price"},
        {"sort": "erp"},
        {"sort": "unit_price"},
        {"sale": "all"},
        {"q": "mail"},
    ],
)
@pytest.mark.parametrize("url", [OWN, EXPORT])
def test_nothing_tells_the_providers_price_or_the_markup(sign_in, reseller_admin, priced, url, query):
    client = sign_in(reseller_admin)
    for number in range(PAGE_SIZE + 1):
        OfferFactory(sku_title=f"Mail {number}", unit_price=Decimal(987654), erp_price=Decimal(number))

    read = text_of(client.get(url, query)) + text_of(client.get(url, query, headers={"HX-Request": "true"}))

    secrets = r"987.?654|12[.,]5\b|77[.,]77|arkup"
    assert re.findall(secrets, read) == []


def test_sorting_by_the_providers_price_is_not_offered(sign_in, reseller_admin, partnership):
    """Neither as an order nor as the address of the next page, which says what its rows are sorted by."""
    for number in range(PAGE_SIZE + 1):
        OfferFactory(sku_title=f"{number:03}", unit_price=Decimal(1000 - number))
    client = sign_in(reseller_admin)

    by_price, by_name = client.get(OWN, {"sort": "price"}), client.get(OWN)

    assert titles(by_price) == titles(by_name)
    assert (
        by_price.context["page"].next_url.partition("after=")[2]
        == by_name.context["page"].next_url.partition("after=")[2]
    )


def test_reseller_sorts_by_erp_price_over_pages(sign_in, reseller_admin, partnership):
    for number in range(PAGE_SIZE + 1):
        OfferFactory(sku_title=f"{number:03}", erp_price=Decimal(1000 - number))
    client = sign_in(reseller_admin)

    first = client.get(OWN, {"sort": "erp"})
    second = client.get(first.context["page"].next_url)

    assert [*titles(first), *titles(second)] == [f"{number:03}" for number in range(PAGE_SIZE, -1, -1)]


def test_without_a_provider_there_is_nothing_and_a_way_to_one(sign_in, reseller_admin, provider):
    OfferFactory(sku_title="Mail plan")
    client = sign_in(reseller_admin)

    for query in ({}, {"provider": provider.pk}, {"market": "JP"}, {"market": "all", "sale": "all"}):
        page = client.get(OWN, query)

        assert titles(page) == []
        assert "No indirect provider yet" in page.text
        assert 'href="/directory/"' in page.text
        assert rows_of(client.get(EXPORT, query)) == [list(COLUMNS)]


def test_when_the_partnership_ends_the_prices_are_gone(sign_in, reseller_admin, priced, partnership):
    partnership.ended_at = timezone.now()
    partnership.save()

    assert titles(sign_in(reseller_admin).get(OWN, {"provider": partnership.provider_id})) == []
    assert list(Offer.objects.visible_to(reseller_admin, partnership.provider)) == []


def test_of_several_providers_one_is_chosen(sign_in, reseller_admin, priced, partnership):
    other = PartnershipFactory(
        provider=ProviderFactory(organisation__name="Minami", organisation__country="JP"), reseller=partnership.reseller
    ).provider
    MarkupFactory(provider=other, percent=100)
    client = sign_in(reseller_admin)

    none = client.get(OWN)
    pages = [client.get(OWN, {"provider": pk}) for pk in (partnership.provider_id, other.pk)]

    assert titles(none) == []
    assert "Each of yours has a price list of its own." in none.text
    assert [value for value, _label in none.context["filters"].fields["provider"].choices] == [
        "",
        str(partnership.provider_id),
        str(other.pk),
    ]
    assert [[row.resale.amount for row in page.context["rows"]] for page in pages] == [
        [Decimal("1111110.75")],
        [1975308],
    ]


def test_a_strangers_price_list_is_not_to_be_chosen(sign_in, reseller_admin, priced, stranger):
    OfferFactory(sku_title="Burgplan", market="DE", currency="EUR")
    client = sign_in(reseller_admin)

    page = client.get(OWN, {"provider": stranger.organisation_id, "market": "all"})

    assert titles(page) == ["Mail plan"]
    assert "Burgplan" not in page.text
    assert list(Offer.objects.visible_to(reseller_admin, stranger.organisation.provider)) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "school"}, ["School"]),
        ({"segment": "education"}, ["School"]),
        ({"category": "trial"}, ["Trial"]),
        ({"term": "P1M"}, ["Trial"]),
        ({"sale": "all"}, ["Over", "School", "Trial"]),
        ({"market": "DE"}, ["School", "Trial"]),  # not in the region: as if it was not asked for
    ],
)
def test_list_narrows(sign_in, reseller_admin, partnership, query, expected):
    OfferFactory(sku_title="School", segment="education")
    OfferFactory(sku_title="Trial", category="trial", term="P1M")
    OfferFactory(sku_title="Over", effective_to=datetime(2026, 1, 1, tzinfo=UTC))

    assert titles(sign_in(reseller_admin).get(OWN, query)) == expected


def test_nothing_found_leads_back_to_the_chosen_price_list(sign_in, reseller_admin, partnership):
    page = sign_in(reseller_admin).get(OWN, {"q": "x"}, headers={"HX-Request": "true"})

    assert page.templates[0].name == "subscriptions/_price_table.html"
    assert f'href="{OWN}?provider={partnership.provider_id}"' in page.text
    assert f'href="{EXPORT}?q=x" data-hx-swap-oob="true"' in page.text


def test_what_is_charged_by_use_has_no_price(sign_in, reseller_admin, partnership):
    OfferFactory(category="usage", term="", billing="none", unit_price=0, erp_price=0, max_licences=None)

    html = sign_in(reseller_admin).get(OWN, headers={"HX-Request": "true"}).text
    cells = [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html, re.S)]

    assert cells[2:6] == ["–", "–", "By usage", "–"]


def test_export_has_the_public_columns_at_ones_own_price(sign_in, reseller_admin, priced):
    rows = rows_of(sign_in(reseller_admin).get(EXPORT))

    assert rows[0] == list(COLUMNS)
    assert [dict(zip(COLUMNS, row, strict=True))["UnitPrice"] for row in rows[1:]] == ["1111110.75"]
    assert Activity.objects.filter(verb="exported").values_list("target", flat=True).get() == "Price list"


def test_list_costs_the_same_for_one_row_and_three(sign_in, reseller_admin, priced, django_assert_num_queries):
    client = sign_in(reseller_admin)

    with django_assert_num_queries(6):
        client.get(OWN)
    OfferFactory.create_batch(2)
    with django_assert_num_queries(6):
        assert len(titles(client.get(OWN))) == 3


@pytest.mark.parametrize("url", [OWN, EXPORT])
def test_prices_are_for_the_resellers_people_who_see_bills(
    sign_in, reseller, reseller_admin, provider_admin, customer_admin, url
):
    people = [member(reseller.organisation, role) for role in Role]

    answers = [sign_in(each).get(url).status_code for each in (*people, provider_admin, customer_admin)]

    assert answers == [200, 403, 200, 200, 403, 200, 404, 404]


def test_menu_has_the_price_list_for_who_may_read_it(sign_in, reseller, reseller_admin):
    helpdesk = member(reseller.organisation, Role.HELPDESK_AGENT)

    menus = [sign_in(each).get("/").context["menu"] for each in (reseller_admin, helpdesk)]

    assert [OWN in [item.url for item in menu] for menu in menus] == [True, False]


def test_offers_are_nobodys_without_a_partnership(reseller_admin, customer_admin, provider):
    OfferFactory()

    visible = [
        Offer.objects.visible_to(None, provider),
        Offer.objects.visible_to(customer_admin, provider),
        Offer.objects.visible_to(reseller_admin),
    ]

    assert [list(each) for each in visible] == [[], [], []]
