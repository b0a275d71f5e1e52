import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.paging import PAGE_SIZE
from accounts.roles import Role
from activity.models import Activity
from customers import filters
from customers.models import Delegation
from resellers.partnerships import end_partnership
from tests.factories import (
    CustomerFactory,
    PartnerAccountFactory,
    PartnershipFactory,
    ProviderFactory,
    RelationshipFactory,
    ResellerFactory,
    member,
    ready_reseller,
)
from tests.pages import rows_of

LIST = reverse("customers:list")
EXPORT = reverse("customers:export")


def names(response):
    return [row.relationship.company_name for row in response.context["rows"]]


def customer_of(provider, name, *, reseller=None, domain=None):
    fields = {"primary_domain": domain} if domain else {}
    customer = CustomerFactory(organisation__name=name, **fields)
    return RelationshipFactory(provider=provider, reseller=reseller, customer=customer)


def choices(response, field):
    return [str(label) for _value, label in response.context["filters"][field].field.widget.choices]


# The list


def test_list_shows_ones_own_customers_by_name(sign_in, provider, provider_admin, relationship, strange_relationship):
    customer_of(provider, "ｚｅｔａ")
    customer_of(provider, "Beta")

    response = sign_in(provider_admin).get(LIST)

    assert names(response) == ["Aoba", "Beta", "ｚｅｔａ"]
    assert response.templates[0].name == "customers/list.html"


def test_list_sorts_by_name_and_domain_both_ways(sign_in, provider, provider_admin):
    customer_of(provider, "A", domain="x.onmicrosoft.com")
    customer_of(provider, "B", domain="w.onmicrosoft.com")
    client = sign_in(provider_admin)

    found = {sort: names(client.get(LIST, {"sort": sort})) for sort in ("name", "-name", "domain", "-domain", "bad")}

    assert found == {
        "name": ["A", "B"],
        "-name": ["B", "A"],
        "domain": ["B", "A"],
        "-domain": ["A", "B"],
        "bad": ["A", "B"],
    }


def test_list_costs_the_same_for_one_row_and_three(
    sign_in, provider, provider_admin, relationship, strange_relationship, django_assert_num_queries
):
    client = sign_in(provider_admin)
    client.get(LIST)  # warm: session and content types

    with django_assert_num_queries(5):
        client.get(LIST)
    for number in range(2):
        customer_of(provider, f"More {number}", reseller=ready_reseller(f"R{number}"))
    with django_assert_num_queries(5):
        assert len(names(client.get(LIST))) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("aoba", ["Aoba"]),
        ("ＡＯＢＡ", ["Aoba"]),
        ("aoba.onmicrosoft", ["Aoba"]),
        ("AOBA onmicrosoft.com", ["Aoba"]),
        ("aoba nothing", []),
        ("fluss", []),
        ("0012345", ["Aoba"]),
        ("12345", ["Aoba"]),
        ("１２３４５", ["Aoba"]),
        ("77001", []),
        ("%", []),
        ("", ["Aoba", "Beta 77002"]),
        ("77002", ["Beta 77002"]),
        ("\x00", ["Aoba", "Beta 77002"]),
    ],
)
def test_search_finds_name_domain_and_mpn_id(
    sign_in, provider, provider_admin, relationship, strange_relationship, query, expected
):
    customer_of(provider, "Beta 77002")

    assert names(sign_in(provider_admin).get(LIST, {"q": query})) == expected


def test_search_finds_the_microsoft_id(sign_in, provider, provider_admin, relationship):
    customer_of(provider, "Beta")

    response = sign_in(provider_admin).get(LIST, {"q": str(relationship.customer_id).upper()})

    assert names(response) == ["Aoba"]


def test_filter_offers_partners_and_former_partners_that_still_hold_customers(
    sign_in, provider, provider_admin, relationship, partnership, strange_relationship
):
    PartnershipFactory(provider=provider, reseller=ready_reseller("Momiji"))
    for name in ("Gone", "Holding"):
        former = PartnershipFactory(provider=provider, reseller=ready_reseller(name))
        end_partnership(former, actor=provider_admin.user)
        if name == "Holding":
            customer_of(provider, "Kept", reseller=former.reseller)

    response = sign_in(provider_admin).get(LIST)

    assert choices(response, "reseller") == [
        "All indirect resellers",
        "No indirect reseller",
        "Holding",
        "Momiji",
        "Sakura",
    ]


def test_filter_by_reseller(sign_in, provider, provider_admin, relationship, reseller, strange_relationship):
    customer_of(provider, "Direct")
    client = sign_in(provider_admin)

    wanted = {"sakura": str(reseller.pk), "none": "none", "foreign": str(strange_relationship.reseller_id)}
    found = {name: names(client.get(LIST, {"reseller": value})) for name, value in wanted.items()}

    assert found == {"sakura": ["Aoba"], "none": ["Direct"], "foreign": []}


