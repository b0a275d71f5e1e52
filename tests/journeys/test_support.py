"""A customer signs in with its Setup info, asks for support, is answered by the designated reseller, and closes it."""

import pytest
from django.core import mail
from playwright.sync_api import expect

from accounts.models import User
from customers.registration import reset_temporary_password
from outbox import post
from outbox.models import OutgoingEmail
from resellers.models import SupportProfile
from subscriptions.models import SupportRequest
from tests.factories import SubscriptionFactory

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

WINDOWS = pytest.mark.parametrize(
    "window",
    [
        pytest.param({"language": "en"}, id="english"),
        pytest.param({"language": "ja"}, id="japanese"),
        pytest.param({"language": "en", "scripts": False}, id="without-javascript"),
    ],
)


@pytest.fixture
def credentials(relationship, customer_admin, provider_admin):
    """What the provider read on the page Setup info and handed over."""
    return reset_temporary_password(relationship, membership=provider_admin)


@WINDOWS
def test_a_customer_asks_for_support_and_is_answered(
    window, reader, relationship, reseller, reseller_admin, customer_admin, credentials
):
    SubscriptionFactory(relationship=relationship, nickname="本社", support_contact=reseller)
    User.objects.filter(pk=customer_admin.user_id).update(language=window["language"])
    reseller_window = reader(reseller_admin, **window)
    write_support_profile(reseller_window)
    customer_window = reader(**window)

    sign_in_with_setup_info(customer_window, credentials)
    read_who_supports(customer_window)
    open_support_request(customer_window)
    answer(reseller_window)
    read_and_close(customer_window)

    row = SupportRequest.objects.get()
    assert (str(row.assignee), row.status) == ("Sakura", "closed")
    assert list(row.messages.order_by("pk").values_list("text", flat=True)) == [
        "画面が白いままです。",
        "Please try again now.",
    ]


def write_support_profile(window) -> None:
    """Customer support profile: what the customer will read about its contact."""
    window.choose("Support requests")
    window.follow("Customer support profile")
    window.sees_heading("Customer support profile")
    window.fill("Phone number", "03-1234-5678")
    window.fill("Email address", "not an address")
    window.press("Save")
    expect(window.page.locator(".field-error")).to_have_count(1)
    window.fill("Email address", "help@sakura.example")
    window.fill("Website", "https://help.sakura.example/")
    window.fill("Support hours", "9:00–18:00 (JST)")
    window.press("Save")
    window.sees(window.t("Customer support profile saved."))
    assert SupportProfile.objects.get().email == "help@sakura.example"


def sign_in_with_setup_info(window, credentials) -> None:
    window.page.goto(window.url)
    window.sign_in(credentials.account_name, credentials.password)
    window.sees_heading("Choose a new password")
    window.page.goto(f"{window.url}/support/")
    window.sees_heading("Choose a new password")
    window.fill("New password", "ein ganz neues Passwort")
    window.press("Save and go on")
    window.sees_heading("Aoba")


def read_who_supports(window) -> None:
    window.choose("Subscriptions")
    window.follow("本社")
    for part in ("+81 3-1234-5678", "help@sakura.example", "https://help.sakura.example/", "9:00–18:00 (JST)"):
        window.sees(part)


def open_support_request(window) -> None:
    window.choose("Support requests")
    window.follow("New request")
    window.sees_heading("New request")
    window.fill("Title", "白い画面")
    window.press("Submit")
    expect(window.page.locator(".field-error").nth(1)).to_be_visible()
    subscription = window.page.locator("[name=subscription]")
    subscription.select_option(value=subscription.locator("option", has_text="本社").get_attribute("value"))
    window.page.locator("[name=severity][value=critical]").check()
    window.fill("Description", "画面が白いままです。")
    window.press("Submit")
    window.sees_heading("白い画面")
    window.sees("Sakura")
    window.sees(window.t("Open"))
    assert mail_about("白い画面") == ["global-admin@sakura.example"]


def answer(window) -> None:
    """The reseller's agent finds it in its own list."""
    window.choose("Support requests")
    window.sees("Aoba")
    window.follow("白い画面")
    window.sees("画面が白いままです。")
    window.page.get_by_role("textbox", name=window.t("Message")).fill("Please try again now.")
    window.press("Send message")
    window.sees(window.t("Message sent."))
    window.sees("Please try again now.")
    assert mail_about("白い画面") == ["admin@aoba.onmicrosoft.com"]


def read_and_close(window) -> None:
    window.choose("Support requests")
    expect(window.page.get_by_role("row", name="白い画面")).to_contain_text(window.t("Attention needed"))
    window.follow("白い画面")
    window.sees("Please try again now.")
    window.press("Close the request")
    window.sees(window.t("Support request closed."))
    expect(window.page.get_by_role("textbox", name=window.t("Message"))).to_have_count(0)
    expect(window.page.get_by_role("button", name=window.t("Reopen the request"))).to_be_visible()


def mail_about(title: str) -> list[str]:
    """Who is written to about a request since one last asked."""
    mail.outbox.clear()
    for email in OutgoingEmail.objects.filter(sent_at=None):
        post.deliver(email.pk)
    return sorted(address for message in mail.outbox if title in message.subject for address in message.to)
