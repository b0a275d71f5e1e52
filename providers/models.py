"""The indirect provider and its entry in the directory."""

import uuid
from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Membership, Organisation
from providers.regions import countries_in, region_of


class Speciality(models.TextChoices):
    """What a provider is particularly good at (domain.md §12)."""

    MODERN_WORK = "modern_work", _("Modern work")
    SECURITY = "security", _("Security")
    AZURE = "azure", _("Azure infrastructure")
    DATA_AI = "data_ai", _("Data and AI")
    BUSINESS_APPS = "business_apps", _("Business applications")
    EDUCATION = "education", _("Education")
    PUBLIC_SECTOR = "public_sector", _("Public sector")
    SMALL_BUSINESS = "small_business", _("Small and medium business")
    TRAINING = "training", _("Training and onboarding")


class Plain(models.Func):
    """A text as it is searched: full-width and half-width, upper and lower case are the same."""

    template = "lower(normalize(%(expressions)s, NFKC))"
    output_field = models.TextField()


class ProviderQuerySet(models.QuerySet["Provider"]):
    def listed(self) -> "ProviderQuerySet":
        """Those in the public indirect providers list."""
        return self.filter(is_listed=True)

    def search(self, words: Iterable[str]) -> "ProviderQuerySet":
        """Those that have every word in the name or in the description; the words as Plain makes them.

        No index could serve the two together, and none is missed: docs/decisions/012.
        """
        found = self.alias(plain_name=Plain("organisation__name"))
        for word in words:
            found = found.filter(models.Q(plain_name__contains=word) | models.Q(plain_description__contains=word))
        return found

    def visible_to(self, membership: Membership | None) -> "ProviderQuerySet":
        """One's own company. A reseller meets its providers through their partnership."""
        if membership is None:
            return self.none()
        return self.filter(organisation=membership.organisation_id)


class Provider(models.Model):
    """A distributor: buys from the vendor and sells through indirect resellers."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, related_name="provider")
    description = models.TextField(_("Description"), max_length=2500, blank=True)
    # Written when the description is: PostgreSQL takes 0.2 ms to make it of a long one, which no search can wait for.
    plain_description = models.GeneratedField(
        expression=Plain("description"), output_field=models.TextField(), db_persist=True
    )
    website = models.URLField(_("Website"), blank=True)
    email = models.EmailField(_("Email address"), blank=True)
    phone = PhoneNumberField(_("Phone number"), blank=True)
    email_domain = models.CharField(
        _("Own email domain"),
        max_length=253,
        blank=True,
        help_text=_("A customer's contact may not have an address at this domain."),
    )
    languages = ArrayField(models.CharField(max_length=7), verbose_name=_("Languages"), default=list, blank=True)
    specialities = ArrayField(
        models.CharField(max_length=20, choices=Speciality), verbose_name=_("Specialities"), default=list, blank=True
    )
    is_listed = models.BooleanField(_("In the indirect providers list"), default=True)

    objects: ClassVar[ProviderQuerySet] = ProviderQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("indirect provider")
        verbose_name_plural = _("indirect providers")

    def __str__(self) -> str:
        return self.organisation.name

    @property
    def region(self) -> str | None:
        """The CSP region in which the provider may sell (domain.md §3.4)."""
        return region_of(str(self.organisation.country))

    @property
    def markets(self) -> tuple[str, ...]:
        """The countries in which its customers may be."""
        return countries_in(self.region) if self.region else ()


class ProfileProposalQuerySet(models.QuerySet["ProfileProposal"]):
    def visible_to(self, membership: Membership | None) -> "ProfileProposalQuerySet":
        """One's own provider's."""
        if membership is None:
            return self.none()
        return self.filter(provider=membership.organisation_id)


class ProfileProposal(models.Model):
    """What a provider would like its entry in the indirect providers list to say; the operator decides (seed, step 1).

    It holds the whole entry as proposed: what is equal to the entry is no change.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for the operator")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="proposals")
    entry = models.JSONField(_("Entry as proposed"), default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(_("State"), max_length=10, choices=State, default=State.OPEN)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("Proposed by")
    )
    proposed_at = models.DateTimeField(_("Proposed"), default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("Decided by")
    )
    decided_at = models.DateTimeField(_("Decided"), null=True, blank=True)
    reason = models.CharField(_("Reason"), max_length=500, blank=True)

    objects: ClassVar[ProfileProposalQuerySet] = ProfileProposalQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("profile proposal")
        verbose_name_plural = _("profile proposals")
        constraints = [
            models.UniqueConstraint(
                fields=["provider"], condition=models.Q(state="open"), name="providers_proposal_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} · {self.proposed_at:%Y-%m-%d}"
