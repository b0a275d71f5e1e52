import pytest
from django.urls import reverse

from accounts.paging import PAGE_SIZE
from accounts.roles import Role
from activity.models import Activity
from subscriptions.models import Markup
from tests.factories import MarkupFactory, OfferFactory, member
from tests.pages import rows_of
from tests.refusals import codes_on

LIST = reverse("subscriptions:markups")
EXPORT = reverse("subscriptions:markups_export")
ADD = reverse("subscriptions:markup_add")


def edit(markup):
    return reverse("subscriptions:markup_edit", args=[markup.pk])


def remove(markup):
    return reverse("subscriptions:markup_remove", args=[markup.pk])


@pytest.fixture
def markup(partnership):
    OfferFactory(product_id="CFQ7", sku_id="0001", product_title="Mail", sku_title="Mail plan")
    return MarkupFactory(
        provider=partnership.provider, reseller=partnership.reseller, product_id="CFQ7", sku_id="0001", percent="12.50"
    )


def shown(response):
    return [(row.title, str(row.markup.reseller or ""), f"{row.markup.percent:f}") for row in response.context["rows"]]


def test_list_has_the_providers_markups_and_says_which_counts(sign_in, provider_admin, markup, stranger):
    MarkupFactory(provider=markup.provider, product_id="CFQ7", percent=5)
    MarkupFactory(provider=markup.provider, percent=10)
    MarkupFactory(provider=markup.provider, product_id="GONE", percent=1)
    MarkupFactory(provider=stranger.organisation.provider, percent=99)

    page = sign_in(provider_admin).get(LIST)

    assert shown(page) == [
        ("Everything", "", "10.00"),
        ("Mail", "", "5.00"),
        ("Mail plan", "Sakura", "12.50"),
        ("", "", "1.00"),
    ]
    for text in ("the most specific one counts", "purchases and renewals from then on", "12.5%", "CFQ7:0001", "GONE"):
        assert text in page.text


def test_empty_list_says_what_to_do_to_who_may(sign_in, provider_admin, sales_agent):
    pages = [sign_in(each).get(LIST).text for each in (provider_admin, sales_agent)]

    assert [page.count(f'href="{ADD}"') for page in pages] == [2, 0]
    assert ["Resellers pay what you pay." in page for page in pages] == [True, True]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "saku"}, ["12.50"]),
        ({"q": "cfq7"}, ["12.50", "5.00"]),
        ({"q": "cfq7 sakura"}, ["12.50"]),
        ({"q": "nobody"}, []),
        ({"sort": "markup"}, ["3.00", "5.00", "12.50"]),
        ({"sort": "-markup"}, ["12.50", "5.00", "3.00"]),
        ({"sort": "reseller"}, ["5.00", "3.00", "12.50"]),
        ({"sort": "changed"}, ["3.00", "5.00", "12.50"]),
    ],
)
def test_list_is_searched_and_sorted(sign_in, provider_admin, markup, query, expected):
    MarkupFactory(provider=markup.provider, product_id="CFQ7", percent=5)
    MarkupFactory(provider=markup.provider, product_id="DG7G", percent=3)

    rows = [percent for _title, _reseller, percent in shown(sign_in(provider_admin).get(LIST, query))]

    assert sorted(rows) == sorted(expected) if "q" in query else rows == expected


def test_what_is_not_found_leads_to_all(sign_in, provider_admin, markup):
    page = sign_in(provider_admin).get(LIST, {"q": "x"}, headers={"HX-Request": "true"})

    assert page.templates[0].name == "subscriptions/_markups_table.html"
    assert "No markup matches what you are looking for." in page.text
    assert f'href="{EXPORT}?q=x" data-hx-swap-oob="true"' in page.text


def test_pages_follow_each_other(sign_in, provider_admin, provider):
    for number in range(PAGE_SIZE + 1):
        MarkupFactory(provider=provider, product_id=f"P{number:03}", percent=number)
    client = sign_in(provider_admin)

    for sort in ("product", "reseller", "-markup", "changed"):
        first = client.get(LIST, {"sort": sort})
        second = client.get(first.context["page"].next_url)

        assert len({percent for _title, _who, percent in shown(first) + shown(second)}) == PAGE_SIZE + 1


