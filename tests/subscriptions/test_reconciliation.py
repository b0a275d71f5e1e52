"""The reconciliation file, asserted whole."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import translation

from activity.models import Activity
from subscriptions.models import Charge, Statement
from subscriptions.reconciliation import COLUMNS
from subscriptions.statements import draw_month
from tests.factories import ChargeFactory, OfferFactory, PartnerAccountFactory, SubscriptionFactory
from tests.pages import rows_of

MOMENT = datetime(2026, 10, 20, 9, tzinfo=UTC)
NEXT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def bought(relationship):
    """A yearly plan of the customer's, billed monthly, in euro."""
    offer = OfferFactory(
        sku_title="E3", product_title="Office", product_id="CFQ7", sku_id="0002", currency="EUR", unit_price="12.5"
    )
    return SubscriptionFactory(
        relationship=relationship,
        offer=offer,
        nickname="Head office",
        order_line__order__number="TEST-1",
        order_line__order__placed_at=MOMENT,
    )


@pytest.fixture
def charges(bought, reseller):
    shared = {
        "subscription": bought,
        "order": bought.order_line.order,
        "partner_account": reseller.organisation.partner_accounts.get(),
        "period_start": MOMENT,
        "period_end": NEXT,
        "unit_price": Decimal("12.5"),
        "resale_unit_price": Decimal("15"),
    }
    purchase = ChargeFactory(
        **shared, licences=10, posted_at=MOMENT, amount=Decimal(125), resale_amount=Decimal("150.5")
    )
    refund = ChargeFactory(
        **shared,
        kind=Charge.Kind.REFUND,
        undoes=purchase,
        licences=3,
        posted_at=MOMENT + timedelta(hours=1),
        amount=Decimal("-37.49"),
        resale_amount=Decimal("-44.98"),
    )
    draw_month(bought.provider, date(2026, 10, 1))
    return purchase, refund


def file_of(client, statement):
    return rows_of(client.get(reverse("statements:reconciliation", args=[statement.code])))


def expected(charge, statement, kind, price, quantity, amount, undone="", provider_number="0"):
    subscription, reseller = charge.subscription, charge.partner_account
    number = reseller.number if reseller else "0"
    return [
        *(str(charge.provider_id), str(charge.customer_id), "Aoba", "aoba.onmicrosoft.com", "JP", str(statement.code)),
        *(provider_number, number, number, "TEST-1", "2026-10-20T09:00:00Z", "CFQ7", "0002", "E3", "Office", kind),
        *(price, quantity, amount, amount, "EUR", "Microsoft Corporation", "Head office", str(subscription.code)),
        *("2026-10-20T09:00:00Z", "2026-11-20T09:00:00Z", "One-Year commitment for Monthly billing", "Monthly"),
        *(str(charge.code), undone),
    ]


def test_file_of_what_is_owed_has_every_charge_at_cost(charges, provider_admin, sign_in):
    purchase, refund = charges
    statement = Statement.objects.get(reseller=None)

    rows = file_of(sign_in(provider_admin), statement)

    assert rows == [
        list(COLUMNS),
        expected(purchase, statement, "new", "12.5", "10", "125.00"),
        expected(refund, statement, "removeQuantity", "12.5", "-3", "-37.49", str(purchase.code)),
    ]


def test_file_of_a_reseller_has_its_side_whoever_reads_it(charges, provider_admin, reseller_admin, sign_in):
    purchase, refund = charges
    statement = Statement.objects.exclude(reseller=None).get()

    files = [file_of(sign_in(visitor), statement) for visitor in (provider_admin, reseller_admin)]

    assert (
        files
        == [
            [
                list(COLUMNS),
                expected(purchase, statement, "new", "15", "10", "150.50"),
                expected(refund, statement, "removeQuantity", "15", "-3", "-44.98", str(purchase.code)),
            ]
        ]
        * 2
    )


def test_file_has_the_providers_number_and_none_for_nobody(bought, provider_admin, sign_in):
    PartnerAccountFactory(organisation=provider_admin.organisation, number="0777", is_associated=False)
    PartnerAccountFactory(organisation=provider_admin.organisation, number="0778")
    charge = ChargeFactory(
        subscription=bought,
        order=bought.order_line.order,
        posted_at=MOMENT,
        period_end=NEXT,
        unit_price=Decimal(1000),
        amount=Decimal(1000),
    )
    draw_month(bought.provider, date(2026, 10, 1))
    statement = Statement.objects.get()

    rows = file_of(sign_in(provider_admin), statement)

    assert rows[1:] == [expected(charge, statement, "new", "1000", "1", "1000.00", provider_number="0778")]


def test_file_leaves_empty_what_a_charge_has_not(relationship, provider_admin, sign_in):
    azure = OfferFactory(category="usage", term="", billing="none")
    ChargeFactory(subscription=SubscriptionFactory(relationship=relationship, offer=azure), posted_at=MOMENT)
    draw_month(relationship.provider, date(2026, 10, 1))

    row = dict(zip(*file_of(sign_in(provider_admin), Statement.objects.get()), strict=True))

    empty = ("OrderId", "OrderDate", "ChargeEndDate", "TermAndBillingCycle", "BillingFrequency", "CreditedReferenceId")
    assert [row[name] for name in empty] == [""] * 6


def test_file_is_the_same_in_every_language(charges, provider_admin, sign_in):
    statement = Statement.objects.get(reseller=None)
    client = sign_in(provider_admin)
    english = file_of(client, statement)
    provider_admin.user.language, provider_admin.user.time_zone = "ja", "Asia/Tokyo"
    provider_admin.user.save()

    with translation.override("ja"):
        japanese = file_of(client, statement)

    assert japanese == english


def test_file_has_the_month_and_the_currency_in_its_name_and_is_in_the_log(charges, provider_admin, sign_in):
    statement = Statement.objects.get(reseller=None)

    response = sign_in(provider_admin).get(reverse("statements:reconciliation", args=[statement.code]))

    assert response["Content-Disposition"].startswith('attachment; filename="reconciliation-2026-10-eur-')
    assert Activity.objects.get(verb="exported").target == "Reconciliation file 2026-10 EUR"
