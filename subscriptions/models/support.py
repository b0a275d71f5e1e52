"""Support requests: what a customer asks about a subscription, of whoever supports it at the time."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from customers.models import Customer, folded
from providers.models import Provider
from subscriptions.models.subscriptions import Subscription


class SupportRequestQuerySet(models.QuerySet["SupportRequest"]):
    def open(self) -> "SupportRequestQuerySet":
        return self.filter(status__in=SupportRequest.OPEN)

    def visible_to(self, membership: Membership | None) -> "SupportRequestQuerySet":
        """The customer's own, the provider's own, and for a reseller those that are its to answer now."""
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(provider=membership.organisation_id)
            case Kind.RESELLER:
                return self.filter(assignee=membership.organisation_id)
            case Kind.CUSTOMER:
                return self.filter(customer=membership.organisation_id)
        return self.none()

    def with_names(self) -> "SupportRequestQuerySet":
        """With what the list shows of them, and no join that it does not need."""
        return self.select_related("subscription__relationship", "assignee")

    def with_parties(self) -> "SupportRequestQuerySet":
        """With everybody whose business a request is, and what it is about."""
        return self.select_related(
            "subscription__relationship", "provider__organisation", "customer__organisation", "assignee", "opened_by"
        )

    def search(self, text: str) -> "SupportRequestQuerySet":
        """Those with every word in the title or in the customer's name, as the provider bills it."""
        found = self
        for word in text.split():
            named = models.Q(subscription__relationship__sort_name__contains=folded(word))
            found = found.filter(models.Q(title__icontains=word) | named)
        return found


class SupportRequest(models.Model):
    """A question about one subscription; it goes to the designated support contact, to the provider otherwise."""

    class Severity(models.TextChoices):
        CRITICAL = "critical", _("Critical")
        MODERATE = "moderate", _("Moderate")
        MINIMAL = "minimal", _("Minimal")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ATTENTION = "attention_needed", _("Attention needed")
        CLOSED = "closed", _("Closed")

    OPEN = (Status.OPEN, Status.ATTENTION)

    code = models.UUIDField(_("Request ID"), default=uuid.uuid4, unique=True, editable=False)
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="support_requests")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="support_requests")
    assignee = models.ForeignKey(
        Organisation, models.PROTECT, related_name="support_requests", verbose_name=_("Answered by")
    )
    title = models.CharField(_("Title"), max_length=150)
    severity = models.CharField(_("Severity"), max_length=10, choices=Severity, default=Severity.MODERATE)
    status = models.CharField(_("Status"), max_length=20, choices=Status, default=Status.OPEN)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("Opened by")
    )
    opened_at = models.DateTimeField(_("Opened"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("Last change"), default=timezone.now)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)

    objects: ClassVar[SupportRequestQuerySet] = SupportRequestQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("support request")
        verbose_name_plural = _("support requests")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="closed", closed_at__isnull=False)
                | (~models.Q(status="closed") & models.Q(closed_at=None)),
                name="subscriptions_support_closed_when",
            )
        ]
        indexes = [
            models.Index(fields=["provider", "-changed_at", "-id"], name="subscriptions_support_provider"),
            models.Index(fields=["assignee", "-changed_at", "-id"], name="subscriptions_support_assignee"),
            models.Index(fields=["customer", "-changed_at", "-id"], name="subscriptions_support_customer"),
            models.Index(
                fields=["assignee", "changed_at", "id"],
                condition=models.Q(status="open"),
                name="subscriptions_support_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("support:detail", args=[self.code])

    def get_status_display(self) -> str:  # type: ignore[no-redef]  # django-stubs reads Django's own into the class
        """As Django's own, which translates every choice to find one: in a list that costs more than its query."""
        return str(self.Status(self.status).label)

    def get_severity_display(self) -> str:  # type: ignore[no-redef]  # django-stubs reads Django's own into the class
        """As get_status_display()."""
        return str(self.Severity(self.severity).label)

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN


class SupportMessage(models.Model):
    """What one side wrote to the other. Never changed: an answer is a new message."""

    request = models.ForeignKey(SupportRequest, models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    text = models.TextField(_("Message"), max_length=10_000)
    written_at = models.DateTimeField(_("Written"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("support message")
        verbose_name_plural = _("support messages")
        indexes = [models.Index(fields=["request", "id"], name="subscriptions_support_messages")]

    def __str__(self) -> str:
        return f"{self.request_id} · {self.organisation_id}"
