"""The whole seed as one story: from *Request a partnership* to *Remove partnership*, in English, in Japanese, and once
without JavaScript.
"""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from accounts.models import User
from customers.models import Delegation, Relationship
from outbox import post
from outbox.models import OutgoingEmail
from resellers.models import Partnership, PartnershipRequest
from subscriptions.models import Order, ResellerOfRecord, Subscription

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

WINDOWS = pytest.mark.parametrize(
    "window",
    [
        pytest.param({"language": "en"}, id="english"),
        pytest.param({"language": "ja"}, id="japanese"),
        pytest.param({"language": "en", "scripts": False}, id="without-javascript"),
    ],
)


@WINDOWS
def test_the_seed_from_the_first_page_to_the_last(window, reader, provider, provider_admin, reseller_admin, price_list):
    provider_window = reader(provider_admin, **window)
    link = request_partnership(provider_window)
    reseller_window = reader(**window)
    User.objects.filter(pk=reseller_admin.user_id).update(language=window["language"])
    authorize(reseller_window, link, reseller_admin)
    password = add_new_customer(provider_window)
    add_subscription(provider_window)
    designate_and_credit(provider_window)
    look_after_the_customer(reseller_window)
    # The customer reads Japanese, whatever its provider reads: that is the language entered with its account.
    sign_in_as_the_customer(reader(**{**window, "language": "ja"}), password)
    remove_partnership(provider_window)


def request_partnership(window) -> str:
    """Connect with indirect resellers, steps 1 to 3."""
    window.choose("Indirect resellers")
    window.press("Request a partnership")
    window.sees_heading("Request a partnership")
    message = window.page.get_by_label(window.t("Email text")).input_value()
    link = PartnershipRequest.objects.get().link.url()
    assert link in message
    window.fill("Email text", message.replace(link, ""))
    window.press("Done")
    expect(window.page.locator(".field-error").first).to_be_visible()
    window.fill("Email text", f"{message}\nPS: 北から")
    window.fill("Send to", "info@sakura.example")
    window.press("Send")
    window.sees("info@sakura.example")
    assert post.deliver(OutgoingEmail.objects.get().pk)
    assert link in mail.outbox[-1].body
    assert mail.outbox[-1].body.endswith("PS: 北から")
    mailto = window.page.get_by_role("link", name=window.t("Open in email")).get_attribute("href")
    assert mailto.startswith("mailto:info@sakura.example?")
    assert "%E5%8C%97%E3%81%8B%E3%82%89" in mailto
    window.press("Done")
    return link


def authorize(window, link: str, reseller_admin) -> None:
    """Step 4, on the reseller's side."""
    window.page.goto(link)
    window.sees("Kita")
    window.follow("Sign in")
    window.sign_in(reseller_admin.user.email)
    window.page.locator("input[name=agreed]").check()
    window.press("Authorize indirect provider")
    expect(window.page.get_by_role("row", name="Kita")).to_be_visible()
    assert Partnership.objects.active().get().reseller == reseller_admin.organisation.reseller
    window.page.goto(link)
    expect(window.page.get_by_role("button", name=window.t("Authorize indirect provider"))).to_have_count(0)


def add_new_customer(window) -> str:
    """Add new customers and associate them with indirect resellers, steps 1 to 7. Returns the temporary password."""
    window.choose("Indirect resellers")
    expect(window.page.get_by_role("row", name="Sakura")).to_contain_text("0012345")
    window.follow("Add new customer")
    window.sees_heading("New customer")
    expect(window.page.get_by_label(window.t("Indirect reseller"), exact=True)).to_have_value(
        re.compile(r"[0-9a-f-]{36}")
    )
    window.press("Next: Subscriptions")
    expect(window.page.locator(".field-error").nth(5)).to_be_visible()
    fill_account_info(window)
    window.press("Next: Subscriptions")
    window.sees_heading("New subscription")
    select_offer(window, "Microsoft 365 Business Basic", licences=12)
    window.press("Next: Review")
    window.sees_heading("Review")
    window.sees("青葉商事")
    window.sees("0012345")
    window.press("Submit")
    window.sees_heading("Confirmation")
    expect(window.page.locator("#account-name")).to_contain_text("admin@aoba.onmicrosoft.com")
    password = window.page.locator("#temporary-password").inner_text().strip()
    window.page.locator("#stored").check()
    window.press("Done")
    window.sees_heading("Customers")
    expect(window.page.get_by_role("row", name="青葉商事").first).to_contain_text("Sakura")
    assert Order.objects.count() == 1
    return password


