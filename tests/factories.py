"""Rows for tests, one factory a model, without surprises: what is not asked for is not made."""

from datetime import UTC, date, datetime
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Membership, Organisation, User
from accounts.roles import Kind, Role
from customers.models import Customer, CustomerAgreement, Delegation, Relationship, RelationshipRequest
from outbox.models import Notice
from providers.entries import Entry
from providers.models import ProfileProposal, Provider
from resellers.models import ContactRequest, PartnerAccount, PartnerAgreement, Partnership, PartnershipRequest, Reseller
from staff.models import StaffInvitation
from subscriptions.models import (
    BulkChange,
    BulkRow,
    Charge,
    LicenceAssignment,
    LicenceChange,
    Markup,
    Offer,
    Order,
    OrderLine,
    ResellerOfRecord,
    Statement,
    Subscription,
    SupportMessage,
    SupportRequest,
)

PASSWORD = "a long enough password"  # everybody in the tests has it


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@company.example")
    name = factory.Sequence(lambda n: f"Person {n}")
    language = "en"
    password = factory.django.Password(PASSWORD)


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Company {n}")
    country = "JP"
    kind = Kind.PROVIDER


class ProviderFactory(DjangoModelFactory):
    class Meta:
        model = Provider

    organisation = factory.SubFactory(OrganisationFactory, kind=Kind.PROVIDER)


class ResellerFactory(DjangoModelFactory):
    class Meta:
        model = Reseller

    organisation = factory.SubFactory(OrganisationFactory, kind=Kind.RESELLER)
    enrolment = Reseller.Enrolment.AUTHORIZED
    contact_name = "Contact"
    contact_email = "contact@reseller.example"


class PartnerAccountFactory(DjangoModelFactory):
    class Meta:
        model = PartnerAccount

    organisation = factory.SubFactory(OrganisationFactory, kind=Kind.RESELLER)
    number = factory.Sequence(lambda n: f"00{40000 + n}")
    kind = PartnerAccount.AccountKind.LOCATION
    country = "JP"
    is_associated = True


class PartnerAgreementFactory(DjangoModelFactory):
    class Meta:
        model = PartnerAgreement

    organisation = factory.SubFactory(OrganisationFactory, kind=Kind.RESELLER)
    region = "japan"
    version = "2026-11"
    signer_name = "Signer"


class PartnershipRequestFactory(DjangoModelFactory):
    class Meta:
        model = PartnershipRequest

    provider = factory.SubFactory(ProviderFactory)
    created_by = factory.SubFactory(UserFactory)
    subject = "Partnership request"
    message = "Open {{personal-link}} please."
    language = "en"


class PartnershipFactory(DjangoModelFactory):
    class Meta:
        model = Partnership

    provider = factory.SubFactory(ProviderFactory)
    reseller = factory.SubFactory(ResellerFactory)


class CustomerFactory(DjangoModelFactory):
    class Meta:
        model = Customer

    organisation = factory.SubFactory(OrganisationFactory, kind=Kind.CUSTOMER)
    primary_domain = factory.Sequence(lambda n: f"customer{n}.onmicrosoft.com")
    first_name = "Hanako"
    last_name = "Yamada"
    email = "hanako@customer.example"
    address_line1 = "1-1 Chiyoda"
    language = "en"


class RelationshipFactory(DjangoModelFactory):
    """A relationship; its provider and its reseller administer the account, unless administered=False."""

    class Meta:
        model = Relationship

    provider = factory.SubFactory(ProviderFactory)
    customer = factory.SubFactory(CustomerFactory)
    company_name = factory.SelfAttribute("customer.organisation.name")
    primary_domain = factory.SelfAttribute("customer.primary_domain")

    @classmethod
    def _create(cls, model_class, *args, administered=True, **kwargs):
        relationship = model_class(*args, **kwargs)
        relationship.take_names()
        relationship.save()
        for partner in filter(None, (relationship.provider_id, relationship.reseller_id) if administered else ()):
            Delegation.objects.get_or_create(
                customer=relationship.customer, partner_id=partner, privilege="delegated_admin", withdrawn_at=None
            )
        return relationship


class RelationshipRequestFactory(DjangoModelFactory):
    """A provider's request; with a reseller and by_reseller=True the reseller's."""

    class Meta:
        model = RelationshipRequest

    provider = factory.SubFactory(ProviderFactory)
    created_by = factory.SubFactory(UserFactory)
    subject = "Relationship request"
    message = "Open {{personal-link}} please."
    language = "en"


class CustomerAgreementFactory(DjangoModelFactory):
    class Meta:
        model = CustomerAgreement

    customer = factory.SubFactory(CustomerFactory)
    provider = factory.SubFactory(ProviderFactory)
    source = CustomerAgreement.Source.TO_BE_ASKED


