"""What customers have agreed to, and the access that they have given."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from customers.models.companies import Customer, Relationship
from providers.models import Provider
from resellers.models import Partnership


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def active(self) -> "DelegationQuerySet":
        return self.filter(withdrawn_at=None)

    def visible_to(self, membership: Membership | None) -> "DelegationQuerySet":
        """The customer that gave it sees it, and the partner that has it; a provider also what its own resellers have.

        What the same customer has given to another provider and its resellers is none of this one's business.
        """
        if membership is None:
            return self.none()
        if membership.kind == Kind.CUSTOMER:
            return self.filter(customer=membership.organisation_id)
        own = models.Q(partner=membership.organisation_id)
        if membership.kind == Kind.PROVIDER:
            own |= models.Q(partner__in=Partnership.objects.visible_to(membership).values("reseller"))
            own |= models.Q(partner__in=Relationship.objects.visible_to(membership).values("reseller"))
        return self.filter(own, customer__in=Customer.objects.visible_to(membership))


class Delegation(models.Model):
    """Access that a customer has given to a provider or a reseller."""

    class Privilege(models.TextChoices):
        DELEGATED_ADMIN = "delegated_admin", _("Delegated administration privileges")
        TENANT_OWNER = "tenant_owner", _("tenant owner")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="delegations")
    partner = models.ForeignKey(Organisation, models.PROTECT, related_name="delegations")
    privilege = models.CharField(_("Privilege"), max_length=20, choices=Privilege)
    granted_at = models.DateTimeField(_("Granted"), default=timezone.now)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[DelegationQuerySet] = DelegationQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("delegation")
        verbose_name_plural = _("delegations")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "partner", "privilege"],
                condition=models.Q(withdrawn_at=None),
                name="customers_delegation_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} → {self.partner}: {self.get_privilege_display()}"


class CustomerAgreement(models.Model):
    """Who accepted the customer agreement and when; or that the customer has yet to be asked (domain.md §4.2)."""

    class Source(models.TextChoices):
        ATTESTED = "attested", _("Customer has accepted the latest agreement")
        ACCEPTED = "accepted", _("The customer accepted the agreement here")
        TO_BE_ASKED = "to_be_asked", _("Customer will be asked to accept the Microsoft Customer Agreement")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="agreements")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="+")
    source = models.CharField(_("Customer agreement"), max_length=12, choices=Source)
    first_name = models.CharField(_("First name"), max_length=50, blank=True)
    last_name = models.CharField(_("Last name"), max_length=50, blank=True)
    email = models.EmailField(_("Email address"), blank=True)
    agreed_on = models.DateField(_("Agreement acceptance date"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("Recorded"), default=timezone.now, editable=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("customer agreement")
        verbose_name_plural = _("customer agreements")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(source="to_be_asked") | models.Q(agreed_on__isnull=False),
                name="customers_agreement_attested_when",
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer} · {self.get_source_display()}"
