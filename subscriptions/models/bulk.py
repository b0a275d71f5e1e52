"""Changes of many subscriptions in one go."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from providers.models import Provider
from subscriptions.models.subscriptions import Subscription
from subscriptions.money import Money


class BulkChangeQuerySet(models.QuerySet["BulkChange"]):
    def visible_to(self, membership: Membership | None) -> "BulkChangeQuerySet":
        """Those of one's own provider, whoever of its people began them."""
        if membership is None or membership.kind != Kind.PROVIDER:
            return self.none()
        return self.filter(provider=membership.organisation_id)


class BulkChange(models.Model):
    """One change of many subscriptions: put together, looked at, and then carried out row by row, or left.

    It goes through its rows twice, in their order: to check them, and once it was started to change them. What it has
    reached and counted is written with each row, so that it can be killed at any moment and goes on from there.
    """

    class What(models.TextChoices):
        CREDIT = "credit", _("Reseller (MPN ID)")
        SUPPORT = "support", _("Designated support contact")
        AUTO_RENEW = "auto_renew", _("Auto-renew")
        LICENCES = "licences", _("Licenses")

    class State(models.TextChoices):
        CHECKING = "checking", _("Checking")
        CHECKED = "checked", _("Ready to start")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        LEFT = "left", _("Canceled")

    WORKING = (State.CHECKING, State.RUNNING)

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="bulk_changes")
    what = models.CharField(_("Change"), max_length=12, choices=What)
    state = models.CharField(_("State"), max_length=10, choices=State, default=State.CHECKING)
    # Whose rights it is checked and carried out with: they are asked for again at every row.
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="+", verbose_name=_("Started by"))
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("Started"), null=True)
    finished_at = models.DateTimeField(_("Finished"), null=True)
    rows = models.PositiveIntegerField(_("Subscriptions"), default=0)
    # Of the pass that runs, or of the last one: the number of the last row it has dealt with, and what came of them.
    reached = models.PositiveIntegerField(default=0, editable=False)
    done = models.PositiveIntegerField(_("Done"), default=0)
    unchanged = models.PositiveIntegerField(_("As it was"), default=0)
    refused = models.PositiveIntegerField(_("Refused"), default=0)
    moved_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[BulkChangeQuerySet] = BulkChangeQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("bulk change")
        verbose_name_plural = _("bulk changes")
        indexes = [models.Index(fields=["provider", "-created_at", "-id"], name="subscriptions_bulk_newest")]

    def __str__(self) -> str:
        return self.get_what_display()

    def get_absolute_url(self) -> str:
        return reverse("subscriptions:bulk_detail", args=[self.code])

    @property
    def is_working(self) -> bool:
        """Whether something goes on in the background."""
        return self.state in self.WORKING

    @property
    def can_start(self) -> bool:
        """Whether it was looked at, and would change anything."""
        return self.state == self.State.CHECKED and self.done > 0

    @property
    def can_leave(self) -> bool:
        """Whether nothing has been changed yet."""
        return self.state in (self.State.CHECKING, self.State.CHECKED)

    @property
    def was_started(self) -> bool:
        """Whether what is counted has happened; it would happen otherwise."""
        return self.started_at is not None

    @property
    def dealt_with(self) -> int:
        """How many rows the pass is through with."""
        return self.done + self.unchanged + self.refused


class BulkRowQuerySet(models.QuerySet["BulkRow"]):
    def visible_to(self, membership: Membership | None) -> "BulkRowQuerySet":
        """Those of one's own provider's changes."""
        if membership is None or membership.kind != Kind.PROVIDER:
            return self.none()
        return self.filter(change__provider=membership.organisation_id)


class BulkRow(models.Model):
    """One subscription of a bulk change: what is wanted of it, and what came of that.

    The result is what the check foresees until the change that was started has reached the row.
    """

    class Result(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        UNCHANGED = "unchanged", _("As it was")
        REFUSED = "refused", _("Refused")

    change = models.ForeignKey(BulkChange, models.PROTECT, related_name="all_rows", db_index=False)
    number = models.PositiveIntegerField(_("Line"))
    typed = models.CharField(_("Subscription ID"), max_length=100)
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True, related_name="+")
    # The line that asks for the same subscription already: what the second wants is refused.
    repeats = models.PositiveIntegerField(null=True, editable=False)
    wanted = models.CharField(_("New value"), max_length=100, blank=True)
    result = models.CharField(_("Result"), max_length=10, choices=Result, default=Result.WAITING)
    # Of the preview, or of the attempt: codes, and the sentences in each language of the portal.
    refusal = models.CharField(max_length=60, blank=True)
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder, blank=True)
    # What the provider owes for it or gets back.
    cost = models.DecimalField(_("Cost"), max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(_("Currency"), max_length=3, blank=True)
    done_at = models.DateTimeField(_("Done"), null=True)

    objects: ClassVar[BulkRowQuerySet] = BulkRowQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("row of a bulk change")
        verbose_name_plural = _("rows of a bulk change")
        # Both passes, the pages and the file go through the rows of one change in the order of their numbers.
        constraints = [models.UniqueConstraint(fields=["change", "number"], name="subscriptions_bulk_row_number")]

    def __str__(self) -> str:
        return f"{self.number}: {self.typed}"

    @property
    def reasons(self) -> list[str]:
        """Why it was refused, or stays as it was, in the language of whoever reads."""
        said: list[str] = self.details.get(get_language()) or self.details.get(settings.LANGUAGE_CODE) or []
        return said

    @property
    def money(self) -> Money | None:
        """What it costs; None where nothing is charged."""
        return None if self.cost is None else Money(self.cost, self.currency)