class OfferFactory(DjangoModelFactory):
    class Meta:
        model = Offer

    product_title = factory.SelfAttribute("sku_title")
    product_id = factory.Sequence(lambda n: f"CFQ7TTC0{n:04d}")
    sku_id = "0001"
    sku_title = factory.Sequence(lambda n: f"Productivity plan {n}")
    publisher = "Microsoft Corporation"
    term = "P1Y"
    billing = "monthly"
    market = "JP"
    currency = "JPY"
    unit_price = Decimal(1000)
    erp_price = Decimal(1200)
    max_licences = 300
    effective_from = datetime(2025, 1, 1, tzinfo=UTC)
    effective_to = datetime(9999, 12, 31, tzinfo=UTC)
    segment = Offer.Segment.COMMERCIAL
    category = Offer.Category.ENTERPRISE


class OrderFactory(DjangoModelFactory):
    class Meta:
        model = Order

    relationship = factory.SubFactory(RelationshipFactory)
    provider = factory.SelfAttribute("relationship.provider")
    customer = factory.SelfAttribute("relationship.customer")
    number = factory.Sequence(lambda n: f"TEST-{n:06d}")
    placed_by = factory.SubFactory(UserFactory)


class OrderLineFactory(DjangoModelFactory):
    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)
    offer = factory.SubFactory(OfferFactory)
    title = factory.SelfAttribute("offer.sku_title")
    term = factory.SelfAttribute("offer.term")
    billing = factory.SelfAttribute("offer.billing")
    unit_price = factory.SelfAttribute("offer.unit_price")
    currency = factory.SelfAttribute("offer.currency")
    licences = 10


class SubscriptionFactory(DjangoModelFactory):
    """A subscription with its order, in the given relationship; its licences were bought when it was created."""

    class Meta:
        model = Subscription
        skip_postgeneration_save = True

    relationship = factory.SubFactory(RelationshipFactory)
    provider = factory.SelfAttribute("relationship.provider")
    customer = factory.SelfAttribute("relationship.customer")
    offer = factory.SubFactory(OfferFactory)
    licences = 10
    order_line = factory.SubFactory(
        OrderLineFactory,
        offer=factory.SelfAttribute("..offer"),
        licences=factory.SelfAttribute("..licences"),
        order=factory.SubFactory(OrderFactory, relationship=factory.SelfAttribute("...relationship")),
    )
    nickname = factory.SelfAttribute("offer.sku_title")
    term = factory.SelfAttribute("offer.term")
    billing = factory.SelfAttribute("offer.billing")
    unit_price = factory.SelfAttribute("offer.unit_price")
    currency = factory.SelfAttribute("offer.currency")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        subscription = model_class(*args, **kwargs)
        subscription.take_names()
        subscription.anchor = kwargs.get("anchor", subscription.starts_at)
        if subscription.status in Subscription.ENDED:
            subscription.ended_at = kwargs.get("ended_at", timezone.now())
        subscription.save()
        LicenceChange.objects.create(
            subscription=subscription, difference=subscription.licences, changed_at=subscription.created_at
        )
        return subscription


class LicenceAssignmentFactory(DjangoModelFactory):
    class Meta:
        model = LicenceAssignment

    subscription = factory.SubFactory(SubscriptionFactory)
    membership = factory.LazyAttribute(lambda made: member(made.subscription.customer.organisation))


class ResellerOfRecordFactory(DjangoModelFactory):
    class Meta:
        model = ResellerOfRecord

    subscription = factory.SubFactory(SubscriptionFactory)
    provider = factory.SelfAttribute("subscription.provider")
    partner_account = factory.SubFactory(PartnerAccountFactory)


class MarkupFactory(DjangoModelFactory):
    """Ten percent for all resellers, on everything, since long ago."""

    class Meta:
        model = Markup

    provider = factory.SubFactory(ProviderFactory)
    percent = Decimal(10)
    set_by = factory.SubFactory(UserFactory)
    set_at = datetime(2020, 1, 1, tzinfo=UTC)


class ChargeFactory(DjangoModelFactory):
    """A charge at cost; with a partner account it is billed to its reseller as well, at the same price unless given."""

    class Meta:
        model = Charge

    subscription = factory.SubFactory(SubscriptionFactory)
    provider = factory.SelfAttribute("subscription.provider")
    customer = factory.SelfAttribute("subscription.customer")
    offer = factory.SelfAttribute("subscription.offer")
    kind = Charge.Kind.PURCHASE
    posted_at = factory.LazyFunction(timezone.now)
    period_start = factory.SelfAttribute("posted_at")
    licences = 1
    currency = factory.SelfAttribute("subscription.currency")
    amount = Decimal(1000)
    unit_price = factory.LazyAttribute(lambda made: abs(made.amount))
    partner_account = None
    reseller = factory.LazyAttribute(lambda made: made.partner_account and made.partner_account.organisation.reseller)
    resale_amount = factory.LazyAttribute(lambda made: made.amount if made.partner_account else None)
    resale_unit_price = factory.LazyAttribute(lambda made: abs(made.resale_amount) if made.partner_account else None)


