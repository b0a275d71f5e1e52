"""Customers, and the tie of a customer and its provider."""

import unicodedata
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from providers.models import Provider
from resellers.models import Reseller

DOMAIN_SUFFIX = "onmicrosoft.com"


def folded(text: str) -> str:
    """Text as lists sort and search it: full-width and half-width, upper and lower case are the same."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, membership: Membership | None) -> "CustomerQuerySet":
        """A provider sees its customers, a reseller those entrusted to it, a customer itself."""
        if membership is None:
            return self.none()
        if membership.kind == Kind.CUSTOMER:
            return self.filter(pk=membership.organisation_id)
        return self.filter(pk__in=Relationship.objects.visible_to(membership).values("customer"))


class Customer(models.Model):
    """A company that uses the services. Its primary domain is its own for good (design.md §4.11)."""

    class Qualification(models.TextChoices):
        NONE = "none", _("None")
        EDUCATION = "education", _("Education")

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, related_name="customer")
    primary_domain = models.CharField(_("Primary domain name"), max_length=60, editable=False)
    first_name = models.CharField(_("First name"), max_length=50)
    last_name = models.CharField(_("Last name"), max_length=50)
    email = models.EmailField(_("Email address"))
    phone = PhoneNumberField(_("Phone number"), blank=True)
    address_line1 = models.CharField(_("Address line 1"), max_length=200)
    address_line2 = models.CharField(_("Address line 2"), max_length=200, blank=True)
    city = models.CharField(_("City"), max_length=100, blank=True)
    state = models.CharField(_("State/Province"), max_length=100, blank=True)
    postal_code = models.CharField(_("ZIP/Postal code"), max_length=20, blank=True)
    language = models.CharField(_("Language"), max_length=7, choices=settings.LANGUAGES)
    qualification = models.CharField(
        _("Special qualifications"), max_length=10, choices=Qualification, default=Qualification.NONE
    )
    registration_number = models.CharField(_("Organization registration number"), max_length=40, blank=True)

    objects: ClassVar[CustomerQuerySet] = CustomerQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                Lower("primary_domain"),
                name="customers_customer_domain",
                violation_error_message=_("This domain name is taken."),
            )
        ]

    def __str__(self) -> str:
        return self.organisation.name

    def get_absolute_url(self) -> str:
        return reverse("customers:account", args=[self.pk])

    @property
    def contact_name(self) -> str:
        """First and last name in the order of the customer's language."""
        if self.language == "ja":
            return f"{self.last_name} {self.first_name}"
        return f"{self.first_name} {self.last_name}"


class RelationshipQuerySet(models.QuerySet["Relationship"]):
    def visible_to(self, membership: Membership | None) -> "RelationshipQuerySet":
        """A provider sees its own, a reseller those with customers entrusted to it, a customer its providers."""
        if membership is None:
            return self.none()
        current = self.filter(ended_at=None)
        match membership.kind:
            case Kind.PROVIDER:
                return current.filter(provider=membership.organisation_id)
            case Kind.RESELLER:
                return current.filter(reseller=membership.organisation_id)
            case Kind.CUSTOMER:
                return current.filter(customer=membership.organisation_id)
        return self.none()

    def search(self, text: str) -> "RelationshipQuerySet":
        """Those with every word in the company name, a domain name or the Microsoft ID, however it is typed."""
        found = self
        for word in folded(text).split():
            found = found.filter(search_text__contains=word)
        return found


class Relationship(models.Model):
    """A provider and its customer: the company as this provider bills it, and the reseller it was added for."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="relationships")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="relationships")
    reseller = models.ForeignKey(
        Reseller,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="relationships",
        verbose_name=_("Indirect reseller"),
        help_text=_("Has administrator access to the customer's account and subscriptions."),
    )
    company_name = models.CharField(_("Company name"), max_length=200)
    primary_domain = models.CharField(_("Primary domain name"), max_length=60)
    sort_name = models.CharField(max_length=200, editable=False)
    search_text = models.TextField(editable=False)
    created_at = models.DateTimeField(_("Since"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    request = models.ForeignKey(
        "RelationshipRequest", models.PROTECT, null=True, blank=True, related_name="relationships"
    )
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[RelationshipQuerySet] = RelationshipQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("reseller relationship")
        verbose_name_plural = _("reseller relationships")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "customer"],
                condition=models.Q(ended_at=None),
                name="customers_relationship_one_active",
            )
        ]
        indexes = [
            # With what a search looks through: one with many hits goes along here rather than sort them.
            models.Index(
                fields=["provider", "sort_name", "id"],
                include=["search_text"],
                condition=models.Q(ended_at=None),
                name="customers_by_name",
            ),
            models.Index(
                fields=["provider", "primary_domain", "id"],
                condition=models.Q(ended_at=None),
                name="customers_by_domain",
            ),
            models.Index(
                fields=["provider", "reseller", "sort_name", "id"],
                condition=models.Q(ended_at=None),
                name="customers_by_reseller",
            ),
            models.Index(
                fields=["reseller", "sort_name", "id"], condition=models.Q(ended_at=None), name="customers_entrusted"
            ),
            GinIndex(
                models.F("provider"),
                OpClass("search_text", name="gin_trgm_ops"),
                condition=models.Q(ended_at=None),
                name="customers_search",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} – {self.company_name}"

    def take_names(self) -> None:
        """Derive what lists sort and search by. Call it whenever the company name or the domain is set."""
        name = folded(self.company_name)
        self.sort_name = name[:200]  # folding makes some names longer: ß becomes ss
        self.search_text = f"{name} {self.primary_domain.lower()} {self.customer_id}"
