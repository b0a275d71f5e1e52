import uuid

import pytest
from django.urls import reverse

from accounts.roles import Role
from customers.models import Customer, Relationship
from subscriptions.models import Order, OrderDraft, Subscription
from tests.factories import CustomerFactory, OfferFactory, PartnershipFactory, member, ready_reseller
from tests.refusals import codes, codes_on
from tests.subscriptions.order_answers import (
    account,
    chosen,
    draft_for,
    draft_of,
    line,
    log,
    rows,
    submit,
    submit_added,
    url,
)

NEW = "/orders/new/"


@pytest.fixture
def offer(db):
    return OfferFactory(sku_title="Office E3", unit_price=2000, max_licences=300)


@pytest.fixture
def client(sign_in, sales_agent):
    return sign_in(sales_agent)


def messages(answer):
    return [str(message) for message in answer.wsgi_request._messages]


# New customer


def test_new_preselects_the_reseller_of_the_list(client, partnership, reseller):
    page = client.get(NEW, {"reseller": str(reseller.pk)})

    assert f'<option value="{reseller.pk}" selected>Sakura</option>' in page.content.decode()


@pytest.mark.parametrize("wanted", ["x", "00000000-0000-0000-0000-000000000000"])
def test_new_ignores_a_reseller_that_it_does_not_offer(client, wanted):
    assert "selected>Sakura" not in client.get(NEW, {"reseller": wanted}).content.decode()


def test_new_writes_nothing_before_next(client):
    client.get(NEW)

    assert OrderDraft.objects.count() == 0


def test_new_keeps_what_was_typed_as_it_was_typed(client, partnership, reseller):
    typed = account(reseller, company_name=" 株式会社　さくら ", postal_code="１００－０００５")

    answer = client.post(NEW, typed | {"action": "next"})

    draft = OrderDraft.objects.get()
    assert answer["Location"] == url("subscriptions", draft)
    assert draft.account == typed


def test_new_shows_every_error_beside_its_field_and_keeps_the_rest(client):
    answer = client.post(NEW, account(company_name="", postal_code="1", first_name="", email="x@microsoft.com"))

    assert codes_on(answer) == {
        "company_name": ["required"],
        "postal_code": ["postal_code"],
        "first_name": ["required"],
        "email": ["partner_email"],
    }
    assert (answer.context["form"]["city"].value(), OrderDraft.objects.count()) == ("千代田区", 0)


def test_new_refuses_a_domain_that_somebody_has(client):
    CustomerFactory(primary_domain="SAKURA.onmicrosoft.com")

    assert codes_on(client.post(NEW, account())) == {"domain_prefix": ["domain_taken"]}


def test_new_twice_begins_one_draft(client):
    code = str(uuid.uuid4())

    for name in ("株式会社さくら", "株式会社うめ"):
        client.post(NEW, account(code=code, company_name=name))

    assert list(OrderDraft.objects.values_list("code", "account__company_name")) == [(uuid.UUID(code), "株式会社うめ")]


