"""From New customer to Confirmation, page by page, as the seed tells it."""

import pytest
from django.urls import reverse

from customers.models import Customer, Relationship
from subscriptions.models import Order, OrderDraft, Subscription
from tests.factories import OfferFactory
from tests.subscriptions.order_answers import account, url


@pytest.fixture
def offer(db):
    return OfferFactory(sku_title="Office E3", unit_price=2000)


@pytest.fixture
def client(sign_in, sales_agent):
    return sign_in(sales_agent)


def test_new_customer_with_a_subscription(client, sales_agent, partnership, reseller, offer):
    page = client.get(reverse("orders:new"), {"reseller": str(reseller.pk)})
    assert page.context["form"]["reseller"].value() == str(reseller.pk)

    answer = client.post(reverse("orders:new"), account(reseller, code=str(page.context["code"]), action="next"))
    draft = OrderDraft.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url("subscriptions", draft))
    assert draft.code == page.context["code"]

    page = client.get(url("subscriptions", draft))
    assert page.context["usual"]["reseller"].value() == "0012345"
    assert page.context["catalogue"].groups == [("Enterprise", [offer])]

    ticked = {"offer": [str(offer.code)], f"{offer.code}-licences": "25", "reseller": "0012345", "action": "next"}
    answer = client.post(url("subscriptions", draft), ticked)
    assert (answer.status_code, answer["Location"]) == (302, url("review", draft))

    page = client.get(url("review", draft))
    assert [(str(each.billing.label), each.money.amount) for each in page.context["answers"].basket.totals] == [
        ("Monthly", 50_000)
    ]

    answer = client.post(url("submit", draft), {"reviewed": page.context["answers"].version})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    customer, order = Customer.objects.get(), Order.objects.get()
    text = answer.content.decode()
    shown = (order.number, str(customer.pk), "admin@sakura.onmicrosoft.com")
    assert [part for part in shown if part not in text] == []
    subscription = Subscription.objects.get()
    credited = subscription.resellers_of_record.get()
    assert (subscription.licences, credited.partner_account.number) == (25, "0012345")
    assert Relationship.objects.get().reseller == reseller
