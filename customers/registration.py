"""How a customer comes to be, and how its administrator gets in."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, User
from accounts.profile import open_account
from accounts.roles import Kind, Role
from activity.log import attempt, record
from activity.verbs import Verb
from customers.models import DOMAIN_SUFFIX, Customer, CustomerAgreement, Delegation, Relationship
from providers.models import Provider
from resellers.models import Reseller

ADMIN_NAME = "admin"
# Without the characters that people confuse when they read a password aloud or copy it by hand.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzACDEFHJKLMNPQRTUVWXYZ234679"
_GROUPS, _GROUP_LENGTH = 4, 4


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


@dataclass(frozen=True)
class Credentials:
    """An account name and its temporary password: shown once, stored only as a hash, never logged."""

    account_name: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.account_name!r}, password=…)"


def domain_is_free(prefix: str) -> bool:
    """Whether nobody has the domain at this moment. Submit decides again: another may be quicker."""
    return not Customer.objects.filter(primary_domain__iexact=f"{prefix}.{DOMAIN_SUFFIX}").exists()


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
    _delegate(relationship, actor)
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


def reset_temporary_password(relationship: Relationship, *, actor: User) -> Credentials:
    """Give the customer's first Global admin a new temporary password, to be changed at the next sign-in."""
    with attempt(
        Verb.PASSWORD_RESET,
        relationship.customer,
        actor=actor,
        seen_by=parties(relationship),
        affected=relationship.customer.organisation,
    ) as line:
        # A person who also works elsewhere keeps the password: it opens the other company's pages as well.
        others = Membership.objects.active().exclude(organisation=relationship.customer_id)
        membership = (
            Membership.objects.active()
            .filter(organisation=relationship.customer_id, roles__contains=[Role.GLOBAL_ADMIN], user__is_staff=False)
            .exclude(Exists(others.filter(user=OuterRef("user"))))
            .order_by("created_at", "pk")
            .select_related("user")
            .first()
        )
        if membership is None:
            raise ValidationError(_("This customer has no Global admin who could sign in."), "no_administrator")
        user = User.objects.select_for_update().get(pk=membership.user_id)
        line.details["account"] = user.email
        password = new_password()
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
    return Credentials(user.email, password)


def new_password() -> str:
    """About 90 bits, in four groups that can be read aloud."""
    groups = ["".join(secrets.choice(_ALPHABET) for _letter in range(_GROUP_LENGTH)) for _group in range(_GROUPS)]
    return "-".join(groups)


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


def _delegate(relationship: Relationship, actor: User) -> None:
    partners = [relationship.provider_id] + ([relationship.reseller_id] if relationship.reseller_id else [])
    Delegation.objects.bulk_create(
        Delegation(
            customer=relationship.customer,
            partner_id=partner,
            privilege=Delegation.Privilege.DELEGATED_ADMIN,
            granted_by=actor,
        )
        for partner in partners
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
                temporary=True,
            )
    except IntegrityError:  # somebody signed up with this very address before the domain existed
        raise domain_taken(details.domain_prefix) from None
    Membership.objects.create(user=user, organisation=customer.organisation, roles=[Role.GLOBAL_ADMIN])
    return credentials
