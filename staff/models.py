"""Invitations to work for an organisation: the third kind of personal link."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from accounts.roles import Role
from outbox.models import PersonalRequest, PersonalRequestQuerySet


class StaffInvitationQuerySet(PersonalRequestQuerySet["StaffInvitation"]):
    def visible_to(self, membership: Membership | None) -> "StaffInvitationQuerySet":
        """The invitations to one's own organisation."""
        if membership is None:
            return self.none()
        return self.filter(organisation=membership.organisation_id)

    def with_answers(self) -> "StaffInvitationQuerySet":
        """With what the list shows of them: who made them, the mail, who joined."""
        return self.select_related("organisation", "created_by", "email", "membership__user")


class StaffInvitation(PersonalRequest):
    """An offer to one person to join an organisation with these roles. Whoever has the link can take it, once."""

    PURPOSE = "staff-invitation"
    LINK_VIEW = "staff:join"
    IS_FOR_ONE = True

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="staff_invitations")
    roles = ArrayField(models.CharField(max_length=20, choices=Role), verbose_name=_("Roles"), default=list, blank=True)
    membership = models.ForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Accepted by")
    )

    objects: ClassVar[StaffInvitationQuerySet] = StaffInvitationQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("staff invitation")
        verbose_name_plural = _("staff invitations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(max_uses=1) & models.Q(uses__lte=1), name="staff_invitation_used_once"
            ),
            models.CheckConstraint(condition=models.Q(roles__contained_by=Role.values), name="staff_invitation_roles"),
        ]
        indexes = [
            models.Index(fields=["organisation", "-created_at", "-id"], name="staff_invitation_newest"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(sent_at__isnull=False, withdrawn_at=None, declined_at=None),
                name="staff_invitation_expiring",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("staff:invitation", args=[self.code])

    @property
    def sender(self) -> Organisation:
        return self.organisation
