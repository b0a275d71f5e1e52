import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.paging import PAGE_SIZE
from activity.models import Activity
from subscriptions.models import Order, OrderDraft
from tests.factories import (
    CustomerFactory,
    OfferFactory,
    OrderFactory,
    OrderLineFactory,
    RelationshipFactory,
    ready_reseller,
)
from tests.subscriptions.order_answers import draft_for, draft_of

LIST, EXPORT, DRAFTS = (reverse(f"orders:{name}") for name in ("list", "export", "drafts"))
DAY = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def client(sign_in, provider_admin):
    return sign_in(provider_admin)


def order_of(relationship, *titles, **fields):
    order = OrderFactory(relationship=relationship, **fields)
    for title in titles or ("Office E3",):
        OrderLineFactory(order=order, offer=OfferFactory(sku_title=title, unit_price=Decimal(2000)))
    return order


@pytest.fixture
def order(relationship, provider_admin):
    return order_of(relationship, number="AAAA-BBBB-CCCC", placed_by=provider_admin.user)


@pytest.fixture
def strange_order(strange_relationship):
    return order_of(strange_relationship, number="ZZZZ-ZZZZ-ZZZZ")


def numbers(answer):
    return [row.order.number for row in answer.context["rows"]]


def rows_of(answer):
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


# The list


def test_list_shows_the_own_orders_newest_first(client, relationship, strange_order):
    for days in (3, 1, 2):
        order_of(relationship, number=f"DAY-{days}", placed_at=DAY + timedelta(days=days))

    assert numbers(client.get(LIST)) == ["DAY-3", "DAY-2", "DAY-1"]
    assert numbers(client.get(LIST, {"sort": "-placed"})) == ["DAY-1", "DAY-2", "DAY-3"]


def test_list_says_what_was_ordered_and_what_it_costs(client, order):
    OrderLineFactory(order=order, offer=OfferFactory(sku_title="Azure", billing="none", unit_price=0), licences=1)
    OrderLineFactory(order=order, offer=OfferFactory(sku_title="Third"), licences=1)

    text = client.get(LIST).content.decode()

    shown = ["AAAA-BBBB-CCCC", "Aoba", "Office E3 × 10", "<div>Azure</div>", "and 1 more", "¥21,000", "Monthly"]
    assert [words for words in shown if words not in text] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["UME", "AAAA-BBBB-CCCC"]),
        ({"q": "aoba"}, ["AAAA-BBBB-CCCC"]),
        ({"q": "AOBA.onmicrosoft"}, ["AAAA-BBBB-CCCC"]),
        ({"q": " aaaa-bbbb-cccc "}, ["AAAA-BBBB-CCCC"]),
        ({"q": "zzzz-zzzz-zzzz"}, []),
        ({"q": "nobody"}, []),
        ({"q": "a\0"}, ["UME", "AAAA-BBBB-CCCC"]),
        ({"since": "2026-03-11"}, ["UME"]),
        ({"until": "2026-03-10"}, ["AAAA-BBBB-CCCC"]),
        ({"since": "2026-03-10", "until": "2026-03-11"}, ["UME", "AAAA-BBBB-CCCC"]),
        ({"until": "9999-12-31"}, ["UME", "AAAA-BBBB-CCCC"]),
        ({"since": "0001-01-01"}, ["UME", "AAAA-BBBB-CCCC"]),
        ({"since": "nonsense"}, ["UME", "AAAA-BBBB-CCCC"]),
        ({"customer": "nonsense"}, ["UME", "AAAA-BBBB-CCCC"]),
    ],
)
def test_list_can_be_narrowed(client, provider, relationship, strange_order, query, found):
    order_of(relationship, number="AAAA-BBBB-CCCC", placed_at=DAY)
    ume = RelationshipFactory(provider=provider, customer=CustomerFactory(organisation__name="Ume"))
    order_of(ume, number="UME", placed_at=DAY + timedelta(days=1))

    assert numbers(client.get(LIST, query)) == found


def test_list_days_are_those_of_the_reader(sign_in, provider_admin, relationship):
    provider_admin.user.time_zone = "Asia/Tokyo"
    provider_admin.user.save()
    order_of(relationship, number="LATE", placed_at=datetime(2026, 3, 10, 20, tzinfo=UTC))  # the 11th in Tokyo

    client = sign_in(provider_admin)

    assert numbers(client.get(LIST, {"until": "2026-03-10"})) == []
    assert numbers(client.get(LIST, {"since": "2026-03-11", "until": "2026-03-11"})) == ["LATE"]


def test_list_says_when_the_days_are_the_wrong_way_round(client, order):
    answer = client.get(LIST, {"since": "2026-03-11", "until": "2026-03-10"})

    assert [*answer.context["filters"].errors] == ["until"]


