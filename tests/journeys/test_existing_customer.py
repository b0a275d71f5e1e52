"""A company that exists already is asked, gives access, takes it back, and is let go (seed: step 3; domain.md §5)."""

import re

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from accounts.roles import Role
from customers.models import Delegation, Relationship, RelationshipRequest
from outbox import post
from outbox.models import OutgoingEmail
from subscriptions.models import Offer, Subscription
from tests.factories import CustomerFactory, RelationshipFactory, SubscriptionFactory, member

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def existing_admin(db):
    """The Global admin of Aoba, which buys from another provider already."""
    address = {"address_line1": "千代田1-1", "city": "千代田区", "state": "東京都", "postal_code": "100-0001"}
    customer = CustomerFactory(organisation__name="Aoba", primary_domain="aoba.onmicrosoft.com", **address)
    RelationshipFactory(provider__organisation__name="Minami", customer=customer)
    return member(customer.organisation, Role.GLOBAL_ADMIN, email="admin@aoba.onmicrosoft.com")


@pytest.mark.parametrize(("language", "scripts"), [("en", False), ("ja", True)])
def test_an_existing_customer_is_won_and_keeps_the_say(
    language, scripts, reader, partnership, provider_admin, reseller_admin, existing_admin
):
    provider_window = reader(provider_admin, language=language, scripts=scripts)
    reseller_window = reader(reseller_admin, language=language, scripts=scripts)
    customer_window = reader(language=language, scripts=scripts)
    User.objects.filter(pk=existing_admin.user_id).update(language=language)

    link = request_relationship(provider_window)
    accept(customer_window, link, existing_admin)
    customer_is_listed(provider_window)
    customer_is_listed(reseller_window)
    withdraw_administration(customer_window, reseller_window)
    give_administration(customer_window, reseller_window)
    give_and_withdraw_tenant_owner(customer_window, provider_window)
    remove_relationship(provider_window, reseller_window, customer_window)

    customer_window.page.goto(link)
    expect(customer_window.page.locator("[data-problem=request_used]")).to_be_visible()


def request_relationship(window) -> str:
    """From the reseller's row to a message that has left; the link as it stands in the mail."""
    window.choose("Indirect resellers")
    window.page.get_by_role("row", name="Sakura").get_by_role("button", name=window.t("Invite new customers")).click()
    window.sees_heading("Request a reseller relationship")
    message = window.page.get_by_label(window.t("Email text"))
    whole = message.input_value()
    assert "Sakura" in whole
    for includes_admin in (False, True):
        window.page.locator("[name=includes_admin]").set_checked(includes_admin)
        window.press("Show the message with these options")
        expect(window.page.locator("[name=includes_admin]")).to_be_checked(checked=includes_admin)
        assert (message.input_value() == whole) is includes_admin
    window.fill("Send to", "admin@aoba.onmicrosoft.com")
    window.press("Send")
    window.sees("admin@aoba.onmicrosoft.com")
    assert post.deliver(OutgoingEmail.objects.get().pk)
    window.press("Done")
    expect(window.page.get_by_role("row", name="admin@aoba.onmicrosoft.com")).to_contain_text("Sakura")
    link = re.search(r"http\S+/customers/invitation/\S+", mail.outbox[-1].body)[0]
    assert link == RelationshipRequest.objects.get().link.url()
    return link


def accept(window, link: str, admin) -> None:
    """The customer reads who asks for what; nothing is chosen for it."""
    window.page.goto(link)
    window.follow("Sign in")
    window.sign_in(admin.user.email)
    for company in ("Kita", "Sakura"):
        expect(window.page.get_by_role("heading", level=2, name=company, exact=True)).to_be_visible()
    window.sees(window.t("Delegated administration privileges"))
    window.press("Accept")
    expect(window.page.locator(".field-error").nth(1)).to_be_visible()
    window.page.locator("[name=privileges][value=give]").check()
    window.page.locator("[name=agreed]").check()
    window.press("Accept")
    window.sees_heading("Partner relationships")
    for company in ("Kita", "Minami", "Sakura"):
        expect(partner(window, company)).to_be_visible()
    assert Delegation.objects.active().count() == 3
    window.page.goto(link)
    expect(window.page.get_by_role("button", name=window.t("Accept"))).to_have_count(0)


def customer_is_listed(window) -> None:
    window.choose("Customers")
    expect(window.page.get_by_role("row", name="Aoba")).to_be_visible()


