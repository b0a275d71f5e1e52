"""A company finds a provider in the public list, enrolls from nothing, asks to be contacted, and gets a customer."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from customers.models import Relationship
from outbox import post
from outbox.models import OutgoingEmail
from resellers.models import ContactRequest, Partnership, PartnershipRequest
from tests.journeys.test_enrolment import enrol, sign_up
from tests.journeys.test_seed import fill_account_info, select_offer

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
COMPANY = "株式会社かえで商会"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_new_reseller_finds_a_provider_and_ends_with_a_customer(language, reader, provider_admin, price_list):
    reseller_window = reader(language=language)
    provider_window = reader(provider_admin, language=language)

    find_a_provider(reseller_window)
    come_in(reseller_window)
    ask_to_be_contacted(reseller_window)
    link = answer_the_contact_request(provider_window)
    authorize(reseller_window, link)
    add_customer(provider_window)
    reseller_window.choose("Customers")

    expect(reseller_window.page.get_by_role("row", name="青葉商事")).to_contain_text("Kita")
    assert str(Relationship.objects.get().reseller) == COMPANY


def find_a_provider(window) -> None:
    """Without any account: the list, narrowed to the country of one's own, and an entry of it."""
    window.page.goto(f"{window.url}/directory/")
    window.sees_heading("Indirect providers list")
    window.page.locator("[name=country]").select_option("JP")
    window.press("Search")
    expect(window.page).to_have_url(re.compile(r"country=JP"))
    window.page.get_by_role("row", name="Kita").get_by_role("link").click()
    window.sees_heading("Kita")
    window.follow("Ask to be contacted")


def come_in(window) -> None:
    """One goes where one wanted to go, by way of the account and the enrolment."""
    window.page.locator("main a[href*=signup]").click()
    sign_up(window, "kaede@kaede.example")
    window.sees_heading("Enroll as an indirect reseller")
    enrol(window)


def ask_to_be_contacted(window) -> None:
    window.sees_heading("Ask to be contacted")
    window.fill("Message", "北海道の会社です。")
    window.press("Ask to be contacted")
    window.sees_heading("Indirect providers")
    window.sees("Kita")
    assert ContactRequest.objects.get().email == "kaede@kaede.example"


def answer_the_contact_request(window) -> str:
    window.choose("Indirect resellers")
    window.follow("Contact requests")
    row = window.page.get_by_role("row", name=COMPANY)
    expect(row).to_contain_text("北海道の会社です。")
    row.get_by_role("button", name=window.t("Request a partnership")).click()
    window.sees_heading("Request a partnership")
    expect(window.page.get_by_label(window.t("Send to"))).to_have_value("kaede@kaede.example")
    window.press("Send")
    link = PartnershipRequest.objects.get().link.url()
    mail.outbox.clear()
    for email in OutgoingEmail.objects.filter(sent_at=None):
        post.deliver(email.pk)
    assert [message.to for message in mail.outbox if link in message.body] == [["kaede@kaede.example"]]
    return link


def authorize(window, link: str) -> None:
    window.page.goto(link)
    window.sees("Kita")
    window.page.locator("input[name=agreed]").check()
    window.press("Authorize indirect provider")
    expect(window.page.get_by_role("row", name="Kita").first).to_contain_text(window.t("Invite new customers"))
    assert str(Partnership.objects.active().get().reseller) == COMPANY


def add_customer(window) -> None:
    """Add new customers and associate them with indirect resellers: chosen on the reseller's own row."""
    window.choose("Indirect resellers")
    expect(window.page.get_by_role("row", name=COMPANY)).to_contain_text("0088123")
    window.follow("Add new customer")
    window.sees_heading("New customer")
    fill_account_info(window)
    window.press("Next: Subscriptions")
    window.sees_heading("New subscription")
    select_offer(window, "Microsoft 365 Business Basic", licences=5)
    window.press("Next: Review")
    window.sees(COMPANY)
    window.press("Submit")
    window.sees_heading("Confirmation")
