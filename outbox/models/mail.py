"""Mail that was promised: written down with the change that promised it, then delivered, visibly."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from outbox.links import LINK

__all__ = ["LINK", "OutgoingEmail"]


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def visible_to(self, membership: Membership | None) -> "OutgoingEmailQuerySet":
        """The mail that one's own organisation sent."""
        if membership is None:
            return self.none()
        return self.filter(sender=membership.organisation_id)


class OutgoingEmail(models.Model):
    """One message to one address.

    A personal link is not in here: the body has a mark where it stands, and it is derived when the message leaves.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        REFUSED = "refused", _("Refused by the mail server")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sender = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("Sent for"))
    to = models.EmailField(_("To"))
    language = models.CharField(_("Language"), max_length=7, choices=settings.LANGUAGES)
    subject = models.CharField(_("Subject"), max_length=200)
    text = models.TextField(_("Text"))
    link_path = models.CharField(max_length=200, blank=True, editable=False)
    link_purpose = models.CharField(max_length=40, blank=True, editable=False)
    link_nonce = models.CharField(max_length=32, blank=True, editable=False)
    state = models.CharField(_("State"), max_length=9, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    problem = models.TextField(_("What the mail server said"), blank=True)
    created_at = models.DateTimeField(_("Written"), default=timezone.now, editable=False)
    next_attempt_at = models.DateTimeField(_("Next attempt"), default=timezone.now)
    sent_at = models.DateTimeField(_("Sent"), null=True, blank=True)

    objects: ClassVar[OutgoingEmailQuerySet] = OutgoingEmailQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("outgoing email")
        verbose_name_plural = _("Outbox")
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=models.Q(state="waiting"), name="outbox_email_waiting"),
            models.Index(fields=["state", "id"], name="outbox_email_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"

    @property
    def message_id(self) -> str:
        """The Message-ID header: the same for every attempt, so that a mailbox can recognise a repetition."""
        return f"<{self.code}@{settings.PORTAL_URL.partition('://')[2].partition(':')[0]}>"
