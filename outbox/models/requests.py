"""A request that somebody answers by opening a personal link: what is the same for all kinds of them."""

import uuid
from typing import ClassVar, Generic, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from accounts.tokens import new_nonce
from outbox.links import PersonalLink
from outbox.models.mail import OutgoingEmail

M = TypeVar("M", bound="PersonalRequest")


class PersonalRequestQuerySet(models.QuerySet[M], Generic[M]):
    """Each kind of request says itself who may see it."""

    def in_state(self, state: str) -> Self:
        """Those whose state this is at this moment: the property of that name, said in SQL."""
        states = PersonalRequest.State
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


class PersonalRequest(models.Model):
    """A personal link with the message that carries it.

    The message holds LINK where the link stands, and the row holds a nonce; neither is the link (design.md §4.3).
    """

    class State(models.TextChoices):
        NOT_SENT = "not_sent", _("Not sent from here")
        SENT = "sent", _("Sent")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Expired")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    PURPOSE: ClassVar[str]
    """What the link is good for, and the only thing."""
    LINK_VIEW: ClassVar[str]
    """The URL name behind the link; it takes the code and the token."""
    IS_FOR_ONE: ClassVar[bool] = False
    """Whether it is for one person, so that nobody is asked how often it may be accepted."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
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

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.recipient or f"{self.sender} · {self.created_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        """The page on which its message is edited; send/, language/, send-again/ and withdraw/ are beneath it."""
        raise NotImplementedError

    @property
    def sender(self) -> Organisation:
        """In whose name the message goes out."""
        raise NotImplementedError

    @property
    def link(self) -> PersonalLink:
        return PersonalLink(self.LINK_VIEW, str(self.code), self.PURPOSE, self.nonce)

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
        """Whether whoever opens the link can still accept."""
        return self.state in (self.State.SENT, self.State.NOT_SENT)
