"""Subscriptions: what a customer has, and where each of them stands in its life."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from customers.models import Customer, Relationship, folded
from providers.models import Provider
from resellers.models import Reseller
from subscriptions.models.catalogue import Billing, Offer, Term
from subscriptions.models.orders import OrderLine
from subscriptions.money import Money
from subscriptions.states import MOVES, Status

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
# The other half of what LicenceAssignment insists on; the row that is updated is held by that.
_AT_LEAST_ASSIGNED = """
    IF NEW.licences < (
        SELECT COUNT(*) FROM subscriptions_licenceassignment AS given
        JOIN accounts_membership AS holder ON holder.id = given.membership_id
        WHERE given.subscription_id = NEW.id AND given.withdrawn_at IS NULL AND holder.ended_at IS NULL
    ) THEN
        RAISE EXCEPTION 'More licences of subscription % are assigned than would stay', NEW.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'subscriptions_assigned_at_most_bought';
    END IF;
    RETURN NULL;
"""
# What is in memory may have been read before somebody was credited: the periods count, not what is saved.
_IS_CREDITED = """
    NEW.is_credited = EXISTS (
        SELECT FROM subscriptions_resellerofrecord WHERE subscription_id = NEW.id AND ends_at IS NULL
    );
    RETURN NEW;
"""


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def visible_to(self, membership: Membership | None) -> "SubscriptionQuerySet":
        """A provider sees its own, a reseller those of customers entrusted to it, a customer its own.

        Being credited for a subscription, or supporting it, gives no access (design.md §3).
        """
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(provider=membership.organisation_id)
            case Kind.RESELLER:
                return self.filter(relationship__reseller=membership.organisation_id, relationship__ended_at=None)
            case Kind.CUSTOMER:
                return self.filter(customer=membership.organisation_id)
        return self.none()

    def supported_by(self, membership: Membership | None) -> "SubscriptionQuerySet":
        """Those that a reseller is the designated support contact of, entrusted to it or not: a fact, not access."""
        if membership is None or membership.kind != Kind.RESELLER:
            return self.none()
        return self.filter(support_contact=membership.organisation_id)

    def not_ended(self) -> "SubscriptionQuerySet":
        """Without those that are a record only."""
        return self.exclude(status__in=Subscription.ENDED)

    def ending_within(self, days: int) -> "SubscriptionQuerySet":
        """Those whose term ends within so many days: they renew then, or end."""
        now = timezone.now()
        open_states = (Status.ACTIVE, Status.SUSPENDED)
        return self.filter(status__in=open_states, ends_or_never__gte=now, ends_or_never__lt=now + timedelta(days=days))

    def azure_plans(self) -> "SubscriptionQuerySet":
        """Those that are active and billed by what is used: what a tenant owner owns."""
        return self.filter(offer__category=Offer.Category.USAGE, status=Subscription.Status.ACTIVE)

    def with_parties(self) -> "SubscriptionQuerySet":
        """With whom a change of it is told, and what it is of.

        Not with the relationship's own parties: PostgreSQL takes longer to plan so many joins than to read them.
        """
        return self.select_related(
            "offer", "provider__organisation", "customer__organisation", "relationship", "support_contact__organisation"
        )

    def search(self, text: str) -> "SubscriptionQuerySet":
        """Those with every word in the nickname, the subscription's ID, or what the customer is found by."""
        found = self
        for word in folded(text).split():
            found = found.filter(Q(search_text__contains=word) | Q(customer_text__contains=word))
        return found


