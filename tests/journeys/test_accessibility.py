"""Every page as axe, a phone and the dark see it: no violation, nothing wider than the screen, no larger than 60 KB."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page

from resellers.partnerships import request_partnership
from subscriptions.models import OrderDraft
from tests.factories import SubscriptionFactory

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
KILOBYTES = 60


@pytest.fixture
def stage(relationship, subscription, provider, provider_admin, reseller):
    """The arguments of every page, in a world with names that are longer than any column."""
    long_name = "非常に長い名前の株式会社アイティーソリューションズ・ホールディングス東日本統括事業本部"
    relationship.company_name = long_name
    relationship.take_names()
    relationship.save()
    reseller.organisation.name = f"{long_name} Incorporated-without-any-place-to-break-this-very-long-word"
    reseller.organisation.save()
    SubscriptionFactory(relationship=relationship, nickname=long_name, status="suspended", support_contact=reseller)
    request = request_partnership(provider, language="ja", actor=provider_admin.user)
    draft = OrderDraft.objects.create(provider=provider, created_by=provider_admin.user)
    return {
        "customer": relationship.customer_id,
        "reseller": reseller.pk,
        "subscription": subscription.code,
        "order": subscription.order_line.order.code,
        "request": request.code,
        "draft": draft.code,
    }


PROVIDER_PAGES = (
    ("overview", None),
    ("resellers:list", None),
    ("resellers:requests", None),
    ("resellers:request", "request"),
    ("resellers:end", "reseller"),
    ("customers:list", None),
    ("customers:account", "customer"),
    ("customers:edit", "customer"),
    ("customers:reset_password", "customer"),
    ("orders:new", None),
    ("orders:add", "customer"),
    ("orders:account", "draft"),
    ("orders:list", None),
    ("orders:detail", "order"),
    ("orders:drafts", None),
    ("subscriptions:list", None),
    ("subscriptions:customer", "customer"),
    ("subscriptions:detail", "subscription"),
    ("subscriptions:suspend", "subscription"),
    ("subscriptions:price_list", None),
    ("activity:list", None),
    ("account_settings", None),
    ("accounts:profile", None),
    ("account_change_password", None),
    ("account_logout", None),
)
RESELLER_PAGES = (
    ("overview", None),
    ("resellers:providers", None),
    ("resellers:sign_agreement", None),
    ("customers:list", None),
    ("customers:account", "customer"),
    ("subscriptions:list", None),
    ("subscriptions:detail", "subscription"),
    ("account_settings", None),
)
CUSTOMER_PAGES = (
    ("overview", None),
    ("subscriptions:list", None),
    ("subscriptions:detail", "subscription"),
    ("account_settings", None),
)
PUBLIC_PAGES = ("account_login", "account_signup", "account_reset_password", "account_inactive")


@pytest.mark.parametrize(
    ("person", "pages"),
    [
        pytest.param("provider_admin", PROVIDER_PAGES, id="provider"),
        pytest.param("reseller_admin", RESELLER_PAGES, id="reseller"),
        pytest.param("customer_admin", CUSTOMER_PAGES, id="customer"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_of_those_who_signed_in(person, pages, language, reader, stage, request):
    window = reader(request.getfixturevalue(person), language=language)

    problems = []
    for name, concerns in pages:
        address = reverse(name, args=[stage[concerns]] if concerns else [])
        problems += problems_of(window.page, f"{window.url}{address}")

    assert "\n".join(problems) == ""


def test_pages_of_those_who_have_not(reader, stage, client):
    window = reader()

    problems = []
    for name in PUBLIC_PAGES:
        problems += problems_of(window.page, f"{window.url}{reverse(name)}")
    problems += problems_of(window.page, f"{window.url}/no/such/page/")

    assert "\n".join(problems) == ""


def problems_of(page: Page, address: str) -> list[str]:
    """What is wrong with a page on a desktop in the light and on a phone in the dark."""
    response = page.goto(address)
    problems = []
    if len(response.body()) > KILOBYTES * 1024:
        problems.append(f"{address}: {len(response.body()) // 1024} KB")
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        violations = Axe().run(page).response["violations"]
        problems += [f"{address} {width} {scheme}: {each['id']} {targets(each)}" for each in violations]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            problems.append(f"{address} {width}: {overflow} px wider than the screen")
    return problems


def targets(violation: dict) -> list:
    return [node["target"] for node in violation["nodes"]][:3]
