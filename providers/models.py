"""The indirect provider and its entry in the directory."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Membership, Organisation
from providers.regions import countries_in, region_of


class ProviderQuerySet(models.QuerySet["Provider"]):
    def visible_to(self, membership: Membership | None) -> "ProviderQuerySet":
        """One's own company. A reseller meets its providers through their partnership."""
        if membership is None:
            return self.none()
        return self.filter(organisation=membership.organisation_id)


class Provider(models.Model):
    """A distributor: buys from the vendor and sells through indirect resellers."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, related_name="provider")
    description = models.TextField(_("Description"), max_length=2500, blank=True)
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