class Subscription(models.Model):
    """What a customer has. Its provider, customer and relationship are those of the order that made it."""

    Status = Status
    ENDED = (Status.CANCELLED, Status.EXPIRED)

    code = models.UUIDField(_("Subscription ID"), default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="subscriptions")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="subscriptions")
    relationship = models.ForeignKey(Relationship, models.PROTECT, related_name="subscriptions", db_index=False)
    order_line = models.OneToOneField(OrderLine, models.PROTECT, related_name="subscription")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    # An add-on ends with its base, moves with it, and credits the same reseller (design.md §7).
    base = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="add_ons", db_index=False, verbose_name=_("Base")
    )
    # The product and SKU of a trial: a customer tries each of them once (domain.md §6.3), bought later or not.
    trial_of = models.CharField(max_length=65, blank=True, editable=False)
    nickname = models.CharField(_("Subscription nickname"), max_length=100)
    search_text = models.TextField(editable=False)
    # What the relationship is found by, repeated here: an index does not reach across a join.
    customer_text = models.TextField(editable=False)
    licences = models.PositiveIntegerField(_("Licenses"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.ACTIVE)
    term = models.CharField(_("Term"), max_length=3, choices=Term, blank=True)
    billing = models.CharField(_("Billing frequency"), max_length=10, choices=Billing)
    unit_price = models.DecimalField(_("Unit price"), max_digits=14, decimal_places=4)
    currency = models.CharField(_("Currency"), max_length=3)
    # What the provider adds to its own price for the reseller, in percent: fixed when the term or the credit began.
    markup = models.DecimalField(_("Markup"), max_digits=6, decimal_places=2, default=0)
    auto_renew = models.BooleanField(_("Auto-renew"), default=True)
    starts_at = models.DateTimeField(_("Start date"), default=timezone.now)
    ends_at = models.DateTimeField(_("End of term"), null=True, blank=True)
    # Months are counted from here, so that what began on the 31st renews on the 31st again: see terms.py.
    anchor = models.DateTimeField(default=timezone.now, editable=False)
    charged_until = models.DateTimeField(_("Charged until"), null=True, blank=True)
    # When the schedule has to look at a base and its add-ons next; add-ons themselves have none.
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)
    # Lists are sorted by it, and what has no end comes last: a keyset cannot step over nulls.
    ends_or_never = models.GeneratedField(
        expression=Coalesce("ends_at", models.Value(NEVER)), output_field=models.DateTimeField(), db_persist=True
    )
    support_contact = models.ForeignKey(
        Reseller,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="supported_subscriptions",
        db_index=False,
        verbose_name=_("Designated support contact"),
        help_text=_("Empty: the provider itself."),
    )
    # Whether somebody is credited now. An order says it first, and then the database itself, whatever is saved: see
    # ResellerOfRecord.
    is_credited = models.BooleanField(default=False, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.CheckConstraint(condition=models.Q(licences__gte=1), name="subscriptions_subscription_licences"),
            models.CheckConstraint(
                condition=models.Q(status__in=(Status.CANCELLED, Status.EXPIRED), ended_at__isnull=False)
                | models.Q(status__in=(Status.PENDING, Status.ACTIVE, Status.SUSPENDED), ended_at=None),
                name="subscriptions_subscription_ended",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at=None) | models.Q(base=None, ended_at=None),
                name="subscriptions_subscription_due",
            ),
            models.UniqueConstraint(
                fields=["customer", "trial_of"], condition=~models.Q(trial_of=""), name="subscriptions_one_trial"
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="moves",
                field="status",
                # Renewals write a million rows and move none of them: the function is not even called.
                condition=pgtrigger.AnyChange("status"),
                transitions=[(origin.value, move.goal.value) for move in MOVES for origin in sorted(move.origins)],
            ),
            pgtrigger.Trigger(
                name="at_least_assigned",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("licences"),  # type: ignore[no-untyped-call]  # pgtrigger does not type it
                condition=pgtrigger.Q(new__licences__lt=pgtrigger.F("old__licences")),
                func=_AT_LEAST_ASSIGNED,
            ),
            pgtrigger.Trigger(
                name="is_credited",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("is_credited"),
                func=_IS_CREDITED,
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "-created_at", "-id"], name="subscriptions_newest"),
            models.Index(fields=["provider", "ends_or_never", "id"], name="subscriptions_by_end"),
            models.Index(
                fields=["provider", "-created_at", "-id"],
                condition=models.Q(is_credited=False),
                name="subscriptions_uncredited",
            ),
            models.Index(fields=["customer", "provider"], name="subscriptions_of_customer"),
            models.Index(fields=["relationship", "-created_at", "-id"], name="subscriptions_of_relationship"),
            models.Index(
                fields=["support_contact", "-created_at", "-id"],
                include=["provider", "status"],
                condition=models.Q(support_contact__isnull=False),
                name="subscriptions_supported",
            ),
            GinIndex(models.F("provider"), OpClass("search_text", name="gin_trgm_ops"), name="subscriptions_search"),
            GinIndex(
                models.F("provider"),
                OpClass("customer_text", name="gin_trgm_ops"),
                name="subscriptions_search_customer",
            ),
            models.Index(fields=["due_at", "id"], condition=models.Q(due_at__isnull=False), name="subscriptions_due"),
            models.Index(fields=["base"], condition=models.Q(base__isnull=False), name="subscriptions_add_ons"),
        ]

    def __str__(self) -> str:
        return self.nickname

    def get_absolute_url(self) -> str:
        return reverse("subscriptions:detail", args=[self.code])

    def get_status_display(self) -> str:  # type: ignore[no-redef]  # django-stubs reads Django's own into the class
        """As Django's own, which translates every choice to find one: in a list that costs more than its query."""
        return str(self.Status(self.status).label)

    def take_names(self) -> None:
        """Derive what lists search by, whenever the nickname is set. change_account() does the customer's part."""
        self.search_text = f"{folded(self.nickname)} {self.code}"
        self.customer_text = self.relationship.search_text

    @property
    def price(self) -> Money:
        return Money(self.unit_price, self.currency)

    @property
    def resale_price(self) -> Money:
        """What the reseller of record pays for a license and billing period."""
        return self.price.marked_up(self.markup)

    @property
    def can_change(self) -> bool:
        """Whether licences, credit and the rest may still change; ended subscriptions are records."""
        return self.status in (self.Status.ACTIVE, self.Status.SUSPENDED)
