"""What is to change when a subscription renews."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from subscriptions.models.catalogue import Offer
from subscriptions.models.subscriptions import Subscription


class RenewalPlanQuerySet(models.QuerySet["RenewalPlan"]):
    def visible_to(self, membership: Membership | None) -> "RenewalPlanQuerySet":
        """Those of the subscriptions that one may see."""
        if membership is None:
            return self.none()
        return self.filter(subscription__in=Subscription.objects.visible_to(membership))

    def open(self) -> "RenewalPlanQuerySet":
        return self.filter(applied_at=None, withdrawn_at=None)


class RenewalPlan(models.Model):
    """The licences, and the line of the price list, that a subscription is to renew with: product, term, billing.

    The price is that of the renewal, not of the plan. There is one open plan for a subscription at most.
    """

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="renewal_plans")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    licences = models.PositiveIntegerField(_("Licenses"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("Scheduled"), default=timezone.now, editable=False)
    applied_at = models.DateTimeField(_("Applied"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, blank=True)

    objects: ClassVar[RenewalPlanQuerySet] = RenewalPlanQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("scheduled renewal")
        verbose_name_plural = _("scheduled renewals")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=models.Q(applied_at=None, withdrawn_at=None),
                name="subscriptions_plan_one_open",
            ),
            models.CheckConstraint(condition=models.Q(licences__gte=1), name="subscriptions_plan_licences"),
        ]

    def __str__(self) -> str:
        return f"{self.licences} × {self.offer}"
