"""People, the organisations they act for, and the roles that tie the two."""

import uuid
import zoneinfo
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.roles import Kind, Permission, Role, allows

GIVEN_OUT = ".onmicrosoft.com"
"""Account names in these domains are given out: by Submit to a customer's first administrator, then by the customer."""


def check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("%(name)s is not a time zone."), code="time_zone", params={"name": name})


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail address, regardless of case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        # Lower, as in the constraint, whose index answers; iexact is said with UPPER, and reads every account.
        return self.alias(lowered=Lower("email")).get(lowered=Lower(Value(username or "")))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, with an e-mail address or with the account name from Setup info."""

    email = models.EmailField(_("Email address"), max_length=254, unique=True)
    name = models.CharField(_("Name"), max_length=150, blank=True)
    language = models.CharField(_("Language"), max_length=7, blank=True, choices=settings.LANGUAGES)
    time_zone = models.CharField(_("Time zone"), max_length=64, default="UTC", validators=[check_time_zone])
    must_change_password = models.BooleanField(_("Must choose a new password"), default=False)
    is_active = models.BooleanField(_("Active"), default=True)
    is_staff = models.BooleanField(_("Operator"), default=False, help_text=_("May sign in to Django admin."))
    date_joined = models.DateTimeField(_("Joined"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="accounts_user_email",
                violation_error_message=_("Somebody already signs in with this address."),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.get_full_name()


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, membership: "Membership | None") -> "OrganisationQuerySet":
        """One's own company. Other companies are reached through the tie that one has with them."""
        if membership is None:
            return self.none()
        return self.filter(pk=membership.organisation_id)


class Organisation(models.Model):
    """A company that signs in. Its id is the Microsoft ID that pages show."""

    Kind = Kind

    id = models.UUIDField(_("Microsoft ID"), primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("Kind"), max_length=10, choices=Kind, editable=False)
    name = models.CharField(_("Company name"), max_length=200)
    country = CountryField(verbose_name=_("Country/region"))
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)

    objects: ClassVar[OrganisationQuerySet] = OrganisationQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="accounts_organisation_kind")
        ]
        indexes = [
            models.Index("kind", Lower("name"), name="accounts_organisation_by_name"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="accounts_organisation_search"),
        ]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> "MembershipQuerySet":
        """Those who may come in now."""
        return self.filter(ended_at=None, suspended_at=None, user__is_active=True)

    def current(self) -> "MembershipQuerySet":
        """Those who belong to their organisation, suspended or not."""
        return self.filter(ended_at=None)

    def visible_to(self, membership: "Membership | None") -> "MembershipQuerySet":
        """The people of one's own organisation."""
        if membership is None:
            return self.none()
        return self.filter(organisation=membership.organisation_id)


class Membership(models.Model):
    """A person in an organisation, with the roles held there."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("User"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="memberships", verbose_name=_("Organization")
    )
    roles = ArrayField(models.CharField(max_length=20, choices=Role), verbose_name=_("Roles"), default=list)
    created_at = models.DateTimeField(_("Since"), default=timezone.now, editable=False)
    suspended_at = models.DateTimeField(_("Suspended"), null=True, blank=True)
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation"],
                condition=models.Q(ended_at=None),
                name="accounts_membership_once",
                violation_error_message=_("This person is already in the organization."),
            ),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=Role.values), name="accounts_membership_roles"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation}"

    @property
    def kind(self) -> Kind:
        return Kind(self.organisation.kind)

    def can(self, permission: Permission) -> bool:
        """Whether the roles of this person, taken together, allow it."""
        return allows(self.kind, self.roles, permission)
