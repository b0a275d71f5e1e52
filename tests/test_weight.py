"""Every list with a full page of rows weighs no more than 60 KB, in both languages: Japanese is three bytes a letter.

The journeys weigh every page as well, with few rows and very long names; `make bench` prints what pages weigh.
"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.paging import PAGE_SIZE
from accounts.roles import Role
from activity.log import record
from activity.verbs import Verb
from subscriptions.models import OrderDraft
from subscriptions.statements import draw_month
from subscriptions.terms import month_of
from tests.factories import (
    ChargeFactory,
    ContactRequestFactory,
    CustomerFactory,
    LicenceAssignmentFactory,
    NoticeFactory,
    PartnershipFactory,
    PartnershipRequestFactory,
    ProviderFactory,
    RelationshipFactory,
    RelationshipRequestFactory,
    ResellerOfRecordFactory,
    StaffInvitationFactory,
    StatementFactory,
    SubscriptionFactory,
    SupportRequestFactory,
    member,
    ready_reseller,
)

KILOBYTES = 60
COMPANY = "株式会社東日本アイティーソリューションズ{}"
PROVIDERS = (
    *("resellers:list", "resellers:requests", "resellers:contacts", "customers:list", "customers:requests"),
    *("orders:list", "orders:drafts", "orders:new", "subscriptions:list", "subscriptions:price_list"),
    *("subscriptions:markups", "incentives:list", "incentives:uncredited"),
    *("support:list", "activity:list", "staff:list", "staff:invitations", "directory:list", "notices:list"),
    "statements:list",
)
RESELLERS = (
    *("resellers:providers", "customers:list", "customers:requests", "orders:list", "subscriptions:list"),
    *("subscriptions:credited", "subscriptions:supported", "support:list", "activity:list", "statements:list"),
    *("subscriptions:own_prices", "incentives:list"),
)
CUSTOMERS = ("overview", "orders:list", "subscriptions:list", "support:list", "activity:list")
OF_A_CUSTOMER = ("customers:account", "subscriptions:customer", "subscriptions:users")
OF_A_STATEMENT = ("statements:detail",)
OF_A_SUBSCRIPTION = ("subscriptions:detail", "subscriptions:licences", "subscriptions:licences_assign")


@pytest.fixture
def full_pages(relationship, provider_admin, reseller_admin, customer_admin):
    """More rows of everything than one page shows."""
    for number in range(PAGE_SIZE + 1):
        add_partners(number, relationship, provider_admin)
        add_customers(number, relationship, reseller_admin, customer_admin)
        add_people(number, provider_admin)


def add_partners(number, relationship, provider_admin) -> None:
    provider, user = relationship.provider, provider_admin.user
    PartnershipFactory(provider=provider, reseller=ready_reseller(COMPANY.format(number)))
    other = ProviderFactory(organisation__name=COMPANY.format(number), description="全国対応。" * 20)
    PartnershipFactory(provider=other, reseller=relationship.reseller)
    asked = {"provider": provider, "created_by": user, "recipient": f"info{number}@east-japan.example"}
    PartnershipRequestFactory(**asked)
    RelationshipRequestFactory(**asked, reseller=relationship.reseller)
    RelationshipRequestFactory(**asked, reseller=relationship.reseller, by_reseller=True)
    asking = ready_reseller(COMPANY.format(f"北{number}"))
    ContactRequestFactory(provider=provider, reseller=asking, message="ご連絡ください。" * 10)


def add_customers(number, relationship, reseller_admin, customer_admin) -> None:
    provider, reseller = relationship.provider, relationship.reseller
    customer = CustomerFactory(organisation__name=COMPANY.format(number))
    RelationshipFactory(provider=provider, customer=customer, reseller=reseller)
    subscription = SubscriptionFactory(
        relationship=relationship, nickname=f"Microsoft 365 Business Premium 本社{number}", support_contact=reseller
    )
    location = reseller.organisation.partner_accounts.get()
    ResellerOfRecordFactory(subscription=subscription, partner_account=location)
    ChargeFactory(subscription=subscription, partner_account=location, period_end=timezone.now() + timedelta(days=31))
    StatementFactory(provider=provider, reseller=reseller, currency=f"X{number:02d}", total=987654321)
    SupportRequestFactory(
        subscription=subscription, assignee=reseller.organisation, opened_by=customer_admin.user, title="画面" * 12
    )
    companies = [provider.organisation, reseller.organisation, relationship.customer.organisation]
    record(Verb.CUSTOMER_CHANGED, COMPANY.format(number), actor=reseller_admin.user, seen_by=companies)


def add_people(number, provider_admin) -> None:
    company = provider_admin.organisation
    member(company, Role.ADMIN_AGENT, Role.SALES_AGENT, name=f"東 花子{number}")
    StaffInvitationFactory(
        organisation=company, created_by=provider_admin.user, recipient=f"kaede{number}@east-japan.example"
    )
    NoticeFactory(membership=provider_admin, names={"company": COMPANY.format(number)})
    OrderDraft.objects.create(
        provider=company.provider, created_by=provider_admin.user, account={"company_name": COMPANY.format(number)}
    )


@pytest.fixture
def subscription(relationship):
    return SubscriptionFactory(relationship=relationship, licences=2 * PAGE_SIZE)


@pytest.fixture
def weights(full_pages, subscription, customer_admin, sign_in):
    """Fetches pages as a member reads them, and says what each weighs."""
    for number in range(PAGE_SIZE + 1):
        person = member(customer_admin.organisation, name=f"青葉 太郎{number}")
        LicenceAssignmentFactory(subscription=subscription, membership=person)

    def weigh(membership, language, names, *args):
        membership.user.language = language
        membership.user.save()
        client = sign_in(membership)
        for name in names:
            response = client.get(reverse(name, args=args))
            assert response.status_code == 200, name
            yield name, len(response.content)

    return weigh


@pytest.mark.parametrize("language", ["en", "ja"])
def test_full_pages_are_light(
    language, weights, relationship, subscription, provider_admin, reseller_admin, customer_admin
):
    customer = relationship.customer_id
    draw_month(relationship.provider, month_of(timezone.now()))
    owed = relationship.provider.statements.get(reseller=None).code
    billed = relationship.reseller.statements.get(currency="JPY").code
    weighed = [
        *weights(provider_admin, language, OF_A_STATEMENT, owed),
        *weights(reseller_admin, language, OF_A_STATEMENT, billed),
        *weights(provider_admin, language, PROVIDERS),
        *weights(provider_admin, language, OF_A_CUSTOMER, customer),
        *weights(provider_admin, language, OF_A_SUBSCRIPTION, subscription.code),
        *weights(reseller_admin, language, RESELLERS),
        *weights(reseller_admin, language, OF_A_CUSTOMER, customer),
        *weights(customer_admin, language, CUSTOMERS),
        *weights(customer_admin, language, OF_A_SUBSCRIPTION, subscription.code),
    ]

    assert [(name, size // 1024) for name, size in weighed if size > KILOBYTES * 1024] == []
