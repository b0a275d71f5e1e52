"""The personalised link that a provider sends, and the partnership that a reseller's acceptance makes."""

import unicodedata
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from outbox.models import PersonalRequest, PersonalRequestQuerySet
from providers.models import Provider
from resellers.models.companies import PartnerAccount, Reseller


class PartnershipRequestQuerySet(PersonalRequestQuerySet["PartnershipRequest"]):
    def visible_to(self, membership: Membership | None) -> "PartnershipRequestQuerySet":
        """The requests that one's own provider made."""
        if membership is None:
            return self.none()
        return self.filter(provider=membership.organisation_id)

    def with_answers(self) -> "PartnershipRequestQuerySet":
        """With what the list shows of them: who made them, the mail, who accepted."""
        rows = self.select_related("provider__organisation", "created_by", "email")
        return rows.prefetch_related("partnerships__reseller__organisation")


class PartnershipRequest(PersonalRequest):
    """A personalised link: a provider's offer of a partnership, with the message that carries it."""

    PURPOSE = "partnership-request"
    LINK_VIEW = "resellers:invitation"

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="partnership_requests")

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
        indexes = [
            models.Index(fields=["provider", "-created_at", "-id"], name="resellers_request_newest"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(sent_at__isnull=False, withdrawn_at=None, declined_at=None),
                name="resellers_request_expiring",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("resellers:request", args=[self.code])

    @property
    def sender(self) -> Organisation:
        return self.provider.organisation


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

    def by_partner(self, other: str) -> "PartnershipQuerySet":
        """With the other side, "reseller" or "provider", at hand, and its name as the list sorts by it."""
        rows = self.select_related(f"{other}__organisation")
        return rows.annotate(partner_name=Lower(f"{other}__organisation__name"))

    def search(self, text: str) -> "PartnershipQuerySet":
        """Those whose partner's name has every word, a number also in the MPN ID, leading zeros or not.

        For rows of by_partner(): a provider searches its resellers, a reseller its providers.
        """
        found = self
        for word in unicodedata.normalize("NFKC", text).lower().split():
            numbers = PartnerAccount.objects.filter(
                organisation=OuterRef("reseller"), is_associated=True, number__contains=word.lstrip("0") or word
            )
            by_name = Q(partner_name__contains=word)
            found = found.filter(by_name | Exists(numbers) if word.isdecimal() else by_name)
        return found


class Partnership(models.Model):
    """The tie that a reseller's acceptance makes. Ending it keeps the row; a new acceptance makes a new one."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="partnerships")
    reseller = models.ForeignKey(Reseller, models.PROTECT, related_name="partnerships")
    request = models.ForeignKey(PartnershipRequest, models.PROTECT, null=True, related_name="partnerships")
    started_at = models.DateTimeField(_("Partner since"), default=timezone.now)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    leave_requested_at = models.DateTimeField(_("Asked to leave"), null=True, blank=True)
    leave_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    leave_reason = models.CharField(_("Reason"), max_length=500, blank=True)
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
