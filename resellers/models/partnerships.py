"""The personalised link that a provider sends, and the partnership that a reseller's acceptance makes."""

import unicodedata
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from accounts.tokens import new_nonce
from outbox.models import OutgoingEmail
from outbox.post import PersonalLink
from providers.models import Provider
from resellers.models.companies import PartnerAccount, Reseller


class PartnershipRequestQuerySet(models.QuerySet["PartnershipRequest"]):
    def visible_to(self, membership: Membership | None) -> "PartnershipRequestQuerySet":
        """The requests that one's own provider made."""
        if membership is None:
            return self.none()
        return self.filter(provider=membership.organisation_id)

    def with_answers(self) -> "PartnershipRequestQuerySet":
        """With what the list shows of them: who made them, the mail, who accepted."""
        rows = self.select_related("provider__organisation", "created_by", "email")
        return rows.prefetch_related("partnerships__reseller__organisation")

    def in_state(self, state: str) -> "PartnershipRequestQuerySet":
        """Those whose state this is at this moment: the property of that name, said in SQL."""
        states = PartnershipRequest.State
        conditions = {
            states.WITHDRAWN: Q(withdrawn_at__isnull=False),
            states.ACCEPTED: Q(uses__gte=F("max_uses")),
            states.DECLINED: Q(declined_at__isnull=False),
            states.EXPIRED: Q(expires_at__lte=timezone.now()),
            states.SENT: Q(sent_at__isnull=False),
            states.NOT_SENT: Q(),
        }
        found = self
        for each, condition in conditions.items():
            if each == state:
                return found.filter(condition)
            found = found.exclude(condition)
        return self.none()


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