def withdraw_administration(customer_window, reseller_window) -> None:
    """From that moment the reseller still sees the account and can change nothing; it is told why."""
    edit_account(reseller_window, phone="03-1234-5678")
    reseller_window.sees(reseller_window.t("Account saved."))
    customer_window.choose("Partner relationships")
    partner(customer_window, "Sakura").get_by_role("link", name=customer_window.t("Withdraw")).first.click()
    customer_window.sees_heading("Withdraw delegated administration")
    customer_window.press("Withdraw delegated administration")
    customer_window.sees_heading("Partner relationships")
    expect(partner(customer_window, "Sakura")).to_contain_text(customer_window.t("Not given"))
    open_account(reseller_window)
    expect(reseller_window.page.locator("#no-access")).to_contain_text(reseller_window.t("Partner relationships"))
    edit = reseller_window.page.get_by_role("link", name=reseller_window.t("Edit"), exact=True)
    expect(edit).to_have_attribute("aria-disabled", "true")
    expect(edit).to_have_attribute("aria-describedby", "no-access")


def give_administration(customer_window, reseller_window) -> None:
    customer_window.choose("Partner relationships")
    give = customer_window.t("Give delegated administration")
    partner(customer_window, "Sakura").get_by_role("link", name=give).click()
    customer_window.sees_heading("Give delegated administration")
    customer_window.press("Give delegated administration")
    expect(partner(customer_window, "Sakura")).not_to_contain_text(give)
    edit_account(reseller_window, phone="03-8765-4321")
    reseller_window.sees(reseller_window.t("Account saved."))


def give_and_withdraw_tenant_owner(customer_window, provider_window) -> None:
    """Azure service portal, User settings: the customer grants, the provider that sold the plan withdraws."""
    relationship = Relationship.objects.get(provider__organisation__name="Kita")
    customer_window.choose("Partner relationships")
    partner(customer_window, "Sakura").get_by_role("link", name=customer_window.t("User settings")).click()
    customer_window.sees(customer_window.t("No Azure plan"))
    SubscriptionFactory(relationship=relationship, nickname="Azure", offer__category=Offer.Category.USAGE)
    customer_window.page.reload()
    customer_window.select("Indirect reseller", "Sakura")
    customer_window.press("Grant")
    expect(customer_window.page.get_by_role("row", name="Sakura")).to_be_visible()
    open_account(provider_window)
    provider_window.follow("User settings")
    provider_window.sees_heading("User settings")
    provider_window.page.get_by_role("row", name="Sakura").get_by_role("link").click()
    provider_window.sees_heading("Withdraw tenant owner permissions")
    provider_window.press("Withdraw")
    provider_window.sees(provider_window.t("No reseller is tenant owner yet."))
    assert Delegation.objects.active().filter(privilege=Delegation.Privilege.TENANT_OWNER).count() == 0


def remove_relationship(provider_window, reseller_window, customer_window) -> None:
    """Not as long as a subscription goes on; then with all that rests on it, and without what Minami was given."""
    open_account(provider_window)
    remove = provider_window.t("Remove reseller relationship")
    expect(provider_window.page.get_by_role("button", name=remove)).to_be_disabled()
    Subscription.objects.update(status=Subscription.Status.EXPIRED, ended_at=timezone.now())
    open_account(provider_window)
    provider_window.follow("Remove reseller relationship")
    provider_window.sees_heading("Remove reseller relationship")
    provider_window.sees("Sakura")
    provider_window.press("Yes")
    for window in (provider_window, reseller_window):
        window.choose("Customers")
        expect(window.page.get_by_role("row", name="Aoba")).to_have_count(0)
    customer_window.choose("Partner relationships")
    expect(partner(customer_window, "Minami")).to_be_visible()
    expect(partner(customer_window, "Kita")).to_have_count(0)
    assert [str(each.partner) for each in Delegation.objects.active()] == ["Minami"]


def partner(window, name: str):
    """The part of Partner relationships that is about one company."""
    return window.page.get_by_role("region", name=name, exact=True)


def open_account(window) -> None:
    window.choose("Customers")
    window.page.locator(".chevron").first.click()
    window.follow("Account")
    window.sees_heading("Account")


def edit_account(window, *, phone: str) -> None:
    open_account(window)
    window.page.get_by_role("link", name=window.t("Edit"), exact=True).click()
    window.sees_heading("Edit account")
    window.page.locator("[name=phone]").fill(phone)
    window.press("Save")