def test_list_costs_the_same_for_one_row_and_three(sign_in, provider_admin, markup, django_assert_num_queries):
    client = sign_in(provider_admin)

    with django_assert_num_queries(5):
        client.get(LIST)
    OfferFactory(product_id="CFQ8")
    MarkupFactory(provider=markup.provider, product_id="CFQ8")
    MarkupFactory(provider=markup.provider, reseller=markup.reseller, product_id="CFQ8")
    with django_assert_num_queries(5):
        assert len(shown(client.get(LIST))) == 3


def test_export_has_what_the_list_has(sign_in, provider_admin, markup):
    MarkupFactory(provider=markup.provider, set_by=provider_admin.user)

    rows = rows_of(sign_in(provider_admin).get(EXPORT))

    assert rows[0] == [
        *("Indirect reseller", "Microsoft ID", "Product ID", "SKU ID", "Product"),
        *("Markup", "Changed", "Changed by"),
    ]
    assert [row[:6] for row in rows[1:]] == [
        ["All", "", "", "", "Everything", "10.00"],
        ["Sakura", str(markup.reseller_id), "CFQ7", "0001", "Mail plan", "12.50"],
    ]
    assert rows[1][7] == "global-admin@kita.example"
    assert Activity.objects.get(verb="exported").target == "Markups"


# Adding


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ({"percent": "10"}, (None, "", "", "10.00")),
        ({"percent": "-100"}, (None, "", "", "-100.00")),
        ({"percent": "1000"}, (None, "", "", "1000.00")),
        ({"percent": "12.34", "item": " cfq7 "}, (None, "CFQ7", "", "12.34")),
        ({"percent": "0", "item": "cfq7:0001"}, (None, "CFQ7", "0001", "0.00")),
        ({"percent": "１２", "item": "CFQ7 : 0001"}, (None, "CFQ7", "0001", "12.00")),
    ],
)
def test_what_is_typed_is_stored(sign_in, provider_admin, typed, stored):
    OfferFactory(product_id="CFQ7", sku_id="0001")

    response = sign_in(provider_admin).post(ADD, typed)

    assert (response.status_code, response["Location"]) == (302, LIST)
    markup = Markup.objects.get()
    assert (markup.reseller, markup.product_id, markup.sku_id, f"{markup.percent:.2f}") == stored


def test_for_one_reseller(sign_in, provider_admin, partnership):
    client = sign_in(provider_admin)

    page = client.post(ADD, {"percent": "5", "reseller": str(partnership.reseller_id)}, follow=True)

    assert Markup.objects.get().reseller == partnership.reseller
    assert "The markup is set, for purchases and renewals from now on." in page.text


