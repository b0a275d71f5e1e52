"""Indirect resellers, their MPN IDs and agreements, and their partnerships with providers."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from accounts.tokens import new_nonce
from outbox.models import OutgoingEmail
from outbox.post import PersonalLink
from providers.models import Provider
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


class PartnerAccountQuerySet(models.QuerySet["PartnerAccount"]):
    def visible_to(self, membership: Membership | None) -> "PartnerAccountQuerySet":
        """One's own numbers, and for a provider the associated ones of the resellers it is partnered with."""
        if membership is None:
            return self.none()
        own = models.Q(organisation=membership.organisation_id)
        if membership.kind == Kind.PROVIDER:
            partners = Partnership.objects.visible_to(membership).active().values("reseller")
            return self.filter(own | models.Q(is_associated=True, organisation__in=partners))
        return self.filter(own)

    def numbered(self, number: str) -> "PartnerAccountQuerySet":
        """The account with this MPN ID, leading zeros or not; none when it is no number."""
        if not (number.isascii() and number.isdigit() and len(number) <= 12):
            return self.none()
        return self.alias(numeric=Cast("number", models.BigIntegerField())).filter(numeric=int(number))


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


class PartnershipRequestQuerySet(models.QuerySet["PartnershipRequest"]):
    def visible_to(self, membership: Membership | None) -> "PartnershipRequestQuerySet":
        """The requests that one's own provider made."""
        if membership is None:
            return self.none()
        return self.filter(provider=membership.organisation_id)


class PartnershipRequest(models.Model):
    """A personalised link: a provider's offer of a partnership, with the message that carries it.

    The message holds LINK where the link stands, and the row holds a nonce; neither is the link (design.md §4.3).
    """

    class State(models.TextChoices):
        NOT_SENT = "not_sent", _("Not sent from here")
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    PURPOSE = "partnership-request"

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="partnership_requests")
    nonce = models.CharField(max_length=32, default=new_nonce, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("Created by")
    )
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    recipient = models.EmailField(_("Send to"), blank=True)
    subject = models.CharField(_("Subject"), max_length=200)
    message = models.TextField(_("Email text"))
    language = models.CharField(_("Language"), max_length=7, choices=settings.LANGUAGES)
    expires_at = models.DateTimeField(_("Expires"), null=True, blank=True)
    max_uses = models.PositiveSmallIntegerField(_("Can be accepted"), null=True, blank=True, default=1)
    uses = models.PositiveSmallIntegerField(_("Accepted"), default=0)
    sent_at = models.DateTimeField(_("Sent"), null=True, blank=True)
    email = models.ForeignKey(OutgoingEmail, models.PROTECT, null=True, blank=True, related_name="+")
    declined_at = models.DateTimeField(_("Declined"), null=True, blank=True)
    decline_reason = models.CharField(_("Reason"), max_length=500, blank=True)
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, blank=True)

    objects: ClassVar[PartnershipRequestQuerySet] = PartnershipRequestQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("partnership request")
        verbose_name_plural = _("partnership requests")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(max_uses=None) | models.Q(uses__lte=models.F("max_uses")),
                name="resellers_request_uses",
            )
        ]
        indexes = [models.Index(fields=["provider", "-created_at", "-id"], name="resellers_request_newest")]

    def __str__(self) -> str:
        return self.recipient or f"{self.provider} · {self.created_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("resellers:request", args=[self.code])

    @property
    def link(self) -> PersonalLink:
        return PersonalLink("resellers:invitation", str(self.code), self.PURPOSE, self.nonce)

    @property
    def is_used_up(self) -> bool:
        return self.max_uses is not None and self.uses >= self.max_uses

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def state(self) -> State:
        if self.withdrawn_at:
            return self.State.WITHDRAWN
        if self.is_used_up:
            return self.State.ACCEPTED
        if self.declined_at:
            return self.State.DECLINED
        if self.has_expired:
            return self.State.EXPIRED
        return self.State.SENT if self.sent_at else self.State.NOT_SENT

    @property
    def is_open(self) -> bool:
        """Whether a reseller that opens the link can still accept."""
        return self.state in (self.State.SENT, self.State.NOT_SENT)


class PartnershipQuerySet(models.QuerySet["Partnership"]):
    def active(self) -> "PartnershipQuerySet":
        return self.filter(ended_at=None)

    def visible_to(self, membership: Membership | None) -> "PartnershipQuerySet":
        """Both sides of a partnership see it."""
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(provider=membership.organisation_id)
            case Kind.RESELLER:
                return self.filter(reseller=membership.organisation_id)
        return self.none()


class Partnership(models.Model):
    """The tie that a reseller's acceptance makes. Ending it keeps the row; a new acceptance makes a new one."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="partnerships")
    reseller = models.ForeignKey(Reseller, models.PROTECT, related_name="partnerships")
    request = models.ForeignKey(PartnershipRequest, models.PROTECT, null=True, related_name="partnerships")
    started_at = models.DateTimeField(_("Partner since"), default=timezone.now)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[PartnershipQuerySet] = PartnershipQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("partnership")
        verbose_name_plural = _("partnerships")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reseller"],
                condition=models.Q(ended_at=None),
                name="resellers_partnership_one_active",
                violation_error_message=_("These two companies are partners already."),
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("started_at")),
                name="resellers_partnership_order",
            ),
        ]
        indexes = [
            models.Index(fields=["reseller"], condition=models.Q(ended_at=None), name="resellers_partnership_active")
        ]

    def __str__(self) -> str:
        return f"{self.provider} – {self.reseller}"