def fill_account_info(window) -> None:
    answers = {
        "company_name": "青葉商事",
        "domain_prefix": "aoba",
        "address_line1": "千代田1-1",
        "city": "千代田区",
        "postal_code": "〒100-0001",
        "first_name": "花子",
        "last_name": "山田",
        "email": "hanako@aoba.example",
        "phone": "03-1234-5678",
    }
    for name, text in answers.items():
        window.page.locator(f"[name={name}]").fill(text)
    state = window.page.locator("[name=state]")
    state.select_option(value=state.locator("option", has_text=re.compile("東京都|Tokyo")).first.get_attribute("value"))
    window.page.locator("[name=agreement][value=to_be_asked]").check()


def select_offer(window, title: str, *, licences: int) -> None:
    """Tick the first offer of this name and enter the licences; with scripts, it moves among the selected at once."""
    row = window.page.get_by_role("row").filter(has_text=title).first
    code = row.get_by_role("checkbox").get_attribute("value")
    row.locator(f"[name='{code}-licences']").fill(str(licences))
    row.get_by_role("checkbox").check()
    if window.scripts:
        expect(window.page.locator(f"input[type=hidden][value='{code}']")).to_be_attached()


def add_subscription(window) -> None:
    """Add new subscriptions to customer accounts, steps 1 to 5."""
    window.choose("Customers")
    window.page.locator(".chevron").first.click()
    window.follow("Add subscription")
    window.sees_heading("New subscription")
    window.page.locator("#id_reseller").select_option(label="Sakura (ID: 0012345)")
    select_offer(window, "Microsoft 365 Business Premium", licences=3)
    window.press("Submit")
    if not window.scripts:  # what the page has not counted, it counts before it is ordered
        expect(window.page.locator("#form-errors")).to_be_visible()
        window.press("Submit")
    window.sees("Microsoft 365 Business Premium")
    assert Order.objects.count() == 2
    assert ResellerOfRecord.objects.current().count() == 2


def designate_and_credit(window) -> None:
    """Steps 6 and 7, and the fields of the subscription details page."""
    window.follow("Microsoft 365 Business Premium")
    window.fill("Subscription nickname", "本社")
    window.select("Designated support contact", "Sakura")
    window.select("Reseller (MPN ID)", window.t("No indirect reseller"))
    window.press("Submit")
    window.sees_heading("本社")
    subscription = Subscription.objects.get(nickname="本社")
    assert str(subscription.support_contact) == "Sakura"
    assert not subscription.resellers_of_record.current().exists()
    window.page.get_by_text(window.t("Indirect reseller not in the list? Enter MPN ID")).click()
    window.page.locator("[name=mpn_id]").fill("12345")
    window.press("Verify")
    expect(window.page.locator("#verification")).to_contain_text("Sakura")
    window.press("Submit")
    window.sees("0012345")
    assert subscription.resellers_of_record.count() == 2


def look_after_the_customer(window) -> None:
    """What the reseller finds: the customer, its subscriptions, and nothing of what only the provider may do."""
    window.choose("Customers")
    window.page.locator(".chevron").first.click()
    expect(window.page.get_by_role("link", name=window.t("Add subscription"))).to_have_count(0)
    window.follow("View subscriptions")
    window.follow("本社")
    licences = window.page.get_by_role("spinbutton", name=window.t("Licenses"))
    licences.fill("4")
    window.press("Submit")
    window.sees_heading("Review")
    window.sees("2,620")  # what the reseller is billed for the one: nobody has set a markup
    assert Subscription.objects.get(nickname="本社").licences == 3
    window.press("Submit")
    window.sees_heading("本社")
    assert Subscription.objects.get(nickname="本社").licences == 4
    expect(window.page.get_by_role("combobox", name=window.t("Reseller (MPN ID)"))).to_have_count(0)


def sign_in_as_the_customer(window, password: str) -> None:
    """The customer's admin uses the Setup info, has to choose a new password, and sees the subscriptions."""
    window.page.goto(window.url)
    window.sign_in("admin@aoba.onmicrosoft.com", password)
    window.sees_heading("Choose a new password")
    window.fill("New password", "ein ganz neues Passwort")
    window.press("Save and go on")
    window.sees_heading("青葉商事")
    window.choose("Subscriptions")
    window.sees("本社")


def remove_partnership(window) -> None:
    """Remove partnership with indirect resellers, steps 1 to 3; customers, access, credit and support stay."""
    window.choose("Indirect resellers")
    window.follow("Remove partnership")
    window.sees_heading("Remove partnership")
    window.press("Yes")
    window.sees_heading("Indirect resellers")
    expect(window.page.get_by_role("row", name="Sakura")).to_have_count(0)
    assert not Partnership.objects.active().exists()
    assert str(Relationship.objects.get().reseller) == "Sakura"
    assert Delegation.objects.active().count() == 2
    assert ResellerOfRecord.objects.current().count() == 2
    assert str(Subscription.objects.get(nickname="本社").support_contact) == "Sakura"
