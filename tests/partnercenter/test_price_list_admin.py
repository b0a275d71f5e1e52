"""The operator's pages of a price list: upload, look, apply; and who may."""

import io
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import Permission as DjangoPermission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from partnercenter.admin import price_list as pages
from subscriptions.models import Offer, PriceListImport
from subscriptions.price_list import apply as price_list_apply
from subscriptions.price_list import check as price_list_check
from tests.factories import OfferFactory, UserFactory
from tests.pages import rows_of
from tests.subscriptions.price_lists import applied, checked, file_of, line, uploaded, utc, zip_of

LIST = reverse("admin:subscriptions_pricelistimport_changelist")
ADD = reverse("admin:subscriptions_pricelistimport_add")


def page(price_list, name="admin:subscriptions_pricelistimport_change"):
    return reverse(name, args=[price_list.pk])


def apply_of(price_list):
    return page(price_list, "admin:price_list_apply")


def errors_of(price_list):
    return page(price_list, "admin:price_list_errors")


def clerk(*codenames):
    user = UserFactory(is_staff=True)
    permissions = DjangoPermission.objects.filter(codename__in=[f"{name}_pricelistimport" for name in codenames])
    user.user_permissions.set(permissions)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator(db):
    user = UserFactory(email="operator@portal.example", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    client.user = user
    return client


def post_file(client, content, name="Prices.csv"):
    return client.post(ADD, {"file": SimpleUploadedFile(name, content)})


def test_a_file_is_uploaded_and_its_page_says_how_far_it_is(operator):
    response = post_file(operator, file_of(line()).getvalue())

    price_list = PriceListImport.objects.get()
    assert response["Location"] == page(price_list)
    assert (price_list.state, price_list.file_name, price_list.uploaded_by) == ("uploaded", "Prices.csv", operator.user)
    shown = operator.get(page(price_list))
    assert (shown["Refresh"], shown.context["groups"], shown.context["may_apply"]) == ("2", [], False)
    assert "This page reloads every two seconds." in shown.text
    price_list_apply.check(price_list.pk)
    assert "Refresh" not in operator.get(page(price_list))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The submitted file is empty."),
        (zip_of({"a": b"1", "b": b"2"}).getvalue(), "The ZIP file must contain one file, the price list."),
        (b"PK\x03\x04", "The ZIP file is damaged or protected by a password."),
    ],
)
def test_a_file_that_is_none_is_refused_beside_its_field(operator, content, sentence):
    response = post_file(operator, content)

    assert (response.status_code, response.context["form"].errors) == (200, {"file": [sentence]})
    assert PriceListImport.objects.count() == 0


def test_a_form_without_a_file_says_so(operator):
    assert operator.post(ADD).context["form"].errors == {"file": ["This field is required."]}
    assert operator.get(ADD).context["form"].errors == {}


def test_the_preview_shows_each_group_and_applies(operator):
    applied(line(), line(sku="0002", SkuTitle="Old plan"), line(sku="0004"))
    price_list = checked(line(price="4.50"), line(sku="0003", SkuTitle="<New> plan"), line(sku="0004"))

    response = operator.get(page(price_list))

    assert [(name, count, len(rows)) for name, count, rows in response.context["groups"]] == [
        *[("New", 1, 1), ("Changed", 1, 1), ("Withdrawn", 1, 1)],
    ]
    for text in ("&lt;New&gt; plan", "Old plan", "€4.20", "€4.50", "Jan 1, 2025", 'value="Apply"'):
        assert text in response.text
    assert operator.post(apply_of(price_list))["Location"] == page(price_list)
    price_list.refresh_from_db()
    assert (price_list.state, price_list.applied_by) == ("applying", operator.user)
    price_list_apply.apply(price_list.pk)
    response = operator.get(page(price_list))
    assert (response.context["groups"], response.context["may_apply"]) == ([], False)
    assert "Applied" in response.text


