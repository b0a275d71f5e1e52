"""The link that asks a customer that exists already for a reseller relationship."""

from typing import ClassVar

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from outbox.models import PersonalRequest, PersonalRequestQuerySet
from providers.models import Provider
from resellers.models import Reseller


class RelationshipRequestQuerySet(PersonalRequestQuerySet["RelationshipRequest"]):
    def visible_to(self, membership: Membership | None) -> "RelationshipRequestQuerySet":
        """A provider sees those it made, a reseller those that it made together with a provider."""
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(provider=membership.organisation_id, by_reseller=False)
            case Kind.RESELLER:
                return self.filter(reseller=membership.organisation_id, by_reseller=True)
        return self.none()

    def with_answers(self, membership: Membership) -> "RelationshipRequestQuerySet":
        """With what the list shows of them: the other partner, who made them, the mail, who accepted."""
        partner = "reseller" if membership.kind == Kind.PROVIDER else "provider"
        rows = self.select_related(f"{partner}__organisation", "created_by", "email")
        return rows.prefetch_related("relationships")


class RelationshipRequest(PersonalRequest):
    """A link for a customer that exists already: it ties the customer to a provider, or to provider and reseller."""

    PURPOSE = "relationship-request"
    LINK_VIEW = "customers:invitation"

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="relationship_requests")
    reseller = models.ForeignKey(
        Reseller,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="relationship_requests",
        verbose_name=_("Indirect reseller"),
    )
    by_reseller = models.BooleanField(_("Made by the reseller"), default=False, editable=False)
    includes_admin = models.BooleanField(_("Include delegated administration privileges"), default=True)

    objects: ClassVar[RelationshipRequestQuerySet] = RelationshipRequestQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("relationship request")
        verbose_name_plural = _("relationship requests")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(max_uses=None) | models.Q(uses__lte=models.F("max_uses")),
                name="customers_request_uses",
            ),
            models.CheckConstraint(
                condition=models.Q(by_reseller=False) | models.Q(reseller__isnull=False),
                name="customers_request_by_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "-created_at", "-id"], name="customers_request_newest"),
            models.Index(fields=["reseller", "-created_at", "-id"], name="customers_request_of_reseller"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(sent_at__isnull=False, withdrawn_at=None, declined_at=None),
                name="customers_request_expiring",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("customers:request", args=[self.code])

    @property
    def sender(self) -> Organisation:
        return self.reseller.organisation if self.by_reseller and self.reseller else self.provider.organisation