def test_filter_becomes_a_box_to_type_into_when_there_are_too_many(
    sign_in, provider, provider_admin, relationship, reseller, monkeypatch
):
    monkeypatch.setattr(filters, "MOST_CHOICES", 1)
    PartnershipFactory(provider=provider, reseller=ready_reseller("Momiji"))
    customer_of(provider, "Direct")
    client = sign_in(provider_admin)

    untouched = client.get(LIST)
    typed = client.get(LIST, {"reseller": "saku"})
    chosen = client.get(LIST, {"reseller": str(reseller.pk)})
    nobody = client.get(LIST, {"reseller": "nobody"})

    for page in (untouched, typed):
        assert page.context["filters"]["reseller"].field.widget.input_type == "text"
    assert (names(untouched), names(typed), names(nobody)) == (["Aoba", "Direct"], ["Aoba"], [])
    assert choices(chosen, "reseller") == ["All indirect resellers", "No indirect reseller", "Sakura"]
    assert names(client.get(LIST, {"reseller": "none"})) == ["Direct"]


def test_empty_list_says_what_to_do_next(sign_in, provider_admin, billing_admin, strange_relationship):
    response = sign_in(provider_admin).get(LIST)
    assert (names(response), response.context["may_order"]) == ([], True)
    assert "No customers yet" in response.text
    assert f'<a class="button primary" href="{reverse("orders:new")}">Add customer</a></p>' in response.text

    assert reverse("orders:new") not in sign_in(billing_admin).get(LIST).text


def test_list_that_nothing_matches_leads_back(sign_in, provider_admin, relationship):
    response = sign_in(provider_admin).get(LIST, {"q": "nothing"})

    assert "No customers found" in response.text
    assert f'<a class="button primary" href="{LIST}">Show all customers</a>' in response.text


def test_htmx_gets_the_table_and_an_export_link_that_fits_it(sign_in, provider_admin, relationship):
    response = sign_in(provider_admin).get(LIST, {"q": "aoba"}, headers={"HX-Request": "true"})

    assert response.templates[0].name == "customers/_table.html"
    assert '<a id="export" href="/customers/export/?q=aoba" data-hx-swap-oob="true">' in response.text
    assert "HX-Request" in response["Vary"]


def test_pages_follow_each_other(sign_in, provider, provider_admin):
    for number in range(PAGE_SIZE + 1):
        customer_of(provider, f"Customer {number:02}")
    client = sign_in(provider_admin)

    first = client.get(LIST)
    second = client.get(first.context["page"].next_url)

    assert names(first) == [f"Customer {number:02}" for number in range(PAGE_SIZE)]
    assert names(second) == [f"Customer {PAGE_SIZE}"]


def test_customers_people_have_no_list(sign_in, customer_admin):
    assert sign_in(customer_admin).get(LIST).status_code == 404
    assert sign_in(customer_admin).get(EXPORT).status_code == 404


# The reseller's side


def test_reseller_sees_the_customers_entrusted_to_it(sign_in, provider, reseller_admin, relationship, reseller):
    customer_of(provider, "Direct")
    customer_of(provider, "Of another", reseller=ready_reseller("Momiji"))
    other = ProviderFactory(organisation__name="Minami")
    PartnershipFactory(provider=other, reseller=reseller)
    customer_of(other, "Cypress", reseller=reseller)
    client = sign_in(reseller_admin)

    response = client.get(LIST)

    assert names(response) == ["Aoba", "Cypress"]
    assert choices(response, "provider") == ["All indirect providers", "Kita", "Minami"]
    assert names(client.get(LIST, {"provider": str(other.pk)})) == ["Cypress"]
    assert names(client.get(LIST, {"provider": "not an id"})) == ["Aoba", "Cypress"]
    assert "Add customer" not in response.text


def test_reseller_without_customers_is_told_why(sign_in, reseller_admin):
    response = sign_in(reseller_admin).get(LIST)

    assert "Customers that an indirect provider adds for your company appear here." in response.text


# The opened row


def test_row_opens_without_javascript(sign_in, provider, provider_admin, relationship):
    customer_of(provider, "Beta")
    client = sign_in(provider_admin)

    closed = client.get(LIST, {"q": "a"})
    toggle = closed.context["rows"][0].toggle_url
    response = client.get(toggle)

    assert toggle == f"{LIST}?q=a&open={relationship.customer_id}#open-{relationship.pk}"
    assert [row.is_open for row in response.context["rows"]] == [True, False]
    assert f'<dd class="mono">{relationship.customer_id}</dd>' in response.text
    assert response.context["rows"][0].toggle_url == f"{LIST}?q=a#open-{relationship.pk}"


def links(response):
    return re.findall(r'<a href="([^"]+)">([^<]+)</a>', response.text)


def test_row_fragment_has_the_customers_pages(sign_in, provider_admin, relationship):
    pk = relationship.customer_id

    response = sign_in(provider_admin).get(reverse("customers:row", args=[pk]))

    assert response.templates[0].name == "customers/_row.html"
    assert links(response) == [
        (f"/customers/{pk}/", "Aoba"),
        (f"/orders/add/{pk}/", "Add subscription"),
        (f"/subscriptions/customer/{pk}/", "View subscriptions"),
        (f"/orders/?customer={pk}", "View orders"),
        (f"/customers/{pk}/", "Account"),
        ("mailto:hanako@customer.example", "hanako@customer.example"),
    ]
    assert "<dt>Reseller (MPN ID)</dt><dd>0012345</dd>" in response.text


