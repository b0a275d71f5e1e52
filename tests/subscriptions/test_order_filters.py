"""Orders, narrowed to a product and to whom they credit."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from tests.factories import OfferFactory, OrderFactory, OrderLineFactory, member
from tests.pages import rows_of

LIST, EXPORT = reverse("orders:list"), reverse("orders:export")


def ordered(relationship, number, **line):
    order = OrderFactory(relationship=relationship, number=number)
    OrderLineFactory(order=order, **line)
    return order


def numbers(response):
    return {row.order.number for row in response.context["rows"]}


@pytest.mark.parametrize("wanted", ["mail plan", "CFQ7TTC0MAIL", "cfq7ttc0mail"])
def test_orders_are_narrowed_to_a_product(sign_in, provider_admin, relationship, wanted):
    mail = OfferFactory(sku_title="Mail plan 2", product_id="CFQ7TTC0MAIL")
    ordered(relationship, "MAIL", offer=mail)
    ordered(relationship, "OTHER")
    client = sign_in(provider_admin)

    assert numbers(client.get(LIST, {"product": wanted})) == {"MAIL"}
    assert [row[0] for row in rows_of(client.get(EXPORT, {"product": wanted}))[1:]] == ["MAIL"]


def test_orders_are_narrowed_to_whom_they_credit(sign_in, provider_admin, relationship, partnership):
    account = partnership.reseller.organisation.partner_accounts.get()
    ordered(relationship, "SAKURA", partner_account=account)
    ordered(relationship, "NOBODY")
    client = sign_in(provider_admin)

    assert numbers(client.get(LIST, {"reseller": str(partnership.reseller_id)})) == {"SAKURA"}
    assert numbers(client.get(LIST, {"reseller": "none"})) == {"NOBODY"}
    assert numbers(client.get(LIST)) == {"SAKURA", "NOBODY"}


def test_others_are_not_asked_whom_orders_credit(sign_in, reseller_admin, relationship, partnership):
    ordered(relationship, "NOBODY")
    customer = member(relationship.customer.organisation, Role.GLOBAL_ADMIN)

    for membership in (reseller_admin, customer):
        response = sign_in(membership).get(LIST, {"reseller": str(partnership.reseller_id)})

        assert "reseller" not in response.context["filters"].fields
        assert numbers(response) == {"NOBODY"}
