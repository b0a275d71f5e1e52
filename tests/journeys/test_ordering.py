"""An order with an add-on and two resellers for a customer that exists: what it costs is shown, and charged."""

import pytest
from playwright.sync_api import expect

from subscriptions.models import Charge, Order, ResellerOfRecord, Subscription
from tests.factories import PartnershipFactory, ready_reseller
from tests.journeys.test_seed import select_offer

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
SUITE, PHONE, MAIL = "Microsoft 365 E3", "Microsoft Teams Phone Standard", "Exchange Online (Plan 1)"


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("ja", False)])
def test_an_order_with_an_add_on_and_two_resellers(
    language, scripts, reader, price_list, partnership, provider, provider_admin, relationship
):
    PartnershipFactory(provider=provider, reseller=ready_reseller("Momiji", number="55501"))
    window = reader(provider_admin, language=language, scripts=scripts)

    open_new_subscription(window)
    select_offer(window, PHONE, licences=20)
    refuse_without_base(window)
    select_offer(window, SUITE, licences=20)
    select_offer(window, MAIL, licences=5)
    credit_another(window)
    submit(window)

    order = Order.objects.get()
    base, phone, mail = (Subscription.objects.get(nickname=name) for name in (SUITE, PHONE, MAIL))
    assert (phone.base, phone.ends_at, mail.base) == (base, base.ends_at, None)
    credited = dict(ResellerOfRecord.objects.values_list("subscription__nickname", "partner_account__number"))
    assert credited == {SUITE: "0012345", PHONE: "0012345", MAIL: "55501"}
    charged = sum(charge.amount for charge in Charge.objects.filter(order=order))
    assert charged == 20 * base.unit_price + 20 * phone.unit_price + 5 * mail.unit_price
    order_page_says(window, order, charged)


def open_new_subscription(window) -> None:
    window.choose("Customers")
    window.page.locator(".chevron").first.click()
    window.follow("Add subscription")
    window.sees_heading("New subscription")
    window.page.locator("#id_reseller").select_option(label="Sakura (ID: 0012345)")


def refuse_without_base(window) -> None:
    """An add-on alone is refused, and says what it needs."""
    window.press("Submit")
    expect(window.page.locator("#form-errors")).to_contain_text(SUITE)
    assert Order.objects.count() == 0


def credit_another(window) -> None:
    """Exchange Online credits Momiji; the add-on has no field for that, and credits whom its base credits."""
    if not window.scripts:
        window.press("Update total")
    lines = window.page.locator(".order-line")
    mail = lines.filter(has=window.page.locator("legend", has_text=MAIL))
    mail.get_by_role("combobox", name=window.t("Reseller (MPN ID)")).select_option(label="Momiji (ID: 55501)")
    phone = lines.filter(has=window.page.locator("legend", has_text=PHONE))
    expect(phone.get_by_role("combobox", name=window.t("Reseller (MPN ID)"))).to_have_count(0)
    expect(phone).to_contain_text("Sakura (ID: 0012345)")


def submit(window) -> None:
    """What the page has not shown yet, it shows before it is ordered: without scripts that is another press."""
    if window.scripts:
        window.page.wait_for_load_state("networkidle")
    window.press("Submit")
    if not window.scripts:
        expect(window.page.locator("#form-errors")).to_be_visible()
        window.press("Submit")
    window.sees(Order.objects.get().number)


def order_page_says(window, order, charged) -> None:
    window.choose("Orders")
    window.follow(order.number)
    window.sees(f"{charged:,.0f}")
    for name in (SUITE, PHONE, MAIL):
        window.sees(name)
