"""Somebody who works for a reseller and for a customer opens links with the wrong hat, and is offered the right one."""

import pytest
from playwright.sync_api import expect

from accounts.models import Membership
from accounts.roles import Role
from customers.models import Delegation, Relationship
from resellers.models import Partnership
from resellers.partnerships import request_partnership
from tests.factories import CustomerFactory, RelationshipRequestFactory

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def two_hats(reseller_admin):
    """Sakura's Global admin is that of Aoba as well, and acts for Aoba after signing in: it comes first."""
    customer = CustomerFactory(organisation__name="Aoba")
    Membership.objects.create(user=reseller_admin.user, organisation=customer.organisation, roles=[Role.GLOBAL_ADMIN])
    return reseller_admin


@pytest.mark.parametrize(("language", "scripts"), [("en", False), ("ja", True)])
def test_a_link_opened_with_the_wrong_hat_offers_the_right_one(
    language, scripts, reader, provider, provider_admin, two_hats
):
    to_a_reseller = request_partnership(provider, language=language, actor=provider_admin.user)
    to_a_customer = RelationshipRequestFactory(provider=provider, created_by=provider_admin.user, includes_admin=True)
    window = reader(two_hats, language=language, scripts=scripts)

    window.sees_heading("Aoba")
    put_on_the_right_hat(window, to_a_reseller.link.url(), wrong="Aoba", right="Sakura")
    authorize(window)
    put_on_the_right_hat(window, to_a_customer.link.url(), wrong="Sakura", right="Aoba")
    accept_without_privileges(window)
    find_a_page_of_the_other_hat(window)

    assert [(str(each.provider), str(each.reseller)) for each in Partnership.objects.active()] == [("Kita", "Sakura")]
    assert [str(each.customer) for each in Relationship.objects.all()] == ["Aoba"]
    assert not Delegation.objects.exists()


def put_on_the_right_hat(window, link: str, *, wrong: str, right: str) -> None:
    """Nothing can be answered with the wrong one; one press leads back to the same link with the right one."""
    window.page.goto(link)
    expect(window.page.locator("[data-problem=wrong_kind]")).to_contain_text(wrong)
    expect(window.page.locator("[name=agreed]")).to_have_count(0)
    act_for(window, right)
    expect(window.page).to_have_url(link)
    expect(window.page.locator("[data-problem]")).to_have_count(0)


def act_for(window, company: str) -> None:
    label = window.t("Act for %(company)s") % {"company": company}
    window.page.get_by_role("main").get_by_role("button", name=label, exact=True).click()


def authorize(window) -> None:
    window.page.locator("[name=agreed]").check()
    window.press("Authorize indirect provider")
    expect(window.page.get_by_role("row", name="Kita")).to_be_visible()


def accept_without_privileges(window) -> None:
    window.page.locator("[name=privileges][value=withhold]").check()
    window.page.locator("[name=agreed]").check()
    window.press("Accept")
    window.sees_heading("Partner relationships")


def find_a_page_of_the_other_hat(window) -> None:
    """An address in a mail, say: it is not found for Aoba, and it is with the other hat."""
    window.page.goto(f"{window.url}/resellers/providers/")
    window.sees_heading("Page not found")
    act_for(window, "Sakura")
    window.sees_heading("Indirect providers")
    window.sees("Kita")