@pytest.mark.parametrize(
    ("typed", "refusals"),
    [
        ({"percent": ""}, {"percent": ["required"]}),
        ({"percent": "much"}, {"percent": ["invalid"]}),
        ({"percent": "-100.01"}, {"percent": ["min_value"]}),
        ({"percent": "1000.01"}, {"percent": ["max_value"]}),
        ({"percent": "1.234"}, {"percent": ["max_decimal_places"]}),
        ({"percent": "NaN"}, {"percent": ["invalid"]}),
        ({"percent": "1", "item": "NOTHING"}, {"item": ["item_unknown"]}),
        ({"percent": "1", "item": "CFQ7:0002"}, {"item": ["item_unknown"]}),
        ({"percent": "1", "item": "ABROAD"}, {"item": ["item_unknown"]}),
        ({"percent": "1", "item": ":0001"}, {"item": ["item_unknown"]}),
        ({"percent": "1", "item": "C" * 62}, {"item": ["max_length"]}),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_wrong_is_said_beside_its_field_and_stays_typed(sign_in, provider_admin, typed, refusals, language):
    OfferFactory(product_id="CFQ7", sku_id="0001")
    OfferFactory(product_id="ABROAD", market="DE")
    provider_admin.user.language = language
    provider_admin.user.save()

    page = sign_in(provider_admin).post(ADD, typed)

    assert codes_on(page) == refusals
    assert {name: page.context["form"][name].value() or "" for name in typed} == typed
    assert Markup.objects.count() == 0


def test_a_strangers_reseller_is_refused(sign_in, provider_admin, partnership, strange_relationship):
    page = sign_in(provider_admin).post(ADD, {"percent": "5", "reseller": str(strange_relationship.reseller_id)})

    assert codes_on(page) == {"reseller": ["invalid_choice"]}
    assert Markup.objects.count() == 0


def test_the_same_twice_is_refused(sign_in, provider_admin, markup):
    typed = {"percent": "5", "reseller": str(markup.reseller_id), "item": "CFQ7:0001"}

    page = sign_in(provider_admin).post(ADD, typed)

    assert codes_on(page) == {"__all__": ["markup_exists"]}
    assert page.context["form"]["item"].value() == "CFQ7:0001"
    assert "There is a markup for exactly this already. Change that one." in page.text


def test_price_list_brings_product_and_reseller_along(sign_in, provider_admin, partnership):
    page = sign_in(provider_admin).get(ADD, {"item": "CFQ7:0001", "reseller": str(partnership.reseller_id)})

    assert 'value="CFQ7:0001"' in page.text
    assert f'<option value="{partnership.reseller_id}" selected>' in page.text


# Changing and removing


def test_another_percentage_is_set(sign_in, provider_admin, markup):
    client = sign_in(provider_admin)
    page = client.get(edit(markup))

    response = client.post(edit(markup), {"percent": "7.5"})

    markup.refresh_from_db()
    assert (response["Location"], f"{markup.percent:f}", markup.set_by) == (LIST, "7.50", provider_admin.user)
    for text in ("Mail plan", "Sakura", 'value="12.50"'):
        assert text in page.text


def test_a_wrong_percentage_is_refused(sign_in, provider_admin, markup):
    page = sign_in(provider_admin).post(edit(markup), {"percent": "-101"})

    markup.refresh_from_db()
    assert codes_on(page) == {"percent": ["min_value"]}
    assert f"{markup.percent:f}" == "12.50"


def test_removing_lets_it_count_no_more(sign_in, provider_admin, markup):
    page = sign_in(provider_admin).post(remove(markup), follow=True)

    assert Markup.objects.count() == 0
    assert "The markup is removed." in page.text
    assert Activity.objects.get(verb="markup_changed").details["old"] == "+12.50 %"


def test_removing_needs_a_post(sign_in, provider_admin, markup):
    assert sign_in(provider_admin).get(remove(markup)).status_code == 405


@pytest.mark.parametrize("act", [edit, remove])
def test_what_a_colleague_removes_meanwhile_is_refused(sign_in, provider_admin, markup, monkeypatch, act):
    """Between reading it and holding it: nothing of ours is imitated, the row goes at that very moment."""
    from subscriptions import markups

    held = markups._held

    def too_late(row):
        Markup.objects.filter(pk=row.pk).delete()
        return held(row)

    monkeypatch.setattr(markups, "_held", too_late)

    page = sign_in(provider_admin).post(act(markup), {"percent": "3"}, follow=True)

    assert "This markup was removed meanwhile." in page.text


# Who may


@pytest.mark.parametrize("url", [LIST, EXPORT])
def test_markups_are_seen_by_who_sees_prices(sign_in, provider, provider_admin, reseller_admin, customer_admin, url):
    people = [member(provider.organisation, role) for role in Role]

    answers = [sign_in(each).get(url).status_code for each in (*people, reseller_admin, customer_admin)]

    assert answers == [200, 403, 200, 200, 403, 200, 404, 404]


@pytest.mark.parametrize("act", ["add", "edit", "remove"])
def test_markups_are_set_by_who_may(sign_in, provider, markup, reseller_admin, customer_admin, stranger, act):
    address = {"add": ADD, "edit": edit(markup), "remove": remove(markup)}[act]
    typed = {"percent": "much", "item": "NOTHING"}
    people = [member(provider.organisation, role) for role in Role if role != Role.GLOBAL_ADMIN]

    answers = [sign_in(each).post(address, typed).status_code for each in (*people, reseller_admin, customer_admin)]

    done = 302 if act == "remove" else 200
    again = 404 if act == "remove" else 200
    assert answers == [403, done, 403, 403, again, 404, 404]
    assert sign_in(stranger).post(address, typed).status_code == (200 if act == "add" else 404)
