"""What customers read of whoever supports them."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from accounts.models import Membership, Organisation
from accounts.roles import Kind


class SupportProfileQuerySet(models.QuerySet["SupportProfile"]):
    def visible_to(self, membership: Membership | None) -> "SupportProfileQuerySet":
        """One's own. A customer meets a profile through the subscription that the partner supports."""
        if membership is None or membership.kind == Kind.CUSTOMER:
            return self.none()
        return self.filter(organisation=membership.organisation_id)


class SupportProfile(models.Model):
    """A partner's *Customer support profile*: how and when customers reach it (domain.md §7.5)."""

    organisation = models.OneToOneField(Organisation, models.PROTECT, primary_key=True, related_name="support_profile")
    phone = PhoneNumberField(_("Phone number"), blank=True)
    email = models.EmailField(_("Email address"), blank=True)
    website = models.URLField(_("Website"), blank=True)
    hours = models.CharField(_("Support hours"), max_length=200, blank=True)
    languages = ArrayField(
        models.CharField(max_length=7), verbose_name=_("Support languages"), default=list, blank=True
    )
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects: ClassVar[SupportProfileQuerySet] = SupportProfileQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("customer support profile")
        verbose_name_plural = _("customer support profiles")

    def __str__(self) -> str:
        return str(self.organisation)
