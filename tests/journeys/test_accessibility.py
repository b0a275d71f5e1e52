"""Every page as axe, a phone and the dark see it: no violation, nothing wider than the screen, no larger than 60 KB."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from accounts.roles import Role
from outbox.models import PersonalRequest
from resellers.partnerships import request_partnership
from subscriptions.models import Offer, OrderDraft
from tests.factories import (
    ContactRequestFactory,
    CustomerFactory,
    LicenceAssignmentFactory,
    NoticeFactory,
    PartnershipRequestFactory,
    ProfileProposalFactory,
    ProviderFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    ResellerFactory,
    ResellerOfRecordFactory,
    StaffInvitationFactory,
    SubscriptionFactory,
    SupportRequestFactory,
    member,
)
from tests.journeys.lives_stage import about_money
from tests.journeys.pages import (
    CLOSED_PAGES,
    CUSTOMER_PAGES,
    LISTS,
    PROVIDER_PAGES,
    PROVIDERS_CUSTOMERS,
    PROVIDERS_LIVES,
    PROVIDERS_MONEY,
    PROVIDERS_PARTNERS,
    PUBLIC_PAGES,
    RESELLER_PAGES,
    RESELLERS_CUSTOMERS,
    RESELLERS_MONEY,
)
from tests.subscriptions.order_answers import draft_of, line

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
KILOBYTES = 60
LONG_NAME = "非常に長い名前の株式会社アイティーソリューションズ・ホールディングス東日本統括事業本部"
LONG_WORD = "Incorporated-without-any-place-to-break-this-very-long-word"
UNBROKEN = f"{LONG_NAME} {LONG_WORD}"


@pytest.fixture
def stage(relationship, subscription, provider, provider_admin, reseller, reseller_admin, customer_admin):
    """The arguments of every page, in a world with names that are longer than any column."""
    relationship.company_name = LONG_NAME
    relationship.take_names()
    relationship.save()
    reseller.organisation.name = UNBROKEN
    reseller.organisation.save()
    SubscriptionFactory(relationship=relationship, nickname=LONG_NAME, status="suspended", support_contact=reseller)
    request = request_partnership(provider, language="ja", actor=provider_admin.user)
    draft = OrderDraft.objects.create(provider=provider, created_by=provider_admin.user)
    invitation = StaffInvitationFactory(
        organisation=provider.organisation, created_by=provider_admin.user, recipient=f"{'a' * 60}@ume.example"
    )
    return {
        "customer": relationship.customer_id,
        "reseller": reseller.pk,
        "subscription": subscription.code,
        "order": subscription.order_line.order.code,
        "request": request.code,
        "draft": draft.code,
        "ready draft": draft_of(provider_admin, line(subscription.offer), reseller=reseller).code,
        "colleague": member(provider.organisation, Role.SALES_AGENT, name=LONG_NAME).pk,
        "reseller's person": reseller_admin.pk,
        "invitation": invitation.code,
        "join link": behind(invitation),
        "partnership link": behind(request),
        **withdrawn_links(provider, provider_admin),
        **about_customers(relationship, provider_admin, reseller_admin),
        **about_support(subscription, relationship, customer_admin),
        **about_money(relationship, provider_admin),
        **about_the_directory(provider, reseller, provider_admin),
        "notices": [each.pk for each in map(notified, (provider_admin, reseller_admin, customer_admin))],
    }


def about_customers(relationship, provider_admin, reseller_admin) -> dict:
    """Requests to customers, tenant owners, users with licences, and a customer that can be let go."""
    provider, reseller = relationship.provider, relationship.reseller
    azure = SubscriptionFactory(relationship=relationship, nickname=LONG_WORD, offer__category=Offer.Category.USAGE)
    ResellerOfRecordFactory(subscription=azure, partner_account=reseller.organisation.partner_accounts.get())
    relationship.customer.delegations.create(
        partner=reseller.organisation, privilege="tenant_owner", granted_by=provider_admin.user
    )
    asking = {"provider": provider, "reseller": reseller, "includes_admin": True}
    request = RelationshipRequestFactory(**asking, created_by=provider_admin.user, recipient=f"{'b' * 60}@ume.example")
    own_request = RelationshipRequestFactory(**asking, by_reseller=True, created_by=reseller_admin.user)
    free = RelationshipFactory(provider=provider, customer=CustomerFactory(organisation__name=UNBROKEN))
    given = LicenceAssignmentFactory(
        subscription=relationship.subscriptions.earliest("pk"),
        membership=member(relationship.customer.organisation, name=LONG_NAME),
    )
    return {
        "owner": (relationship.customer_id, reseller.pk),
        "relationship request": request.code,
        "own request": own_request.code,
        "relationship link": behind(request),
        "free customer": free.customer_id,
        "user": given.membership_id,
    }


def about_support(subscription, relationship, customer_admin) -> dict:
    answered_by = {"assignee": relationship.reseller.organisation, "opened_by": customer_admin.user}
    SupportRequestFactory(subscription=subscription, **answered_by, status="closed")
    row = SupportRequestFactory(subscription=subscription, **answered_by, title=UNBROKEN, text=f"{UNBROKEN}\n" * 3)
    return {"question": row.code}


def about_the_directory(provider, reseller, provider_admin) -> dict:
    """Entries of the public list, with a proposal that waits; a reseller that asked, and is about to leave."""
    provider.description, provider.website = UNBROKEN, f"https://{'kita' * 12}.example/"
    provider.save()
    ProfileProposalFactory(provider=provider, proposed_by=provider_admin.user)
    ContactRequestFactory(provider=provider, reseller=reseller, message=f"{UNBROKEN}\n" * 3)
    reseller.partnerships.update(leave_requested_at=timezone.now(), leave_reason=UNBROKEN)
    other = ProviderFactory(organisation__name=UNBROKEN)
    account = reseller.organisation.partner_accounts.get()
    return {"provider": provider.pk, "other provider": other.pk, "partner account": account.pk}


def withdrawn_links(provider, provider_admin) -> dict:
    made = {"created_by": provider_admin.user, "withdrawn_at": timezone.now()}
    partnership = PartnershipRequestFactory(provider=provider, **made)
    relationship = RelationshipRequestFactory(provider=provider, **made)
    join = StaffInvitationFactory(organisation=provider.organisation, **made)
    return {
        "withdrawn partnership link": behind(partnership),
        "withdrawn relationship link": behind(relationship),
        "withdrawn join link": behind(join),
    }


def notified(membership):
    return NoticeFactory(membership=membership, names={"company": UNBROKEN})


def behind(request: PersonalRequest) -> tuple[str, str]:
    """The arguments of a personal link."""
    return request.code, request.link.path().rstrip("/").rsplit("/", 1)[1]


@pytest.mark.parametrize(
    ("person", "pages"),
    [
        pytest.param("provider_admin", PROVIDER_PAGES, id="provider"),
        pytest.param("provider_admin", PROVIDERS_PARTNERS, id="provider-partners"),
        pytest.param("provider_admin", PROVIDERS_CUSTOMERS, id="provider-customers"),
        pytest.param("provider_admin", PROVIDERS_MONEY, id="provider-money"),
        pytest.param("provider_admin", PROVIDERS_LIVES, id="provider-lives"),
        pytest.param("reseller_admin", RESELLER_PAGES, id="reseller"),
        pytest.param("reseller_admin", RESELLERS_CUSTOMERS, id="reseller-customers"),
        pytest.param("reseller_admin", RESELLERS_MONEY, id="reseller-money"),
        pytest.param("customer_admin", CUSTOMER_PAGES, id="customer"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_of_those_who_signed_in(person, pages, language, reader, stage, request):
    window = reader(request.getfixturevalue(person), language=language)

    problems = []
    for page in pages:
        problems += problems_of(window.page, f"{window.url}{address_of(page, stage)}")

    assert "\n".join(problems) == ""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_of_those_who_have_not(language, reader, stage):
    window = reader(language=language)

    problems = []
    for page in PUBLIC_PAGES:
        problems += problems_of(window.page, f"{window.url}{address_of(page, stage)}")
    for page in CLOSED_PAGES:
        problems += problems_of(window.page, f"{window.url}{address_of(page, stage)}", status=410)
    code, _token = stage["join link"]
    for address in ("/no/such/page/", reverse("staff:join", args=[code, "no-such-token"])):
        problems += problems_of(window.page, f"{window.url}{address}", status=404)

    assert "\n".join(problems) == ""


@pytest.mark.parametrize(
    ("company", "pages"),
    [
        pytest.param(
            ProviderFactory,
            PROVIDER_PAGES + PROVIDERS_PARTNERS + PROVIDERS_CUSTOMERS + PROVIDERS_MONEY,
            id="provider",
        ),
        pytest.param(ResellerFactory, RESELLER_PAGES + RESELLERS_CUSTOMERS + RESELLERS_MONEY, id="reseller"),
        pytest.param(CustomerFactory, CUSTOMER_PAGES, id="customer"),
    ],
)
def test_pages_without_a_row(company, pages, reader, db):
    """They say what to do next as accessibly as the others show what there is."""
    window = reader(member(company().organisation, Role.GLOBAL_ADMIN))

    problems = []
    for name, concerns in pages:
        if name in LISTS and concerns is None:
            problems += problems_of(window.page, f"{window.url}{reverse(name)}")

    assert "\n".join(problems) == ""


def test_pages_that_say_what_it_costs(reader, stage, provider_admin):
    """A review, which only the answer to a form shows: of a change, of an upgrade, and of a trial that is converted."""
    window = reader(provider_admin)
    problems = []
    window.page.goto(f"{window.url}{reverse('subscriptions:detail', args=[stage['suite']])}")
    window.fill("Licenses", "299")
    window.press("Submit")
    window.sees("299")
    problems += what_is_wrong_with(window.page)
    for name, concerns in (("upgrade", "suite"), ("convert", "trial")):
        window.page.goto(f"{window.url}{reverse(f'subscriptions:{name}', args=[stage[concerns]])}")
        window.page.get_by_role("main").get_by_role("radio").first.check()
        window.press("Next: Review")
        window.sees("Submit charges exactly this.")
        problems += what_is_wrong_with(window.page)

    assert "\n".join(problems) == ""


def test_pages_with_a_temporary_password(reader, stage, provider_admin):
    """Setup info, which only the answer to a form shows, and what its owner meets first."""
    window = reader(provider_admin)
    window.page.goto(f"{window.url}{reverse('staff:add')}")
    window.page.locator("[name=name]").fill(UNBROKEN)
    window.page.locator("[name=account_name]").fill("kaede@kita.example")
    window.page.locator(f"[name=roles][value={Role.HELPDESK_AGENT}]").check()
    window.press("Add user")

    problems = what_is_wrong_with(window.page)
    provider_admin.user.must_change_password = True
    provider_admin.user.save()
    problems += problems_of(window.page, f"{window.url}{reverse('accounts:new_password')}")

    assert "\n".join(problems) == ""


def address_of(page: tuple[str, str | None], stage: dict) -> str:
    (name, mark, query), concerns = page[0].partition("?"), page[1]
    args = stage[concerns] if concerns else ()
    return reverse(name, args=args if isinstance(args, tuple) else [args]) + mark + query


def problems_of(page: Page, address: str, *, status: int = 200) -> list[str]:
    """What is wrong with a page, its status and its weight included."""
    response = page.goto(address)
    problems = [] if response.status == status else [f"{address} answered {response.status}"]
    if len(response.body()) > KILOBYTES * 1024:
        problems.append(f"{address}: {len(response.body()) // 1024} KB")
    return problems + what_is_wrong_with(page)


def what_is_wrong_with(page: Page) -> list[str]:
    """With the page that is shown, on a desktop in the light and on a phone in the dark."""
    address, problems = page.url, []
    for width, scheme in ((1280, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        problems += [f"{address} {width} {scheme}: {each['id']} {targets(each)}" for each in violations]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            problems.append(f"{address} {width}: {overflow} px wider than the screen")
    return problems


def targets(violation: dict) -> list:
    return [node["target"] for node in violation["nodes"]][:3]