def test_a_list_that_a_newer_one_has_overtaken_says_so(operator):
    old = checked(line(price="4"))
    address, shown = page(old), operator.get(page(old))
    applied(line(price="5"))

    response = operator.get(address)
    sentence = (
        "“prices.csv”, which was uploaded later, has been applied. This one would put back what it has changed; "
        "upload it again if that is wanted."
    )

    assert (shown.context["may_apply"], shown.context["reasons"]) == (True, [])
    assert (response.context["may_apply"], response.context["reasons"]) == (False, [sentence])
    assert (sentence in response.text, 'value="Apply"' in response.text) == (True, False)
    response = operator.post(apply_of(old), follow=True)
    assert [str(each) for each in response.context["messages"]] == [sentence]


def test_long_groups_are_cut(operator, monkeypatch):
    monkeypatch.setattr(pages, "MOST_SHOWN", 2)
    price_list = checked(*[line(sku=f"000{number}") for number in range(3)])

    response = operator.get(page(price_list))

    assert [(name, count, len(rows)) for name, count, rows in response.context["groups"]] == [("New", 3, 2)]
    assert "These are the first 2." in response.text


def test_problems_are_paged_and_downloaded_and_keep_it_from_being_applied(operator, monkeypatch):
    monkeypatch.setattr(pages, "PROBLEMS_A_PAGE", 2)
    price_list = checked(line(price="=1+1", Market="XX"), line(sku="0002", Tags="Limit:0"))

    first, second = operator.get(page(price_list)), operator.get(page(price_list), {"p": "2"})

    assert [each.column for each in first.context["problems"]] == ["Market", "UnitPrice"]
    assert [each.column for each in second.context["problems"]] == ["Tags"]
    assert "“XX” is not known here." in first.text
    assert 'href="?p=2"' in first.text
    assert (first.context["may_apply"], 'value="Apply"' in first.text) == (False, False)
    assert rows_of(operator.get(errors_of(price_list))) == [
        ["Line", "Column", "Value", "Problem"],
        ["2", "Market", "XX", "“XX” is not known here."],
        ["2", "UnitPrice", "'=1+1", "“=1+1” is not a price. Use digits and a decimal point, such as 1234.50."],
        [
            *("3", "Tags", "Limit:0"),
            "The tag “Limit:0” is not one of Requires:, UpgradesTo:, ConvertsTo: (product ID:SKU ID) and Limit:.",
        ],
    ]
    response = operator.post(apply_of(price_list), follow=True)
    assert [str(each) for each in response.context["messages"]] == [
        "A price list is applied when no line of it is wrong."
    ]
    assert Offer.objects.count() == 0


def test_more_problems_than_are_kept_are_mentioned(operator, monkeypatch):
    for module in (pages, price_list_check):
        monkeypatch.setattr(module, "MOST_PROBLEMS", 1)

    response = operator.get(page(checked(line(price=""), line(sku="0002", price=""))))

    assert "Only the first 1 are listed." in response.text


def test_what_failed_says_why(operator):
    price_list = uploaded(line())
    price_list_apply._fail(price_list.pk, "fault")

    assert "Something went wrong on our side" in operator.get(page(price_list)).text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_cost_the_same_however_long_the_list_is(operator, django_assert_max_num_queries, language):
    operator.user.language = language
    operator.user.save()
    short = checked(line())
    long = checked(*[line(sku=f"{number:04d}", Tags="Limit:0" if number % 2 else "") for number in range(200)])

    for price_list in (short, long):
        with translation.override(language), django_assert_max_num_queries(12):
            assert len(operator.get(page(price_list)).content) < 60_000


def test_reading_writes_nothing(operator):
    price_list = checked(line())
    before = PriceListImport.objects.values().get()

    for address in (LIST, ADD, page(price_list), errors_of(price_list)):
        assert operator.get(address).status_code == 200
    assert operator.get(apply_of(price_list)).status_code == 405

    assert PriceListImport.objects.values().get() == before
    assert operator.post(page(price_list), {"state": "applied"}).status_code == 403
    assert operator.post(errors_of(price_list)).status_code == 405
    assert PriceListImport.objects.values().get() == before