def test_list_of_one_customer_stands_within_that_customer(client, order, relationship, provider):
    order_of(RelationshipFactory(provider=provider))

    answer = client.get(LIST, {"customer": str(relationship.customer_id)})

    assert numbers(answer) == ["AAAA-BBBB-CCCC"]
    assert [step.state for step in answer.context["steps"]] == ["", "", "current", ""]
    assert reverse("orders:add", args=[relationship.customer_id]) in answer.content.decode()


def test_list_of_a_strangers_customer_is_empty(client, order, strange_order):
    answer = client.get(LIST, {"customer": str(strange_order.customer_id)})

    assert (numbers(answer), answer.context["customer"]) == ([], None)
    assert "Fluss" not in answer.content.decode()


def test_list_says_what_to_do_next_when_it_is_empty(sign_in, provider_admin, billing_admin):
    text = sign_in(provider_admin).get(LIST).content.decode()
    looking = sign_in(billing_admin).get(LIST).content.decode()

    assert ("No orders yet" in text, text.count(reverse("orders:new"))) == (True, 2)
    assert ("No orders yet" in looking, looking.count(reverse("orders:new"))) == (True, 0)
    assert "No order matches" in sign_in(provider_admin).get(LIST, {"q": "x"}).content.decode()


def test_list_gives_htmx_the_table_alone(client, order):
    answer = client.get(LIST, headers={"HX-Request": "true"})

    assert (answer.templates[0].name, numbers(answer)) == ("orders/_table.html", ["AAAA-BBBB-CCCC"])


def test_list_pages_without_counting(client, relationship):
    for number in range(PAGE_SIZE + 2):
        order_of(relationship, number=f"N{number:02}", placed_at=DAY + timedelta(minutes=number))

    first = client.get(LIST)
    second = client.get(first.context["page"].next_url)

    assert (len(numbers(first)), numbers(second)) == (PAGE_SIZE, ["N01", "N00"])


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_as_many_queries_for_one_order_as_for_three(
    client, relationship, partnership, strange_order, django_assert_num_queries, count
):
    account = partnership.reseller.organisation.partner_accounts.get()
    for number in range(count):
        order = order_of(relationship, *["Office"] * count, number=str(number))
        order.lines.update(partner_account=account)

    with django_assert_num_queries(6):
        assert len(numbers(client.get(LIST))) == count


# Who sees what


def test_a_reseller_sees_the_orders_of_its_customers_without_prices(
    sign_in, order, reseller_admin, provider, strange_order
):
    order_of(RelationshipFactory(provider=provider, reseller=ready_reseller("Momiji")), number="OTHER")

    answer = sign_in(reseller_admin).get(LIST)

    assert numbers(answer) == ["AAAA-BBBB-CCCC"]
    assert ("¥" in answer.content.decode(), "Kita" in answer.content.decode()) == (False, True)


def test_a_customer_sees_its_own_orders_without_prices(sign_in, order, customer_admin, strange_order):
    client = sign_in(customer_admin)

    assert numbers(client.get(LIST)) == ["AAAA-BBBB-CCCC"]
    text = client.get(order.get_absolute_url()).content.decode()
    assert ("Office E3" in text, "¥" in text, "Reseller (MPN ID)" in text) == (True, False, False)


def test_prices_are_for_those_who_may_see_them(sign_in, order, helpdesk, billing_admin):
    for page in (LIST, order.get_absolute_url()):
        assert "¥" not in sign_in(helpdesk).get(page).content.decode()
        assert "¥20,000" in sign_in(billing_admin).get(page).content.decode()


def test_a_reseller_reads_its_own_mpn_id_only(sign_in, order, reseller, reseller_admin, provider_admin):
    own, other = reseller.organisation.partner_accounts.get(), ready_reseller("Momiji", number="55501")
    order.lines.update(partner_account=own)
    OrderLineFactory(order=order, partner_account=other.organisation.partner_accounts.get())

    seen = sign_in(reseller_admin).get(order.get_absolute_url()).content.decode()
    known = sign_in(provider_admin).get(order.get_absolute_url()).content.decode()

    assert ("Sakura (ID: 0012345)" in seen, "Momiji" in seen, "55501" in seen) == (True, False, False)
    assert ("Sakura (ID: 0012345)" in known, "Momiji (ID: 55501)" in known) == (True, True)


# One order


def test_detail_shows_the_order_as_it_was_submitted(client, order, subscription):
    subscription.offer.unit_price = 1
    subscription.offer.save()

    text = client.get(subscription.order_line.order.get_absolute_url()).content.decode()

    shown = [subscription.order_line.order.number, "Aoba", "aoba.onmicrosoft.com", subscription.order_line.title]
    shown += ["¥1,000", "¥10,000", subscription.get_absolute_url()]
    assert [words for words in shown if words not in text] == []


