"""Notices: what somebody is told in the portal, under the bell, and by mail if that person likes."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from outbox.models.mail import OutgoingEmail
from outbox.sentences import sentences_of
from outbox.subjects import Subject


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, membership: Membership | None) -> "NoticeQuerySet":
        """One's own, for the organisation that one acts for."""
        if membership is None:
            return self.none()
        return self.filter(membership=membership)

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)


class Notice(models.Model):
    """One thing that one person is told. It holds names, not a sentence: the sentence is in the reader's language."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="notices", verbose_name=_("Told to"))
    subject = models.CharField(_("Subject"), max_length=30, choices=Subject)
    names = models.JSONField(_("Details"), default=dict, encoder=DjangoJSONEncoder)
    path = models.CharField(_("Leads to"), max_length=200, blank=True)
    # What makes the notice one of a kind: a task that runs twice tells nobody twice.
    occasion = models.CharField(max_length=100, blank=True, editable=False)
    email = models.ForeignKey(OutgoingEmail, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("Date-time"), default=timezone.now, editable=False)
    read_at = models.DateTimeField(_("Read"), null=True, blank=True)

    objects: ClassVar[NoticeQuerySet] = NoticeQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "subject", "membership"],
                condition=~models.Q(occasion=""),
                name="outbox_notice_once",
            )
        ]
        indexes = [
            models.Index(fields=["membership", "-created_at", "-id"], name="outbox_notice_newest"),
            models.Index(
                fields=["membership", "-created_at", "-id"],
                condition=models.Q(read_at=None),
                name="outbox_notice_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} → {self.membership}"

    @property
    def title(self) -> str:
        return self._sentences[0]

    @property
    def text(self) -> str:
        return self._sentences[1]

    @cached_property
    def _sentences(self) -> tuple[str, str]:
        return sentences_of(self.subject, self.names)


class NoticeChoiceQuerySet(models.QuerySet["NoticeChoice"]):
    def visible_to(self, membership: Membership | None) -> "NoticeChoiceQuerySet":
        """One's own."""
        if membership is None:
            return self.none()
        return self.filter(user=membership.user_id)


class NoticeChoice(models.Model):
    """That a person does not want mail about a subject. Without a row, mail is sent."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_choices")
    subject = models.CharField(_("Subject"), max_length=30, choices=Subject)

    objects: ClassVar[NoticeChoiceQuerySet] = NoticeChoiceQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("choice of notices")
        verbose_name_plural = _("choices of notices")
        constraints = [models.UniqueConstraint(fields=["user", "subject"], name="outbox_notice_choice_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_subject_display()}"