def test_what_is_not_there_is_not_found(operator):
    for name in ("admin:subscriptions_pricelistimport_change", "admin:price_list_errors"):
        assert operator.get(reverse(name, args=[0])).status_code == 404
    assert operator.get(f"{LIST}nonsense/change/").status_code == 404
    assert operator.post(reverse("admin:price_list_apply", args=[0])).status_code == 404


def test_who_may_look_may_not_upload_nor_apply(db):
    price_list, client = checked(line()), clerk("view")

    assert [client.get(address).status_code for address in (LIST, page(price_list), errors_of(price_list))] == [200] * 3
    assert 'value="Apply"' not in client.get(page(price_list)).text
    assert client.get(ADD).status_code == 403
    assert post_file(client, b"x").status_code == 403
    assert client.post(apply_of(price_list)).status_code == 403
    assert PriceListImport.objects.get().state == "checked"


def test_clerks_with_the_right_do_it(db):
    client = clerk("view", "add", "change")

    assert post_file(client, file_of(line()).getvalue()).status_code == 302
    price_list = PriceListImport.objects.get()
    price_list_apply.check(price_list.pk)
    assert client.post(apply_of(price_list)).status_code == 302
    assert PriceListImport.objects.get().state == "applying"


def test_nobody_else_gets_in(provider_admin, sign_in):
    price_list = checked(line())
    addresses = (LIST, ADD, page(price_list), errors_of(price_list))

    for client in (sign_in(provider_admin), clerk()):
        assert {client.get(address, follow=True).status_code for address in addresses} == {403}
        assert client.post(apply_of(price_list), follow=True).status_code in (403, 405)
        post_file(client, b"x")
    visitor = Client().get(page(price_list), follow=True)
    assert unquote(visitor.redirect_chain[-1][0]) == f"/accounts/login/?next={page(price_list)}"
    assert PriceListImport.objects.get().state == "checked"


def test_an_upload_is_read_from_where_it_is_kept(operator, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    content = io.BytesIO(file_of(line()).getvalue())

    post_file(operator, content.read(), "x" * 150 + ".csv")

    price_list = PriceListImport.objects.get()
    price_list_apply.check(price_list.pk)
    price_list.refresh_from_db()
    assert (price_list.state, price_list.new) == ("checked", 1)


# Line by line


OFFER = {
    "product_title": "Mail",
    "product_id": "CFQ7",
    "sku_id": "0001",
    "sku_title": "Mail",
    "publisher": "Microsoft",
    "term": "P1Y",
    "billing": "monthly",
    "market": "JP",
    "currency": "JPY",
    "unit_price": "1",
    "erp_price": "2",
    "min_licences": "1",
    "segment": "commercial",
    "category": "enterprise",
    "effective_from_1": "00:00",
    "effective_to_0": "9999-12-31",
    "effective_to_1": "00:00",
}


def test_an_offer_that_overlaps_another_is_refused(operator):
    address = reverse("admin:subscriptions_offer_add")

    first = operator.post(address, OFFER | {"effective_from_0": "2025-01-01"})
    second = operator.post(address, OFFER | {"effective_from_0": "2026-01-01"})

    assert (first.status_code, second.status_code, Offer.objects.count()) == (302, 200, 1)
    assert second.context["errors"] == [["Another line of the price list says what this costs in the same period."]]


def test_an_offer_whose_period_would_grow_into_the_next_is_refused(operator):
    first = OfferFactory(effective_to=utc(2026, 1, 1))
    OfferFactory(product_id=first.product_id, effective_from=utc(2026, 1, 1))
    address = reverse("admin:subscriptions_offer_change", args=[first.pk])

    answers = [
        operator.post(address, OFFER | {"effective_to_0": day}).status_code for day in ("2026-01-02", "2025-12-31")
    ]

    first.refresh_from_db()
    assert (answers, first.effective_to) == ([200, 302], utc(2025, 12, 31))