def test_detail_of_a_strangers_order_is_not_found(client, strange_order, order, sign_in, stranger):
    assert client.get(strange_order.get_absolute_url()).status_code == 404
    assert sign_in(stranger).get(order.get_absolute_url()).status_code == 404


def test_detail_of_a_customer_that_was_taken_from_the_reseller_is_not_found(sign_in, order, reseller_admin):
    order.relationship.ended_at = datetime(2026, 1, 1, tzinfo=UTC)
    order.relationship.save()

    assert sign_in(reseller_admin).get(order.get_absolute_url()).status_code == 404


# The file


def test_export_has_the_lines_of_what_is_on_screen(client, order, reseller, relationship, strange_order):
    order_of(relationship, number="LATER", placed_at=datetime(2100, 1, 1, tzinfo=UTC))
    order.lines.update(partner_account=reseller.organisation.partner_accounts.get())
    Order.objects.filter(pk=order.pk).update(placed_at=DAY)

    header, *found = rows_of(client.get(EXPORT, {"until": "2026-03-10"}))

    assert dict(zip(header, found[0], strict=True)) == {
        "Order number": "AAAA-BBBB-CCCC",
        "Company name": "Aoba",
        "Primary domain name": "aoba.onmicrosoft.com",
        "Submitted": "2026-03-10 12:00:00 +0000",
        "Submitted by": order.placed_by.name,
        "Subscription": "Office E3",
        "Term": "1 year",
        "Billing frequency": "Monthly",
        "Licenses": "10",
        "Unit price": "2000",
        "Currency": "JPY",
        "Total": "20000",
        "Charged at Submit": "20000",
        "Indirect reseller": "Sakura",
        "MPN ID": "0012345",
    }
    assert len(found) == 1


def test_export_has_no_prices_for_a_reseller(sign_in, order, reseller_admin):
    header, row = rows_of(sign_in(reseller_admin).get(EXPORT))

    assert (
        [name for name in header if name in ("Unit price", "Total", "Charged at Submit")],
        row[-2:],
    ) == ([], ["", ""])


def test_export_has_no_credit_for_a_customer(sign_in, order, customer_admin):
    header, _row = rows_of(sign_in(customer_admin).get(EXPORT))

    assert header[-1] == "Licenses"


def test_export_is_remembered(client, order, provider_admin):
    client.get(EXPORT, {"q": "aoba"})

    activity = Activity.objects.get()
    assert (activity.verb, activity.actor, activity.target) == ("exported", provider_admin.user, "Orders")
    assert activity.details == {"path": f"{EXPORT}?q=aoba"}


# Unfinished orders


def test_drafts_are_offered_again_to_colleagues(client, sales_agent, relationship, stranger):
    draft_of(stranger, company_name="Geheim")
    draft = draft_of(sales_agent)
    existing = draft_for(sales_agent, relationship.customer)

    answer = client.get(DRAFTS)

    assert answer.context["drafts"] == [existing, draft]
    text = answer.content.decode()
    shown = ["株式会社さくら", "Aoba", sales_agent.user.name, draft.get_absolute_url(), existing.get_absolute_url()]
    assert [words for words in shown if words not in text] == []
    assert "Geheim" not in text


def test_drafts_come_as_a_notice_for_other_pages(client, sales_agent):
    for _each in range(6):
        draft_of(sales_agent)

    answer = client.get(DRAFTS, headers={"HX-Request": "true"})

    assert (answer.templates[0].name, len(answer.context["drafts"])) == ("orders/_drafts.html", 5)


def test_drafts_page_on_in_place(client, sales_agent):
    draft_of(sales_agent)

    answer = client.get(DRAFTS, headers={"HX-Request": "true", "HX-Target": "results"})

    assert (answer.templates[0].name, len(answer.context["drafts"])) == ("orders/_draft_page.html", 1)


def test_drafts_without_a_name_can_be_told_from_the_rest(client, sales_agent):
    draft_of(sales_agent, company_name="")

    assert "New customer" in client.get(DRAFTS).content.decode()


def test_drafts_are_for_those_who_may_place_orders(sign_in, sales_agent, billing_admin, reseller_admin, customer_admin):
    draft_of(sales_agent)

    for member in (billing_admin, reseller_admin, customer_admin):
        notice = sign_in(member).get(DRAFTS, headers={"HX-Request": "true"})
        assert (notice.status_code, notice.content.strip()) == (200, b"")
        assert "No unfinished orders" in sign_in(member).get(DRAFTS).content.decode()
    assert OrderDraft.objects.count() == 1


@pytest.mark.parametrize("count", [1, 3])
def test_drafts_take_as_many_queries_for_one_as_for_three(client, sales_agent, django_assert_num_queries, count):
    for _each in range(count):
        draft_of(sales_agent)

    with django_assert_num_queries(3):
        assert len(client.get(DRAFTS).context["drafts"]) == count
