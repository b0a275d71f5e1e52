"""Indirect resellers, their MPN IDs, and the agreement that they must have signed."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from providers.regions import region_of


class ResellerQuerySet(models.QuerySet["Reseller"]):
    def visible_to(self, membership: Membership | None) -> "ResellerQuerySet":
        """A provider sees the resellers it is partnered with; a reseller sees itself."""
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(partnerships__provider=membership.organisation_id, partnerships__ended_at=None)
            case Kind.RESELLER:
                return self.filter(pk=membership.organisation_id)
        return self.none()


class Reseller(models.Model):
    """A company that sells to customers through one or more providers."""

    class Enrolment(models.TextChoices):
        PENDING = "pending", _("Pending")
        AUTHORIZED = "authorized", _("Authorized")
        REJECTED = "rejected", _("Rejected")
        SUSPENDED = "suspended", _("Suspended")

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, related_name="reseller")
    enrolment = models.CharField(_("Enrollment"), max_length=10, choices=Enrolment, default=Enrolment.PENDING)
    enrolled_at = models.DateTimeField(_("Enrolled"), default=timezone.now, editable=False)
    contact_name = models.CharField(_("Primary contact"), max_length=120)
    contact_email = models.EmailField(_("Email address"))
    contact_phone = PhoneNumberField(_("Phone number"), blank=True)
    website = models.URLField(_("Website"), blank=True)

    objects: ClassVar[ResellerQuerySet] = ResellerQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("indirect reseller")
        verbose_name_plural = _("indirect resellers")

    def __str__(self) -> str:
        return self.organisation.name

    @property
    def region(self) -> str | None:
        return region_of(str(self.organisation.country))

    @property
    def mpn_id(self) -> str:
        """The number that goes into Reseller (MPN ID); empty without an associated location account."""
        accounts = self.organisation.partner_accounts.all()
        return next((account.number for account in accounts if account.is_associated), "")


class PartnerAccountQuerySet(models.QuerySet["PartnerAccount"]):
    def visible_to(self, membership: Membership | None) -> "PartnerAccountQuerySet":
        """One's own numbers, and for a provider the associated ones of the resellers it is partnered with."""
        if membership is None:
            return self.none()
        own = models.Q(organisation=membership.organisation_id)
        if membership.kind == Kind.PROVIDER:
            partners = Reseller.objects.visible_to(membership).values("pk")
            return self.filter(own | models.Q(is_associated=True, organisation__in=partners))
        return self.filter(own)

    def numbered(self, *numbers: str) -> "PartnerAccountQuerySet":
        """The accounts with these MPN IDs, leading zeros or not; what is no number has none."""
        numeric = {int(each) for each in numbers if each.isascii() and each.isdigit() and len(each) <= 12}
        if not numeric:
            return self.none()
        return self.alias(numeric=Cast("number", models.BigIntegerField())).filter(numeric__in=numeric)


class PartnerAccount(models.Model):
    """An MPN ID, written as it was given. Numbers are compared as numbers: 0012345 and 12345 are the same."""

    class AccountKind(models.TextChoices):
        GLOBAL = "global", _("Partner Global Account (PGA)")
        LOCATION = "location", _("Partner Location Account (PLA)")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="partner_accounts")
    number = models.CharField(
        _("MPN ID"),
        max_length=12,
        validators=[RegexValidator(r"^[0-9]{1,12}\Z", _("An MPN ID has digits only."), "mpn_digits")],
    )
    kind = models.CharField(_("Kind"), max_length=8, choices=AccountKind)
    country = CountryField(verbose_name=_("Country/region"))
    is_associated = models.BooleanField(
        _("Associated"), default=False, help_text=_("The one number that goes into Reseller (MPN ID).")
    )

    objects: ClassVar[PartnerAccountQuerySet] = PartnerAccountQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("MPN ID")
        verbose_name_plural = _("MPN IDs")
        constraints = [
            models.CheckConstraint(condition=models.Q(number__regex=r"^[0-9]{1,12}$"), name="resellers_account_digits"),
            models.UniqueConstraint(
                Cast("number", models.BigIntegerField()),
                name="resellers_account_number",
                violation_error_message=_("This MPN ID is registered already."),
            ),
            models.UniqueConstraint(
                fields=["organisation"],
                condition=models.Q(is_associated=True),
                name="resellers_account_one_associated",
            ),
            models.UniqueConstraint(
                fields=["organisation"], condition=models.Q(kind="global"), name="resellers_account_one_global"
            ),
            models.CheckConstraint(
                condition=models.Q(is_associated=False) | models.Q(kind="location"),
                name="resellers_account_global_never_transacts",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def label(self) -> str:
        """A reseller as one chooses it: Sakura (ID: 0012345)."""
        return _("%(name)s (ID: %(number)s)") % {"name": self.organisation.name, "number": self.number}


class PartnerAgreement(models.Model):
    """That a company signed the Microsoft Partner Agreement, for its CSP region (domain.md §3.3)."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="partner_agreements")
    region = models.CharField(_("CSP region"), max_length=40)
    version = models.CharField(_("Version"), max_length=20)
    signer_name = models.CharField(_("Signed by"), max_length=150)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(_("Signed"), default=timezone.now)
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("partner agreement")
        verbose_name_plural = _("partner agreements")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "region"],
                condition=models.Q(ended_at=None),
                name="resellers_agreement_one_per_region",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.version}"
