"""A company that has heard of nothing opens the link: account, enrolment, agreement, partnership."""

import re

import pytest
from django.core import mail
from playwright.sync_api import expect

from resellers.models import Partnership, Reseller
from resellers.partnerships import request_partnership

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_new_reseller_comes_in_by_the_link(language, reader, provider, provider_admin):
    link = request_partnership(provider, language=language, actor=provider_admin.user).link.url()
    window = reader(language=language)

    window.page.goto(link)
    window.follow("Create an account")
    sign_up(window, "kaede@kaede.example")
    window.follow("Enroll now")
    enrol(window)
    window.page.wait_for_url(link)
    window.page.locator("input[name=agreed]").check()
    window.press("Authorize indirect provider")

    expect(window.page.get_by_role("row", name="Kita")).to_be_visible()
    partnership = Partnership.objects.get()
    assert str(partnership.reseller) == "株式会社かえで商会"
    assert partnership.reseller.enrolment == Reseller.Enrolment.AUTHORIZED


def sign_up(window, address: str) -> None:
    window.page.locator("input[name=email]").fill(address)
    window.page.locator("input[name=name]").fill("楓 花子")
    window.page.locator("input[name=password1]").fill("a password that is long")
    window.page.get_by_role("main").locator("button[type=submit]").first.click()
    code = window.page.locator("input[name=code]")
    expect(code).to_be_visible()
    code.fill(code_in(mail.outbox[-1].body))
    window.page.get_by_role("main").locator("button[type=submit]").first.click()


def code_in(text: str) -> str:
    """The sign-in code stands alone on its line."""
    return re.search(r"^\s*([A-Z0-9]{3,}(?:-[A-Z0-9]{3,})?)\s*$", text, re.MULTILINE)[1]


def enrol(window) -> None:
    """Every mistake is said at once; then it goes through."""
    window.page.get_by_role("main").locator("button[type=submit]").first.click()
    expect(window.page.locator(".field-error").nth(3)).to_be_visible()
    answers = {
        "company_name": "株式会社かえで商会",
        "mpn_id": "0088123",
        "contact_name": "楓 花子",
        "contact_email": "kaede@kaede.example",
        "contact_phone": "+81 3 1234 5678",
        "signer_name": "楓 花子",
    }
    for name, text in answers.items():
        window.page.locator(f"[name={name}]").fill(text)
    window.page.locator("[name=country]").select_option("JP")
    window.page.locator("[name=agreed]").check()
    window.page.get_by_role("main").locator("button[type=submit]").first.click()