def test_row_fragment_closes_again(sign_in, provider_admin, relationship):
    client = sign_in(provider_admin)
    opened = client.get(reverse("customers:row", args=[relationship.customer_id]), {"q": "a"})

    closed = client.get(opened.context["row"].fragment_url)

    assert (opened.context["row"].is_open, closed.context["row"].is_open) == (True, False)
    assert closed.context["row"].toggle_url.startswith(f"{LIST}?q=a&open=")
    assert "Microsoft ID" not in closed.text


def test_row_without_the_role_to_order_has_no_add_subscription(sign_in, billing_admin, relationship):
    response = sign_in(billing_admin).get(reverse("customers:row", args=[relationship.customer_id]))

    assert "Add subscription" not in response.text


def test_row_of_a_reseller_is_the_one_of_the_provider_it_names(sign_in, reseller_admin, relationship, reseller):
    other = ProviderFactory(organisation__name="Minami")
    second = RelationshipFactory(provider=other, reseller=reseller, customer=relationship.customer)
    url = reverse("customers:row", args=[relationship.customer_id])
    client = sign_in(reseller_admin)

    found = {of: client.get(url, {"of": of}).context["row"].relationship for of in ("", str(second.provider_id))}

    assert found == {"": relationship, str(second.provider_id): second}
    assert client.get(url, {"of": "nobody"}).status_code == 404


@pytest.mark.parametrize("name", ["row", "account", "edit", "reset_password"])
def test_stranger_finds_nobody(sign_in, stranger, relationship, name):
    url = reverse(f"customers:{name}", args=[relationship.customer_id])
    client = sign_in(stranger)

    assert [client.get(url).status_code, client.post(url).status_code] == [404, 404]


# Export


def test_export_has_what_is_filtered(sign_in, provider, provider_admin, relationship, reseller, strange_relationship):
    customer_of(provider, "Direct")
    PartnerAccountFactory(organisation=reseller.organisation, is_associated=False)

    rows = rows_of(sign_in(provider_admin).get(EXPORT, {"q": "aoba"}))

    assert rows == [
        [
            *("Microsoft ID", "Company name", "Primary domain name", "Relationship", "Indirect reseller", "MPN ID"),
            *("Country/region", "Created", "Delegated admin"),
        ],
        [
            *(str(relationship.customer_id), "Aoba", "aoba.onmicrosoft.com", "Cloud Reseller", "Sakura", "0012345"),
            *("JP", f"{relationship.created_at:%Y-%m-%d}", f"{timezone.now():%Y-%m-%d}"),
        ],
    ]
    activity = Activity.objects.get()
    assert (activity.verb, activity.target, activity.details) == (
        "exported",
        "Customers",
        {"path": "/customers/export/?q=aoba"},
    )


def test_list_and_export_know_where_ones_own_company_administers(sign_in, provider, provider_admin, relationship):
    RelationshipFactory(provider=provider, customer__organisation__name="Beta", administered=False)
    customer_of(provider, "Gamma", reseller=ready_reseller("Momiji"))
    Delegation.objects.filter(customer__organisation__name="Gamma", partner=provider.pk).update(
        withdrawn_at=timezone.now()
    )
    client = sign_in(provider_admin)

    found = {answer: names(client.get(LIST, {"admin": answer})) for answer in ("", "yes", "no", "perhaps")}
    rows = rows_of(client.get(EXPORT))

    everybody = ["Aoba", "Beta", "Gamma"]
    assert found == {"": everybody, "yes": ["Aoba"], "no": ["Beta", "Gamma"], "perhaps": everybody}
    assert [(row[1], row[-1]) for row in rows[1:]] == [
        ("Aoba", f"{timezone.now():%Y-%m-%d}"),
        ("Beta", "No"),
        ("Gamma", "No"),
    ]


def test_export_follows_the_sorting(sign_in, provider, provider_admin):
    customer_of(provider, "A", reseller=ResellerFactory(organisation__name="Without a number"))
    customer_of(provider, "B")

    rows = rows_of(sign_in(provider_admin).get(EXPORT, {"sort": "-name"}))

    assert [(row[1], row[4], row[5]) for row in rows[1:]] == [("B", "", ""), ("A", "Without a number", "")]


def test_export_of_a_reseller_names_the_provider(sign_in, reseller_admin, relationship, strange_relationship):
    rows = rows_of(sign_in(reseller_admin).get(EXPORT))

    assert [row[4] for row in rows] == ["Indirect provider", "Kita"]


def test_who_may_not_see_anything_gets_nothing(sign_in, settings, provider, relationship):
    settings.ROLE_RESTRICTIONS = {"view": ["global_admin"]}
    client = sign_in(member(provider.organisation, Role.SALES_AGENT))
    urls = [
        LIST,
        EXPORT,
        *(reverse(f"customers:{name}", args=[relationship.customer_id]) for name in ("row", "account")),
    ]

    assert [client.get(url).status_code for url in urls] == [403] * 4
