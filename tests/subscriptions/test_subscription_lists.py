"""Subscriptions over all customers, of one customer, and as a file."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.paging import PAGE_SIZE
from activity.models import Activity
from customers import filters
from resellers.partnerships import end_partnership
from subscriptions.models import Offer
from tests.factories import (
    CustomerFactory,
    OfferFactory,
    PartnershipFactory,
    RelationshipFactory,
    ResellerOfRecordFactory,
    SubscriptionFactory,
    ready_reseller,
)
from tests.pages import rows_of

LIST = reverse("subscriptions:list")
EXPORT = reverse("subscriptions:export")


def at(day):
    return datetime(2026, 1, day, tzinfo=UTC)


def named(relationship, nickname, **fields):
    return SubscriptionFactory(relationship=relationship, nickname=nickname, **fields)


def nicknames(response):
    return [each.nickname for each in response.context["page"]]


def credit(subscription, reseller, **fields):
    account = reseller.organisation.partner_accounts.get()
    return ResellerOfRecordFactory(subscription=subscription, partner_account=account, **fields)


def customer_url(relationship):
    return reverse("subscriptions:customer", args=[relationship.customer_id])


# Over all customers


def test_list_shows_the_newest_first(sign_in, provider_admin, relationship, strange_subscription):
    for day in (1, 3, 2):
        named(relationship, f"Day {day}", created_at=at(day))

    assert nicknames(sign_in(provider_admin).get(LIST)) == ["Day 3", "Day 2", "Day 1"]


def test_list_sorts_by_end_and_what_has_none_comes_last(sign_in, provider_admin, relationship):
    for name, end in (("Late", at(20)), ("Never", None), ("Soon", at(10))):
        named(relationship, name, ends_at=end)
    client = sign_in(provider_admin)

    assert nicknames(client.get(LIST, {"sort": "end"})) == ["Soon", "Late", "Never"]
    assert nicknames(client.get(LIST, {"sort": "-end"})) == ["Never", "Late", "Soon"]


def test_what_ends_soon_comes_first_where_that_was_asked_for(sign_in, provider_admin, relationship):
    for days in (3, 1, 2):
        named(relationship, f"In {days} days", ends_at=timezone.now() + timedelta(days=days))
    client = sign_in(provider_admin)

    assert nicknames(client.get(LIST, {"renews": "30"})) == ["In 1 days", "In 2 days", "In 3 days"]
    assert nicknames(client.get(LIST, {"renews": "30", "sort": "newest"})) == ["In 2 days", "In 1 days", "In 3 days"]


def test_product_is_found_among_however_many_lines_of_the_price_list(sign_in, provider_admin, relationship):
    Offer.objects.bulk_create(OfferFactory.build_batch(600, sku_title="Suite A", product_title="Suite"))
    offer = OfferFactory(sku_title="Suite Z", product_title="Suite")
    named(relationship, "Last", offer=offer)
    named(relationship, "Other")
    client = sign_in(provider_admin)

    assert nicknames(client.get(LIST, {"product": "suite"})) == ["Last"]
    assert nicknames(client.get(LIST, {"product": "suite z"})) == ["Last"]
    assert nicknames(client.get(LIST, {"product": offer.product_id})) == ["Last"]


@pytest.mark.parametrize("sort", ["newest", "end"])
def test_pages_follow_each_other(sign_in, provider_admin, relationship, sort):
    for number in range(PAGE_SIZE + 2):
        named(relationship, f"{number}", created_at=at(1), ends_at=at(2) if number % 2 else None)
    client = sign_in(provider_admin)

    first = client.get(LIST, {"sort": sort})
    second = client.get(first.context["page"].next_url)

    assert (len(nicknames(first)), len(nicknames(second))) == (PAGE_SIZE, 2)
    assert len({*nicknames(first), *nicknames(second)}) == PAGE_SIZE + 2


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("provider_admin", ["Direct", "Entrusted"]),
        ("reseller_admin", ["Entrusted"]),
        ("customer_admin", ["Entrusted"]),
        ("stranger", []),
    ],
)
def test_everybody_sees_their_own(sign_in, request, provider, relationship, who, expected):
    named(relationship, "Entrusted")
    named(RelationshipFactory(provider=provider), "Direct")

    response = sign_in(request.getfixturevalue(who)).get(LIST)

    assert sorted(nicknames(response)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "mail"}, ["Mail"]),
        ({"q": "ＭＡＩＬ aoba"}, ["Mail"]),
        ({"q": "beta"}, ["Office", "Database"]),
        ({"q": "mail beta"}, []),
        ({"status": "suspended"}, ["Office"]),
        ({"status": "gone"}, ["Office", "Mail", "Database"]),
        ({"reseller": "none"}, ["Office"]),
        ({"reseller": "Sakura"}, ["Mail"]),
        ({"reseller": "Momiji"}, ["Database"]),
        ({"reseller": "Mosel"}, []),
        ({"customer": "Beta"}, ["Office", "Database"]),
        ({"customer": "not an id"}, ["Office", "Mail", "Database"]),
    ],
)
def test_list_narrows(sign_in, provider, provider_admin, relationship, strange_relationship, query, expected):
    other = ready_reseller("Momiji", number="0077")
    PartnershipFactory(provider=provider, reseller=other)
    beta = RelationshipFactory(provider=provider, customer=CustomerFactory(organisation__name="Beta"))
    database = named(beta, "Database", created_at=at(1))
    credit(database, relationship.reseller, starts_at=at(1), ends_at=at(2))
    credit(database, other, starts_at=at(2))
    credit(named(relationship, "Mail", created_at=at(2)), relationship.reseller)
    named(beta, "Office", status="suspended", created_at=at(3))
    ids = {
        "Sakura": relationship.reseller_id,
        "Momiji": other.pk,
        "Mosel": strange_relationship.reseller_id,
        "Beta": beta.customer_id,
    }
    query = {name: str(ids.get(value, value)) for name, value in query.items()}

    assert nicknames(sign_in(provider_admin).get(LIST, query)) == expected


def test_search_finds_the_subscription_id(sign_in, provider_admin, relationship):
    wanted = named(relationship, "Mail")
    named(relationship, "Office")

    assert nicknames(sign_in(provider_admin).get(LIST, {"q": str(wanted.code)})) == ["Mail"]


def test_reseller_filter_offers_who_is_still_credited(sign_in, provider, provider_admin, relationship, partnership):
    for name in ("Credited", "Forgotten"):
        former = PartnershipFactory(provider=provider, reseller=ready_reseller(name))
        end_partnership(former, actor=provider_admin.user)
        past = {} if name == "Credited" else {"starts_at": at(1), "ends_at": at(2)}
        credit(named(relationship, name), former.reseller, **past)

    response = sign_in(provider_admin).get(LIST)

    field = response.context["filters"]["reseller"].field
    assert [str(label) for _value, label in field.widget.choices] == [
        "All indirect resellers",
        "No indirect reseller",
        "Credited",
        "Sakura",
    ]


def test_reseller_filter_takes_a_name_when_there_are_too_many(
    sign_in, provider, provider_admin, relationship, monkeypatch
):
    monkeypatch.setattr(filters, "MOST_CHOICES", 1)
    PartnershipFactory(provider=provider, reseller=ready_reseller("Momiji"))
    credit(named(relationship, "Mail"), relationship.reseller)
    named(relationship, "Office")
    client = sign_in(provider_admin)

    assert nicknames(client.get(LIST, {"reseller": "SAKU"})) == ["Mail"]
    assert nicknames(client.get(LIST, {"reseller": "momi"})) == []


def test_list_costs_the_same_for_one_row_and_three(
    sign_in, provider, provider_admin, relationship, strange_subscription, django_assert_num_queries
):
    client = sign_in(provider_admin)
    credit(named(relationship, "One"), relationship.reseller)

    with django_assert_num_queries(6):
        client.get(LIST)
    for number in range(2):
        other = RelationshipFactory(provider=provider)
        supporter = ready_reseller(f"R{number}")
        credit(named(other, f"More {number}", support_contact=supporter), supporter)
    with django_assert_num_queries(6):
        assert len(nicknames(client.get(LIST))) == 3


def test_htmx_gets_the_table_and_an_export_link_that_fits_it(sign_in, provider_admin, subscription):
    response = sign_in(provider_admin).get(LIST, {"status": "active"}, headers={"HX-Request": "true"})

    assert response.templates[0].name == "subscriptions/_table.html"
    assert '<a id="export" href="/subscriptions/export/?status=active" data-hx-swap-oob="true">' in response.text


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("provider_admin", "Subscriptions come into being when an order is submitted."),
        ("billing_admin", "Subscriptions appear here as soon as the indirect provider submits an order."),
        ("customer_admin", "Subscriptions appear here as soon as the indirect provider submits an order."),
    ],
)
def test_empty_list_says_what_comes_next(sign_in, request, relationship, strange_subscription, who, sentence):
    assert sentence in sign_in(request.getfixturevalue(who)).get(LIST).text


def test_list_that_nothing_matches_leads_back(sign_in, provider_admin, subscription):
    text = sign_in(provider_admin).get(LIST, {"q": "nothing"}).text

    assert f'<a class="button primary" href="{LIST}">Show all subscriptions</a>' in text


# Export


def test_export_has_what_is_filtered(sign_in, provider_admin, relationship, reseller, strange_subscription):
    mail = named(relationship, "Mail", starts_at=at(1), ends_at=at(31), support_contact=reseller)
    credit(mail, reseller)
    named(relationship, "=Office", status="suspended", auto_renew=False, starts_at=at(2), created_at=at(1))

    rows = rows_of(sign_in(provider_admin).get(EXPORT, {"customer": str(relationship.customer_id)}))

    company = ["Aoba", "aoba.onmicrosoft.com", str(relationship.customer_id), "Kita"]
    office = relationship.subscriptions.get(nickname="=Office")
    assert rows == [
        [
            *("Subscription ID", "Subscription", "Licenses", "Status", "Auto-renew", "Start date", "End of term"),
            *("Company name", "Primary domain name", "Microsoft ID", "Indirect provider", "Indirect reseller"),
            *("MPN ID", "Designated support contact"),
        ],
        [
            *(str(mail.code), "Mail", "10", "Active", "On", "2026-01-01", "2026-01-31"),
            *(*company, "Sakura", "0012345", "Sakura"),
        ],
        [
            *(str(office.code), "'=Office", "10", "Suspended", "Off", "2026-01-02", ""),
            *(*company, "", "", "Kita"),
        ],
    ]
    assert (Activity.objects.get().verb, Activity.objects.get().target) == ("exported", "Subscriptions")


def test_export_of_a_customers_people_is_their_own(sign_in, customer_admin, subscription, strange_subscription):
    rows = rows_of(sign_in(customer_admin).get(EXPORT))

    assert [row[0] for row in rows] == ["Subscription ID", str(subscription.code)]


# Of one customer


def test_customers_page_has_two_tables(sign_in, provider, provider_admin, relationship, strange_subscription):
    named(RelationshipFactory(provider=provider), "Of another")
    licensed = named(relationship, "Mail", ends_at=at(31))
    used = named(relationship, "Cloud", offer__category="usage")
    credit(used, relationship.reseller)

    response = sign_in(provider_admin).get(customer_url(relationship))

    assert response.context["license_based"] == [licensed]
    assert response.context["usage_based"] == [used]
    for link in (
        reverse("orders:add", args=[relationship.customer_id]),
        f"{EXPORT}?customer={relationship.customer_id}",
        reverse("subscriptions:detail", args=[used.code]),
    ):
        assert f'href="{link}"' in response.text


def test_customers_page_without_subscriptions_says_so(sign_in, provider_admin, relationship, strange_subscription):
    text = sign_in(provider_admin).get(customer_url(relationship)).text

    for kind in ("license", "usage"):
        assert f"This customer doesn&#x27;t have any {kind}-based subscriptions." in text.replace(
            "doesn't", "doesn&#x27;t"
        )


def test_customers_page_goes_on_after_a_page(sign_in, provider_admin, relationship):
    for number in range(PAGE_SIZE + 1):
        named(relationship, f"{number}", created_at=at(1))
    client = sign_in(provider_admin)

    first = client.get(customer_url(relationship))
    second = client.get(first.context["page"].next_url)

    assert (len(nicknames(first)), len(nicknames(second))) == (PAGE_SIZE, 1)
    assert "There are none on this page of the list." in first.text


def test_customers_page_costs_the_same_for_one_row_and_three(
    sign_in, provider_admin, relationship, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(provider_admin)
    credit(named(relationship, "One"), relationship.reseller)

    with django_assert_max_num_queries(12) as one:
        client.get(customer_url(relationship))
    for number in range(2):
        credit(named(relationship, f"More {number}"), ready_reseller(f"R{number}"))
    with django_assert_num_queries(len(one)):
        client.get(customer_url(relationship))


def test_customers_page_for_whom(sign_in, reseller_admin, customer_admin, stranger, billing_admin, relationship):
    found = {
        each.organisation.name: sign_in(each).get(customer_url(relationship))
        for each in (reseller_admin, customer_admin, stranger, billing_admin)
    }

    assert {name: response.status_code for name, response in found.items()} == {
        "Sakura": 200,
        "Aoba": 200,
        "Rhein": 404,
        "Kita": 200,
    }
    assert "Add subscription" not in "".join(found[name].text for name in ("Sakura", "Aoba", "Kita"))
