import pytest
from django.urls import reverse

from subscriptions.models import Offer, Order, OrderDraft
from tests.factories import OfferFactory, OrderFactory, OrderLineFactory
from tests.subscriptions.order_answers import draft_for, draft_of


@pytest.mark.parametrize("model", [Offer, Order, OrderDraft])
def test_nobody_sees_nothing(db, model, sales_agent):
    OfferFactory()
    OrderFactory()
    draft_of(sales_agent)

    assert (model.objects.count() > 0, list(model.objects.visible_to(None))) == (True, [])


def test_drafts_and_offers_are_for_providers(sales_agent, reseller_admin, customer_admin):
    draft, offer = draft_of(sales_agent), OfferFactory()

    for each, row in ((OrderDraft, draft), (Offer, offer)):
        assert list(each.objects.visible_to(sales_agent)) == [row]
        assert list(each.objects.visible_to(reseller_admin)) == list(each.objects.visible_to(customer_admin)) == []


def test_a_draft_is_called_after_its_customer(sales_agent, relationship):
    new, nameless = draft_of(sales_agent), draft_of(sales_agent, company_name="")
    existing = draft_for(sales_agent, relationship.customer)

    assert [str(each) for each in (new, existing, nameless)] == ["株式会社さくら", "Aoba", str(nameless.code)]
    assert [each.has_customer for each in (new, existing)] == [False, True]


def test_an_order_and_its_lines_have_names_and_a_page(db):
    line = OrderLineFactory(title="Office E3", licences=25)

    assert (str(line), str(line.order)) == ("25 × Office E3", line.order.number)
    assert line.order.get_absolute_url() == reverse("orders:detail", args=[line.order.code])


@pytest.mark.parametrize(
    ("term", "billing", "text"),
    [("P1Y", "monthly", "1 year · Monthly"), ("", "one_time", "One-time"), ("", "none", "")],
)
def test_an_offer_says_its_terms(term, billing, text):
    offer = Offer(sku_title="Office E3", term=term, billing=billing)

    assert (str(offer), offer.terms) == ("Office E3", text)
