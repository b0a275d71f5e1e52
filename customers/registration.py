"""How a customer comes to be, and how its administrator gets in."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, MembershipQuerySet, Organisation, User
from accounts.passwords import Credentials, issue_temporary, new_password
from accounts.profile import open_account
from accounts.roles import Kind, Role
from activity.log import attempt, record
from activity.verbs import Verb
from customers.delegations import check_administers, give_administration
from customers.models import DOMAIN_SUFFIX, Customer, CustomerAgreement, Relationship
from providers.models import Provider
from resellers.models import Reseller

ADMIN_NAME = "admin"


@dataclass(frozen=True)
class CustomerDetails:
    """What the page New customer asks for, checked."""

    country: str
    company_name: str
    domain_prefix: str
    address_line1: str
    first_name: str
    last_name: str
    email: str
    language: str
    agreement: str
    address_line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    phone: str = ""
    qualification: str = Customer.Qualification.NONE
    registration_number: str = ""
    agreement_first_name: str = ""
    agreement_last_name: str = ""
    agreement_email: str = ""
    agreement_date: date | None = None
    reseller: Reseller | None = None

    @classmethod
    def from_form(cls, answers: Mapping[str, Any]) -> Self:
        """From the cleaned data of CustomerForm; what the form asks besides is left out."""
        return cls(**{each.name: answers[each.name] for each in fields(cls) if each.name in answers})

    @property
    def primary_domain(self) -> str:
        return f"{self.domain_prefix.lower()}.{DOMAIN_SUFFIX}"


def domain_is_free(prefix: str) -> bool:
    """Whether nobody has the domain at this moment. Submit decides again: another may be quicker."""
    # Lower, as in the constraint, whose index answers; iexact is said with UPPER, and reads every customer.
    customers = Customer.objects.alias(domain=Lower("primary_domain"))
    return not customers.filter(domain=f"{prefix}.{DOMAIN_SUFFIX}".lower()).exists()


@transaction.atomic
def register_customer(details: CustomerDetails, *, provider: Provider, actor: User) -> tuple[Relationship, Credentials]:
    """Create the customer, its tie to provider and reseller, and its first administrator. Refused with domain_taken.

    The reseller gets administrator access to the account (seed, table row 1): no credit and no support follow from it.
    """
    organisation = Organisation.objects.create(kind=Kind.CUSTOMER, name=details.company_name, country=details.country)
    customer = _create_customer(organisation, details)
    relationship = Relationship(
        provider=provider,
        customer=customer,
        reseller=details.reseller,
        company_name=details.company_name,
        primary_domain=customer.primary_domain,
        created_by=actor,
    )
    relationship.take_names()
    relationship.save()
    give_administration(relationship, actor)
    _record_agreement(relationship, details, actor)
    credentials = _create_administrator(customer, details)
    record(
        Verb.CUSTOMER_ADDED,
        customer,
        actor=actor,
        seen_by=parties(relationship),
        affected=organisation,
        domain=customer.primary_domain,
        reseller=str(details.reseller or ""),
    )
    return relationship, credentials


def reset_temporary_password(relationship: Relationship, *, membership: Membership) -> Credentials:
    """Give the customer's first Global admin a new temporary password, to be changed at the next sign-in.

    Refused with no_administrator, and with no_delegation to a partner that does not administer the account.
    """
    with attempt(
        Verb.PASSWORD_RESET,
        relationship.customer,
        actor=membership.user,
        seen_by=parties(relationship),
        affected=relationship.customer.organisation,
    ) as line:
        administrators = _administrators(relationship)
        # The account is held before one looks where else it works: staff's join() holds it as well.
        accounts = User.objects.select_for_update(no_key=True).filter(pk__in=administrators[:1].values("user"))
        user = accounts.first()
        check_administers(membership, relationship.customer)
        if user is None or not administrators.filter(user=user).exists():
            raise ValidationError(_("This customer has no Global admin who could sign in."), "no_administrator")
        line.details["account"] = user.email
        return issue_temporary(user)


def _administrators(relationship: Relationship) -> MembershipQuerySet:
    """The customer's Global admins, the first one first, without those who also work elsewhere, suspended there or not:
    their password opens the other company's pages as well.
    """
    others = Membership.objects.current().exclude(organisation=relationship.customer_id)
    found = Membership.objects.active().filter(
        organisation=relationship.customer_id, roles__contains=[Role.GLOBAL_ADMIN], user__is_staff=False
    )
    return found.exclude(Exists(others.filter(user=OuterRef("user")))).order_by("created_at", "pk")


def parties(relationship: Relationship) -> list[Organisation]:
    """Who is there when something happens to this customer: the provider, the customer, the reseller if any."""
    organisations = [relationship.provider.organisation, relationship.customer.organisation]
    if relationship.reseller:
        organisations.append(relationship.reseller.organisation)
    return organisations


def _create_customer(organisation: Organisation, details: CustomerDetails) -> Customer:
    try:
        with transaction.atomic():
            return Customer.objects.create(
                organisation=organisation,
                primary_domain=details.primary_domain,
                first_name=details.first_name,
                last_name=details.last_name,
                email=details.email,
                phone=details.phone,
                address_line1=details.address_line1,
                address_line2=details.address_line2,
                city=details.city,
                state=details.state,
                postal_code=details.postal_code,
                language=details.language,
                qualification=details.qualification,
                registration_number=details.registration_number,
            )
    except IntegrityError:
        raise domain_taken(details.domain_prefix) from None


def domain_taken(prefix: str) -> ValidationError:
    """The refusal for a domain that somebody has, beside its field."""
    return ValidationError(
        {
            "domain_prefix": ValidationError(
                _(
                    "%(domain)s is taken. If the company has an account already, ask it for a reseller relationship; "
                    "otherwise choose another name."
                ),
                "domain_taken",
                {"domain": f"{prefix}.{DOMAIN_SUFFIX}"},
            )
        }
    )


def _record_agreement(relationship: Relationship, details: CustomerDetails, actor: User) -> None:
    CustomerAgreement.objects.create(
        customer=relationship.customer,
        provider=relationship.provider,
        source=details.agreement,
        first_name=details.agreement_first_name,
        last_name=details.agreement_last_name,
        email=details.agreement_email,
        agreed_on=details.agreement_date,
        recorded_by=actor,
    )


def _create_administrator(customer: Customer, details: CustomerDetails) -> Credentials:
    credentials = Credentials(f"{ADMIN_NAME}@{customer.primary_domain}", new_password())
    try:
        with transaction.atomic():
            user = open_account(
                credentials.account_name,
                credentials.password,
                name=customer.contact_name,
                language=details.language,
                country=str(customer.organisation.country),
                temporary=True,
            )
    except IntegrityError:  # somebody signed up with this very address before the domain existed
        raise domain_taken(details.domain_prefix) from None
    Membership.objects.create(user=user, organisation=customer.organisation, roles=[Role.GLOBAL_ADMIN])
    return credentials