class StatementFactory(DjangoModelFactory):
    """What the provider owes for October 2026; with a reseller, what it is billed."""

    class Meta:
        model = Statement

    provider = factory.SubFactory(ProviderFactory)
    month = date(2026, 10, 1)
    currency = "JPY"


class BulkChangeFactory(DjangoModelFactory):
    """A change of one subscription's licences that was checked, and changed nothing yet."""

    class Meta:
        model = BulkChange
        skip_postgeneration_save = True

    membership = factory.LazyAttribute(lambda made: member(made.provider.organisation, Role.GLOBAL_ADMIN))
    provider = factory.SubFactory(ProviderFactory)
    what = BulkChange.What.LICENCES
    state = BulkChange.State.CHECKED
    rows = 1
    done = 1
    reached = 1

    @classmethod
    def _create(cls, model_class, *args, subscription=None, wanted="12", **kwargs):
        change = super()._create(model_class, *args, **kwargs)
        typed = str(subscription.code) if subscription else "unknown"
        row = {"typed": typed, "subscription": subscription, "wanted": wanted, "result": BulkRow.Result.DONE}
        BulkRow.objects.create(change=change, number=1, **row)
        return change


class SupportRequestFactory(DjangoModelFactory):
    """A request with its first message, answered by whoever supports the subscription."""

    class Meta:
        model = SupportRequest
        skip_postgeneration_save = True

    subscription = factory.SubFactory(SubscriptionFactory)
    provider = factory.SelfAttribute("subscription.provider")
    customer = factory.SelfAttribute("subscription.customer")
    assignee = factory.LazyAttribute(lambda made: (made.subscription.support_contact or made.provider).organisation)
    opened_by = factory.SubFactory(UserFactory)
    title = factory.Sequence(lambda n: f"Question {n}")
    closed_at = factory.LazyAttribute(lambda made: timezone.now() if made.status == "closed" else None)
    status = "open"

    @classmethod
    def _create(cls, model_class, *args, text="It does not start.", **kwargs):
        request = super()._create(model_class, *args, **kwargs)
        SupportMessage.objects.create(
            request=request, author=request.opened_by, organisation=request.customer.organisation, text=text
        )
        return request


class ContactRequestFactory(DjangoModelFactory):
    class Meta:
        model = ContactRequest

    provider = factory.SubFactory(ProviderFactory)
    reseller = factory.SubFactory(ResellerFactory)
    created_by = factory.SubFactory(UserFactory)
    name = "Sakurai"
    email = "sakurai@reseller.example"
    message = "Please write."


class ProfileProposalFactory(DjangoModelFactory):
    """A proposal that changes the description and nothing else."""

    class Meta:
        model = ProfileProposal

    provider = factory.SubFactory(ProviderFactory)
    proposed_by = factory.SubFactory(UserFactory)
    entry = factory.LazyAttribute(lambda made: {**Entry.of(made.provider).as_json(), "description": "As proposed."})


class StaffInvitationFactory(DjangoModelFactory):
    class Meta:
        model = StaffInvitation

    organisation = factory.SubFactory(OrganisationFactory)
    created_by = factory.SubFactory(UserFactory)
    roles = [Role.SALES_AGENT]
    subject = "Invitation"
    message = "Open {{personal-link}} please."
    language = "en"


class NoticeFactory(DjangoModelFactory):
    """Give it a membership, as member() makes one: it is told that a partnership with Sakura has ended."""

    class Meta:
        model = Notice

    subject = "partnership_ended"
    names = {"company": "Sakura"}
    path = "/resellers/"


def member(organisation: Organisation, *roles: Role, **user) -> Membership:
    """A person with these roles in the organisation, and with an account that can sign in."""
    membership = Membership.objects.create(user=UserFactory(**user), organisation=organisation, roles=list(roles))
    membership.user.emailaddress_set.create(email=membership.user.email, verified=True, primary=True)
    return membership


def ready_reseller(name: str = "Sakura", *, country: str = "JP", region: str = "japan", number: str | None = None):
    """A reseller that may partner: enrolled, with an associated location account and a signed agreement."""
    reseller = ResellerFactory(organisation__name=name, organisation__country=country)
    account = {"number": number} if number else {}
    PartnerAccountFactory(organisation=reseller.organisation, country=country, **account)
    PartnerAgreementFactory(organisation=reseller.organisation, region=region)
    return reseller
