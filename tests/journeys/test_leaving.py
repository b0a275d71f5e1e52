"""A reseller asks to leave its provider, which keeps it at first and lets it go in the end; both are told."""

import pytest
from playwright.sync_api import expect

from customers.models import Delegation, Relationship
from resellers.models import Partnership

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("language", "scripts"), [("en", False), ("ja", True)])
def test_a_reseller_leaves_by_asking_and_the_provider_decides(
    language, scripts, reader, relationship, provider_admin, reseller_admin
):
    reseller_window = reader(reseller_admin, language=language, scripts=scripts)
    provider_window = reader(provider_admin, language=language, scripts=scripts)

    ask_to_leave(reseller_window)
    change_ones_mind(reseller_window)
    ask_to_leave(reseller_window)
    keep(provider_window)
    read_why(reseller_window)
    ask_to_leave(reseller_window)
    let_go(provider_window)
    find_what_is_left(reseller_window)

    assert not Partnership.objects.active().exists()
    assert str(Relationship.objects.get().reseller) == "Sakura"
    assert Delegation.objects.active().count() == 2


def ask_to_leave(window) -> None:
    """What stays is said first; until the provider has answered, everything goes on."""
    window.choose("Indirect providers")
    window.page.get_by_role("row", name="Kita").get_by_role("link", name=window.t("Ask to leave")).click()
    window.sees_heading("Ask to leave")
    window.fill("Reason", "拠点を閉じます。")
    window.press("Ask to leave")
    window.sees_heading("Indirect providers")
    expect(window.page.get_by_role("row", name="Kita")).to_contain_text(window.t("Waiting for the provider"))


def change_ones_mind(window) -> None:
    row = window.page.get_by_role("row", name="Kita")
    row.get_by_role("button", name=window.t("Stay after all")).click()
    expect(row).not_to_contain_text(window.t("Waiting for the provider"))


def open_notice(window, title: str) -> None:
    """By the bell, which says how many wait."""
    window.page.goto(window.url)
    window.page.locator("a.bell").click()
    window.sees_heading("Notices")
    window.follow(title)


def keep(window) -> None:
    """From the notice to the answer; without a reason there is none."""
    open_notice(window, window.t("%(company)s asks to end the partnership") % {"company": "Sakura"})
    window.sees_heading("Remove partnership")
    window.sees("拠点を閉じます。")
    window.follow("Keep the partnership")
    window.sees_heading("Keep the partnership")
    window.press("Keep the partnership")
    expect(window.page.locator(".field-error")).to_have_count(1)
    window.fill("Reason", "契約は三月までです。")
    window.press("Keep the partnership")
    window.sees_heading("Indirect resellers")
    expect(window.page.get_by_role("row", name="Sakura")).not_to_contain_text(window.t("Asks to leave"))


def read_why(window) -> None:
    title = window.t("%(company)s keeps the partnership that you asked to leave") % {"company": "Kita"}
    window.page.goto(window.url)
    window.page.locator("a.bell").click()
    notice = window.page.get_by_role("row", name=title)
    expect(notice).to_contain_text("契約は三月までです。")
    notice.get_by_role("button", name=window.t("Mark as read")).click()
    expect(window.page.locator(".bell-count")).to_have_count(0)
    window.choose("Indirect providers")
    expect(
        window.page.get_by_role("row", name="Kita").get_by_role("link", name=window.t("Ask to leave"))
    ).to_be_visible()


def let_go(window) -> None:
    window.choose("Indirect resellers")
    row = window.page.get_by_role("row", name="Sakura")
    expect(row).to_contain_text(window.t("Asks to leave"))
    row.get_by_role("link", name=window.t("Remove partnership")).click()
    window.sees_heading("Remove partnership")
    window.press("Yes")
    window.sees_heading("Indirect resellers")
    expect(window.page.get_by_role("row", name="Sakura")).to_have_count(0)


def find_what_is_left(window) -> None:
    """The provider is gone from the list, the customer is not, and a notice says so (design.md §4.9)."""
    title = window.t("The partnership with %(company)s has ended") % {"company": "Kita"}
    open_notice(window, title)
    window.sees_heading("Indirect providers")
    expect(window.page.get_by_role("row", name="Kita")).to_have_count(0)
    window.choose("Customers")
    expect(window.page.get_by_role("row", name="Aoba")).to_be_visible()
