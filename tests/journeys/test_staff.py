"""A Global admin invites a colleague by link, who signs up and joins; then roles change, and access ends at once."""

import pytest
from django.core import mail
from playwright.sync_api import expect

from accounts.models import Membership
from accounts.roles import Role
from outbox import post
from outbox.models import OutgoingEmail
from staff.models import StaffInvitation
from tests.journeys.test_enrolment import sign_up

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_colleague_joins_by_link_and_loses_access_at_once(language, reader, reseller_admin, relationship):
    admin_window = reader(reseller_admin, language=language)
    colleague_window = reader(language=language)

    link = invite_by_link(admin_window)
    join(colleague_window, link)
    change_roles(admin_window, colleague_window)
    suspend(admin_window, colleague_window)
    reactivate_and_remove(admin_window, colleague_window)

    assert Membership.objects.get(user__email="kaede@sakura.example").ended_at is not None


def invite_by_link(window) -> str:
    window.choose("User management")
    window.follow("Invite by link")
    window.sees_heading("Invite by link")
    window.fill("Send to", "kaede@sakura.example")
    window.press("Next: Message")
    expect(window.page.locator(".field-error")).to_have_count(1)
    window.page.locator(f"[name=roles][value={Role.HELPDESK_AGENT}]").check()
    window.press("Next: Message")
    window.press("Send")
    window.sees("kaede@sakura.example")
    assert post.deliver(OutgoingEmail.objects.get().pk)
    link = StaffInvitation.objects.get().link.url()
    assert link in mail.outbox[-1].body
    window.press("Done")
    expect(window.page.get_by_role("row", name="kaede@sakura.example")).to_contain_text(window.t("Helpdesk agent"))
    return link


def join(window, link: str) -> None:
    window.page.goto(link)
    window.sees("Sakura")
    window.sees(window.t("Helpdesk agent"))
    window.follow("Create an account")
    sign_up(window, "kaede@sakura.example")
    window.page.wait_for_url(link)
    window.press("Join")
    window.sees_heading("Sakura")
    window.choose("Customers")
    window.sees("Aoba")
    window.page.goto(link)
    expect(window.page.get_by_role("button", name=window.t("Join"))).to_have_count(0)


def change_roles(admin_window, colleague_window) -> None:
    """The new colleague does not manage users; after the change it does, in the window that is open already."""
    colleague_window.choose("User management")
    expect(colleague_window.page.get_by_role("link", name=colleague_window.t("Add user"))).to_have_count(0)
    open_person(admin_window)
    admin_window.page.locator(f"[name=roles][value={Role.USER_ADMIN}]").check()
    admin_window.press("Save")
    admin_window.sees(admin_window.t("User management admin"))
    colleague_window.choose("User management")
    expect(colleague_window.page.get_by_role("link", name=colleague_window.t("Add user"))).to_have_count(1)


def suspend(admin_window, colleague_window) -> None:
    """The open session reaches nothing from now on, and neither does a new one, which is told why."""
    open_person(admin_window)
    admin_window.press("Suspend")
    admin_window.sees(admin_window.t("Suspended"))
    assert is_shut_out(colleague_window)
    colleague_window.page.goto(f"{colleague_window.url}/accounts/logout/")
    colleague_window.press("Sign out")
    colleague_window.page.goto(f"{colleague_window.url}/customers/")
    colleague_window.sign_in("kaede@sakura.example", "a password that is long")
    assert is_shut_out(colleague_window)
    colleague_window.page.goto(colleague_window.url)
    colleague_window.sees(colleague_window.t("Your access to %(company)s is suspended") % {"company": "Sakura"})
    expect(
        colleague_window.page.get_by_role("navigation", name=colleague_window.t("Partner Center menu"))
    ).to_have_count(0)


def reactivate_and_remove(admin_window, colleague_window) -> None:
    open_person(admin_window)
    admin_window.press("Reactivate")
    colleague_window.choose("Customers")
    colleague_window.sees("Aoba")
    open_person(admin_window)
    admin_window.follow("Remove user")
    admin_window.sees_heading("Remove user")
    admin_window.press("Remove user")
    admin_window.sees_heading("User management")
    assert is_shut_out(colleague_window)


def open_person(window) -> None:
    window.choose("User management")
    window.follow("楓 花子")
    window.sees_heading("楓 花子")


def is_shut_out(window) -> bool:
    """Whether the open session of this window no longer reaches anything of the company."""
    window.page.goto(f"{window.url}/customers/")
    return "Aoba" not in window.page.content()
