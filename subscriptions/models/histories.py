"""Whom a subscription credits, and how many licences it had when: histories."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from providers.models import Provider
from resellers.models import PartnerAccount
from subscriptions.models.catalogue import Period
from subscriptions.models.subscriptions import Subscription


class ResellerOfRecordQuerySet(models.QuerySet["ResellerOfRecord"]):
    def visible_to(self, membership: Membership | None) -> "ResellerOfRecordQuerySet":
        """The periods on a provider's own subscriptions; for a reseller those that credit a number of its own.

        That a period is visible to a reseller gives it no access to the subscription (design.md §3).
        """
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(provider=membership.organisation_id)
            case Kind.RESELLER:
                return self.filter(partner_account__organisation=membership.organisation_id)
        return self.none()

    def current(self) -> "ResellerOfRecordQuerySet":
        return self.filter(ends_at=None)


# What nobody is credited for is found by an index on the subscription: an anti-join reads all that a provider sold.
_MARKS_CREDITED = """
    UPDATE subscriptions_subscription AS marked SET is_credited = NOT is_credited
    WHERE id IN (SELECT subscription_id FROM new_values) AND is_credited <> EXISTS (
        SELECT FROM subscriptions_resellerofrecord WHERE subscription_id = marked.id AND ends_at IS NULL
    );
    RETURN NULL;
"""


class ResellerOfRecord(models.Model):
    """Which MPN ID a subscription credits, from when to when. Periods never overlap; the past is never rewritten."""

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="resellers_of_record")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="+")
    partner_account = models.ForeignKey(
        PartnerAccount, models.PROTECT, related_name="credits", verbose_name=_("Reseller (MPN ID)")
    )
    starts_at = models.DateTimeField(_("From"), default=timezone.now)
    ends_at = models.DateTimeField(_("Until"), null=True, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects: ClassVar[ResellerOfRecordQuerySet] = ResellerOfRecordQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("reseller of record")
        verbose_name_plural = _("resellers of record")
        constraints = [
            ExclusionConstraint(
                name="subscriptions_credit_periods",
                expressions=[
                    ("subscription", RangeOperators.EQUAL),
                    (Period("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(
                fields=["subscription"], condition=models.Q(ends_at=None), name="subscriptions_credit_one_current"
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider", "partner_account"],
                condition=models.Q(ends_at=None),
                name="subscriptions_credit_current",
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name=f"marks_credited_at_{operation}".lower(),
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=operation,
                referencing=pgtrigger.Referencing(new="new_values"),  # type: ignore[no-untyped-call]  # pgtrigger does not type it
                func=_MARKS_CREDITED,
            )
            for operation in (pgtrigger.Insert, pgtrigger.Update)
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} → {self.partner_account}"


class LicenceChange(models.Model):
    """Licences bought or given back, when and by whom: the clock of the 168 hours runs for each (design.md §7)."""

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="licence_changes")
    difference = models.IntegerField(_("Difference"))
    changed_at = models.DateTimeField(_("Changed"), default=timezone.now, editable=False)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("license change")
        verbose_name_plural = _("license changes")
        indexes = [models.Index(fields=["subscription", "-changed_at"], name="subscriptions_licence_changes")]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.difference:+d}"