def test_new_again_after_submit_leads_to_what_came_of_it(client, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    submit(client, draft)

    answer = client.post(NEW, account(code=str(draft.code), domain_prefix="ume"), follow=True)

    assert answer.redirect_chain[-1][0] == url("confirmation", draft)
    assert OrderDraft.objects.get().account == {}


@pytest.mark.parametrize("code", ["x", "stranger's"])
def test_new_with_the_code_of_another_order_is_not_found(client, stranger, code):
    strange = draft_of(stranger)

    answer = client.post(NEW, account(code=code if code == "x" else str(strange.code)))

    assert (answer.status_code, OrderDraft.objects.count()) == (404, 1)


def test_new_refuses_a_strangers_reseller(client, strange_relationship):
    answer = client.post(NEW, account(strange_relationship.reseller))

    assert codes_on(answer) == {"reseller": ["invalid_choice"]}


def test_update_follows_the_country_without_complaining(sign_in, stranger):
    client = sign_in(stranger)

    answer = client.post(NEW, {"country": "IT", "company_name": "Fiume", "city": "Roma", "action": "update"})

    form = answer.context["form"]
    assert (form.is_bound, form.country_code, form["city"].value()) == (False, "IT", "Roma")
    assert OrderDraft.objects.count() == 0


def test_account_of_a_draft_is_filled_in(client, sales_agent):
    draft = draft_of(sales_agent, company_name="株式会社うめ")

    page = client.get(url("account", draft))

    assert page.context["form"]["company_name"].value() == "株式会社うめ"
    assert codes_on(page) == {}


def test_account_keeps_even_what_is_wrong(client, sales_agent):
    draft = draft_of(sales_agent)

    answer = client.post(url("account", draft), account(city="", first_name="花\0子"))

    assert (answer.status_code, codes_on(answer)) == (200, {"city": ["required"]})
    kept = OrderDraft.objects.get().account
    assert (kept["city"], kept["first_name"]) == ("", "花子")
    assert client.get(url("draft", draft))["Location"] == url("account", draft)


def test_account_goes_on_when_it_is_right(client, sales_agent):
    draft = draft_of(sales_agent)

    answer = client.post(url("account", draft), account(city="港区", action="next"))

    assert (answer["Location"], OrderDraft.objects.get().account["city"]) == (url("subscriptions", draft), "港区")


def test_account_update_follows_the_country(sign_in, stranger):
    draft = draft_of(stranger, country="DE")

    answer = sign_in(stranger).post(url("account", draft), account(country="IE", action="update"))

    assert answer.context["form"].country_code == "IE"


def test_account_of_an_existing_customer_is_not_asked_for(client, sales_agent, relationship):
    draft = draft_for(sales_agent, relationship.customer)

    assert client.get(url("account", draft))["Location"] == url("draft", draft)


# New subscription


def test_everything_in_one_post_without_javascript(client, sales_agent, partnership, reseller):
    draft = draft_of(sales_agent, reseller=reseller)
    first, second = OfferFactory(sku_title="A"), OfferFactory(sku_title="B")
    ticked = {
        "offer": [str(first.code), str(second.code)],
        f"{first.code}-licences": "3",
        f"{second.code}-licences": "4",
        "reseller": "0012345",
        "action": "next",
    }

    answer = client.post(url("subscriptions", draft), ticked)

    assert answer["Location"] == url("review", draft)
    assert OrderDraft.objects.get().lines == [line(first, 3, "0012345"), line(second, 4, "0012345")]


def test_update_total_keeps_the_search_and_what_was_chosen(client, sales_agent, offer):
    draft = draft_of(sales_agent)

    answer = client.post(url("subscriptions", draft), chosen(offer, action="update", q="テスト", category="trial"))

    assert answer["Location"] == f"{url('subscriptions', draft)}?q=%E3%83%86%E3%82%B9%E3%83%88&category=trial"
    assert OrderDraft.objects.get().lines == [line(offer)]


def test_remove_takes_one_line_away(client, sales_agent, offer):
    other = OfferFactory()
    draft = draft_of(sales_agent, line(offer), line(other))

    client.post(url("subscriptions", draft), chosen(offer, other, remove=str(offer.code)))

    assert OrderDraft.objects.get().lines == [line(other)]


def test_back_keeps_what_was_chosen(client, sales_agent, offer):
    draft = draft_of(sales_agent)

    answer = client.post(url("subscriptions", draft), chosen(offer, action="back"))

    assert (answer["Location"], OrderDraft.objects.get().lines) == (url("account", draft), [line(offer)])


def test_next_without_a_subscription_says_so(client, sales_agent):
    draft = draft_of(sales_agent)

    answer = client.post(url("subscriptions", draft), {"action": "next"})

    assert (answer.status_code, answer.context["problems"]) == (200, ["Select at least one subscription."])


def test_next_shows_every_error_beside_its_field(client, sales_agent, offer):
    draft, other = draft_of(sales_agent), OfferFactory()
    typed = chosen(offer, other, action="next") | {f"{offer.code}-licences": "301", f"{other.code}-mpn_id": "999"}

    answer = client.post(url("subscriptions", draft), typed)

    first, second = answer.context["basket"].lines
    assert ([*first.errors], [*second.errors]) == (["licences"], ["mpn_id"])
    text = answer.content.decode()
    assert f'<a href="#id_{offer.code}-licences">Office E3 allows at most 300 licenses.</a>' in text
    assert OrderDraft.objects.get().lines == [line(offer, "301"), line(other, mpn_id="999")]


def test_a_strangers_offer_in_post_is_refused(client, sales_agent, stranger):
    draft, strange = draft_of(sales_agent), OfferFactory(market="DE", sku_title="Geheim")

    answer = client.post(url("subscriptions", draft), chosen(strange, action="next"))

    assert answer.context["problems"] == ["An offer that you selected is not in your price list."]
    assert "Geheim" not in answer.content.decode()


def test_prices_are_for_those_who_may_see_them(sign_in, sales_agent, provider, offer):
    draft = draft_of(sales_agent, line(offer))
    user_admin = sign_in(member(provider.organisation, Role.USER_ADMIN))

    for page in ("subscriptions", "review"):
        assert "¥2,000" in sign_in(sales_agent).get(url(page, draft)).content.decode()
        assert "¥" not in user_admin.get(url(page, draft)).content.decode()


@pytest.mark.parametrize(
    ("target", "templates"),
    [
        ("total", ["orders/_total.html"]),
        ("order", ["orders/_order.html"]),
        ("catalogue", ["orders/_catalogue.html"]),
        ("", ["orders/subscriptions.html"]),
    ],
)
def test_htmx_gets_the_part_that_it_asks_for(client, sales_agent, offer, target, templates):
    draft = draft_of(sales_agent)

    answer = client.post(
        url("subscriptions", draft), chosen(offer), headers={"HX-Request": "true", "HX-Target": target}
    )

    assert [answer.templates[0].name] == templates
    assert answer["HX-Replace-Url"] == url("subscriptions", draft)
    assert OrderDraft.objects.get().lines == [line(offer)]


def test_a_ticked_offer_brings_the_cursor_to_its_licences(client, sales_agent, offer):
    draft = draft_of(sales_agent)
    headers = {"HX-Request": "true", "HX-Target": "order", "HX-Trigger": f"offer-{offer.code}"}

    answer = client.post(url("subscriptions", draft), chosen(offer), headers=headers)

    assert "data-focus" in str(answer.context["basket"].lines[0]["licences"])
    assert 'hx-swap-oob="true"' in answer.content.decode()


# An existing customer


def test_add_offers_the_price_list_and_writes_nothing(client, relationship, offer):
    page = client.get(reverse("orders:add", args=[relationship.customer_id]))

    assert (page.context["usual"]["reseller"].value(), OrderDraft.objects.count()) == ("0012345", 0)
    assert page.context["catalogue"].groups == [("Enterprise", [offer])]


def test_add_submits_several_subscriptions_for_several_resellers(client, provider, relationship, offer):
    other, momiji = OfferFactory(), ready_reseller("Momiji", number="55501")
    PartnershipFactory(provider=provider, reseller=momiji)
    typed = chosen(offer, other, number="0012345", code=str(uuid.uuid4())) | {f"{other.code}-mpn_id": "55501"}

    answer = submit_added(client, relationship.customer, typed)

    order = Order.objects.get()
    assert answer["Location"] == reverse("subscriptions:customer", args=[relationship.customer_id])
    assert messages(answer) == [f"Order {order.number} is submitted."]
    assert list(order.lines.order_by("pk").values_list("partner_account__number", flat=True)) == ["0012345", "55501"]
    assert (Subscription.objects.count(), Customer.objects.count()) == (2, 1)


def test_add_twice_the_click_makes_one_order(client, relationship, offer):
    typed = chosen(offer, code=str(uuid.uuid4()))

    submit_added(client, relationship.customer, typed)
    address = reverse("orders:add", args=[relationship.customer_id])
    answer = client.post(address, typed | {"action": "next"}, follow=True)

    assert answer.redirect_chain[-1][0] == reverse("subscriptions:customer", args=[relationship.customer_id])
    assert "This order has been submitted already." in answer.content.decode()
    assert (Order.objects.count(), Subscription.objects.count()) == (1, 1)


def test_add_shows_what_it_costs_before_it_is_submitted(client, relationship, offer):
    """Without JavaScript one may submit what the page has not counted yet: then it counts, and asks again."""
    address, code = reverse("orders:add", args=[relationship.customer_id]), str(uuid.uuid4())

    answer = client.post(address, chosen(offer, code=code, action="next"))

    assert answer.context["problems"] == ["This is what you are about to order. Please check it, then submit it."]
    assert ("¥20,000" in answer.content.decode(), Order.objects.count()) == (True, 0)
    reviewed = answer.context["answers"].version
    assert f'name="reviewed" value="{reviewed.replace("+", "&#x2B;")}"' in answer.content.decode().replace(
        "+", "&#x2B;"
    )
    answer = client.post(address, chosen(offer, code=code, action="next", reviewed=reviewed))
    assert (answer.status_code, Order.objects.count()) == (302, 1)


def test_add_keeps_what_was_refused(client, relationship, offer):
    url_ = reverse("orders:add", args=[relationship.customer_id])
    typed = chosen(offer, licences=999, code=str(uuid.uuid4()))

    answer = client.post(url_, typed | {"action": "next"})
    assert [*answer.context["basket"].lines[0].errors] == ["licences"]

    answer = submit_added(client, relationship.customer, typed | {f"{offer.code}-licences": "9"})
    assert (answer.status_code, OrderDraft.objects.count()) == (302, 1)
    assert Subscription.objects.get().licences == 9


def test_a_draft_of_an_existing_customer_goes_on_where_it_was(client, sales_agent, relationship, offer):
    draft = draft_for(sales_agent, relationship.customer, line(offer))

    assert client.get(url("draft", draft))["Location"] == url("subscriptions", draft)
    assert client.get(url("review", draft))["Location"] == url("draft", draft)
    reviewed = client.get(url("subscriptions", draft)).context["answers"].version
    answer = client.post(url("subscriptions", draft), chosen(offer, action="next", reviewed=reviewed))
    assert answer["Location"] == reverse("subscriptions:customer", args=[relationship.customer_id])


def test_a_draft_of_a_customer_who_has_left_is_refused(client, sales_agent, relationship, offer):
    draft = draft_for(sales_agent, relationship.customer, line(offer))
    Relationship.objects.update(ended_at="2026-01-01T00:00Z")

    answer = client.post(url("subscriptions", draft), chosen(offer, action="next"))

    assert answer.context["problems"] == ["This company is not your customer any more."]
    assert client.get(reverse("orders:add", args=[relationship.customer_id])).status_code == 404


def test_add_for_a_strangers_customer_is_not_found(client, strange_relationship, offer):
    url_ = reverse("orders:add", args=[strange_relationship.customer_id])

    assert [client.get(url_).status_code, client.post(url_, chosen(offer, action="next")).status_code] == [404, 404]
    assert OrderDraft.objects.count() == 0


# Review, Submit, Cancel


def test_review_shows_everything_with_a_way_back_to_each_step(client, sales_agent, partnership, reseller, offer):
    draft = draft_of(
        sales_agent,
        line(offer, 25, "0012345"),
        reseller=reseller,
        agreement="attested",
        agreement_first_name="太郎",
        agreement_last_name="佐藤",
        agreement_email="taro@sakura.example",
        agreement_date="2026-03-01",
    )

    text = client.get(url("review", draft)).content.decode()

    shown = [
        "株式会社さくら",
        "sakura.onmicrosoft.com",
        "Tokyo",
        "Japan",
        "Sakura (ID: 0012345)",
        "太郎",
        "Mar 1, 2026",
    ]
    shown += ["Office E3", "¥2,000", "¥50,000", "Customer has accepted the latest agreement"]
    assert [words for words in shown if words not in text] == []
    assert (text.count(url("account", draft)), text.count(url("subscriptions", draft))) == (5, 2)


@pytest.mark.parametrize(("lines", "step"), [([], "subscriptions"), (None, "account")])
def test_review_leads_to_what_is_unfinished(client, sales_agent, offer, lines, step):
    draft = draft_of(sales_agent, line(offer))
    OrderDraft.objects.update(**({"account": {}} if lines is None else {"lines": lines}))

    answer = client.get(url("review", draft), follow=True)

    assert [address for address, _status in answer.redirect_chain] == [url("draft", draft), url(step, draft)]


def test_submit_refuses_what_was_changed_in_another_window(client, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    reviewed = client.get(url("review", draft)).context["answers"].version
    client.post(url("subscriptions", draft), chosen(offer, licences=99, action="next"))

    answer = client.post(url("submit", draft), {"reviewed": reviewed})

    assert (answer.status_code, answer.context["refusal"].code) == (200, "draft_changed")
    assert "This order was changed in another window." in answer.content.decode()
    assert Customer.objects.count() == 0


def test_submit_without_having_reviewed_is_refused(client, sales_agent, offer):
    answer = client.post(url("submit", draft_of(sales_agent, line(offer))))

    assert (answer.context["refusal"].code, Customer.objects.count()) == ("draft_changed", 0)


def test_submit_leads_to_the_field_whose_domain_was_taken_meanwhile(client, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    reviewed = client.get(url("review", draft)).context["answers"].version
    CustomerFactory(primary_domain="sakura.onmicrosoft.com")

    answer = client.post(url("submit", draft), {"reviewed": reviewed}, follow=True)

    assert answer.redirect_chain[-1][0] == url("account", draft)
    assert codes_on(answer) == {"domain_prefix": ["domain_taken"]}


def test_submit_leads_to_the_line_whose_reseller_was_lost_meanwhile(client, sales_agent, partnership, offer):
    draft = draft_of(sales_agent, line(offer, reseller="0012345"))
    reviewed = client.get(url("review", draft)).context["answers"].version
    partnership.ended_at = "2200-01-01T00:00Z"
    partnership.save()

    answer = client.post(url("submit", draft), {"reviewed": reviewed}, follow=True)

    assert answer.redirect_chain[-1][0] == url("subscriptions", draft)
    assert codes(answer.context["basket"].lines[0]) == {"reseller": ["mpn_not_partnered"]}


def test_submit_again_shows_what_came_of_it_without_the_password(client, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    first = submit(client, draft)
    password = first.context["credentials"].password

    for answer in (
        client.post(url("submit", draft), {"reviewed": "x"}, follow=True),
        client.get(url("review", draft), follow=True),
        client.get(url("draft", draft), follow=True),
    ):
        text = answer.content.decode()
        assert answer.redirect_chain[-1][0] == url("confirmation", draft)
        assert (Order.objects.get().number in text, password in text) == (True, False)
        assert reverse("customers:reset_password", args=[Customer.objects.get().pk]) in text
    assert Order.objects.count() == 1


def test_confirmation_opened_again_names_who_may_issue_a_password_to_whom_may_not(sign_in, client, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    submit(client, draft)
    user_admin = member(sales_agent.organisation, Role.USER_ADMIN)

    text = sign_in(user_admin).get(url("confirmation", draft)).content.decode()

    assert "one of these roles can issue a new one: Global admin, Admin agent, Sales agent, Helpdesk agent." in text
    assert reverse("customers:reset_password", args=[Customer.objects.get().pk]) not in text


def test_confirmation_before_submit_leads_to_the_draft(client, sales_agent):
    draft = draft_of(sales_agent)

    assert client.get(url("confirmation", draft))["Location"] == url("draft", draft)


def test_cancel_leaves_nothing_but_a_line_in_the_log(client, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    before = rows()

    answer = client.post(url("cancel", draft), {"reviewed": "x"})

    assert (answer["Location"], rows(), OrderDraft.objects.count()) == (reverse("orders:list"), before, 0)
    assert log() == [("draft_cancelled", "")]
    assert client.get(url("draft", draft)).status_code == 404


def test_cancel_after_submit_leads_to_what_came_of_it(client, sales_agent, offer):
    draft = draft_of(sales_agent, line(offer))
    submit(client, draft)

    assert client.post(url("cancel", draft))["Location"] == url("confirmation", draft)
    assert Order.objects.count() == 1


@pytest.mark.parametrize("name", ["submit", "cancel"])
def test_verbs_are_posted(client, sales_agent, name):
    draft = draft_of(sales_agent)

    answer = client.get(url(name, draft))

    assert (answer.status_code, list(OrderDraft.objects.open())) == (405, [draft])


# Who may


@pytest.mark.parametrize("name", ["draft", "account", "subscriptions", "review", "submit", "cancel", "confirmation"])
def test_a_draft_is_for_its_providers_sales_people(
    sign_in, sales_agent, billing_admin, reseller_admin, stranger, customer_admin, offer, name
):
    draft = draft_of(sales_agent, line(offer))
    statuses = {
        member.organisation.name: sign_in(member).post(url(name, draft), account()).status_code
        for member in (billing_admin, reseller_admin, stranger, customer_admin)
    }

    assert statuses == {"Kita": 403, "Sakura": 404, "Rhein": 404, "Aoba": 404}
    kept = OrderDraft.objects.get()
    assert (kept.account, kept.lines, kept.order) == (draft.account, draft.lines, None)


@pytest.mark.parametrize("name", ["new", "add"])
def test_an_order_is_begun_by_a_providers_sales_people(
    sign_in, relationship, billing_admin, reseller_admin, stranger, customer_admin, offer, name
):
    address = NEW if name == "new" else reverse("orders:add", args=[relationship.customer_id])
    typed = account() | chosen(offer, action="next")

    statuses = [
        sign_in(each).post(address, typed).status_code for each in (billing_admin, reseller_admin, customer_admin)
    ]

    assert statuses == [403, 404, 404]
    assert OrderDraft.objects.count() == 0
    assert sign_in(stranger).post(address, typed).status_code == (404 if name == "add" else 200)


def test_a_colleague_finishes_what_another_began(sign_in, provider_admin, sales_agent, offer):
    answer = submit(sign_in(provider_admin), draft_of(sales_agent, line(offer)))

    assert (answer.status_code, Order.objects.get().placed_by) == (200, provider_admin.user)


# How many queries


@pytest.mark.parametrize(("name", "queries"), [("account", 7), ("subscriptions", 11), ("review", 11)])
@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_take_as_many_queries_for_one_line_as_for_three(
    client, sales_agent, provider, partnership, reseller, django_assert_num_queries, name, queries, count
):
    lines = []
    for number in range(count):
        PartnershipFactory(provider=provider, reseller=ready_reseller(number=str(800 + number)))
        lines.append(line(OfferFactory(), reseller=str(800 + number)))
    draft = draft_of(sales_agent, *lines, reseller=reseller)
    OfferFactory.create_batch(count)

    with django_assert_num_queries(queries):
        assert client.get(url(name, draft)).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_submit_takes_as_many_queries_for_one_line_as_for_three(
    client, sales_agent, provider, partnership, reseller, django_assert_num_queries, count
):
    lines = []
    for number in ("801", "802", "803")[:count]:
        PartnershipFactory(provider=provider, reseller=ready_reseller(number=number))
        lines.append(line(OfferFactory(), reseller=number))
    draft = draft_of(sales_agent, *lines, reseller=reseller)
    reviewed = client.get(url("review", draft)).context["answers"].version

    with django_assert_num_queries(46):
        assert client.post(url("submit", draft), {"reviewed": reviewed}).status_code == 200
