"""A reseller that looks for a provider asks to be contacted."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from providers.models import Provider
from resellers.models.companies import Reseller


class ContactRequestQuerySet(models.QuerySet["ContactRequest"]):
    def visible_to(self, membership: Membership | None) -> "ContactRequestQuerySet":
        """The provider that was asked and the reseller that asked."""
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(provider=membership.organisation_id)
            case Kind.RESELLER:
                return self.filter(reseller=membership.organisation_id)
        return self.none()


class ContactRequest(models.Model):
    """“Please contact us”, from the indirect providers list. One that is open at a time for a pair of companies."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="contact_requests")
    reseller = models.ForeignKey(Reseller, models.PROTECT, related_name="contact_requests")
    name = models.CharField(_("Name"), max_length=150)
    email = models.EmailField(_("Email address"))
    message = models.TextField(_("Message"), max_length=2000, blank=True)
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[ContactRequestQuerySet] = ContactRequestQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("contact request")
        verbose_name_plural = _("contact requests")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reseller"],
                condition=models.Q(closed_at=None),
                name="resellers_contact_one_open",
                violation_error_message=_("You have asked this provider already."),
            )
        ]
        indexes = [models.Index(fields=["provider", "-created_at", "-id"], name="resellers_contact_newest")]

    def __str__(self) -> str:
        return f"{self.reseller} → {self.provider}"
