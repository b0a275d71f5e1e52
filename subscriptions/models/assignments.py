"""Which of a customer's users has a licence of which subscription."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from subscriptions.models.subscriptions import Subscription


class LicenceAssignmentQuerySet(models.QuerySet["LicenceAssignment"]):
    def active(self) -> "LicenceAssignmentQuerySet":
        """Those that count. Whoever is removed from the company has given the licence back by that; whoever is
        suspended keeps it, and whoever comes back after being removed is a new member and starts without.
        """
        return self.filter(withdrawn_at=None, membership__ended_at=None)

    def visible_to(self, membership: Membership | None) -> "LicenceAssignmentQuerySet":
        """The customer whose user it is, and whoever may see the subscription."""
        if membership is None:
            return self.none()
        if membership.kind == Kind.CUSTOMER:
            return self.filter(membership__organisation=membership.organisation_id)
        return self.filter(subscription__in=Subscription.objects.visible_to(membership))


_MOVED = pgtrigger.UpdateOf("subscription_id", "membership_id", "withdrawn_at")  # type: ignore[no-untyped-call]  # pgtrigger does not type it
# Holds the subscription against others who assign and against a reduction; NO KEY, for whoever inserts holds its key.
_AT_MOST_BOUGHT = """
    SELECT licences INTO bought FROM subscriptions_subscription WHERE id = NEW.subscription_id FOR NO KEY UPDATE;
    IF bought < (
        SELECT COUNT(*) FROM subscriptions_licenceassignment AS given
        JOIN accounts_membership AS holder ON holder.id = given.membership_id
        WHERE given.subscription_id = NEW.subscription_id AND given.withdrawn_at IS NULL AND holder.ended_at IS NULL
    ) THEN
        RAISE EXCEPTION 'More licences of subscription % are assigned than were bought', NEW.subscription_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'subscriptions_assigned_at_most_bought';
    END IF;
    RETURN NULL;
"""


class LicenceAssignment(models.Model):
    """One licence, given to one user. Never more than were bought: assign_licence() says so, this table insists, and
    the subscription's own does when licences are given back.
    """

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="assignments")
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="licences", verbose_name=_("User"))
    assigned_at = models.DateTimeField(_("Assigned"), default=timezone.now)
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[LicenceAssignmentQuerySet] = LicenceAssignmentQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("license assignment")
        verbose_name_plural = _("license assignments")
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "membership"],
                condition=models.Q(withdrawn_at=None),
                name="subscriptions_assignment_once",
                violation_error_message=_("This user has a license of this subscription already."),
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="at_most_bought",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | _MOVED,
                condition=pgtrigger.Q(new__withdrawn_at__isnull=True),
                declare=[("bought", "integer")],
                func=_AT_MOST_BOUGHT,
            )
        ]
        indexes = [
            models.Index(
                fields=["membership"], condition=models.Q(withdrawn_at=None), name="subscriptions_assignment_user"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} → {self.membership_id}"
