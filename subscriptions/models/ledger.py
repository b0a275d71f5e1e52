"""The ledger: what was charged, never changed; and the statements that months are closed with."""

import uuid
from decimal import Decimal
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from activity.models import APPEND_ONLY
from customers.models import Customer
from providers.models import Provider
from resellers.models import PartnerAccount, Reseller
from subscriptions.models.catalogue import Offer
from subscriptions.models.orders import Order
from subscriptions.models.subscriptions import Subscription
from subscriptions.money import Money

# Whoever posts into a provider's month shares a lock that whoever closes that month holds alone (statements.py):
# nothing slips in between the sum and the close, and nobody who posts into another month waits for it.
_MONTH_IS_OPEN = """
    PERFORM pg_advisory_xact_lock_shared(hashtext('subscriptions.statement'), month.key)
        FROM (
            SELECT DISTINCT hashtext(provider_id::text || to_char(posted_at AT TIME ZONE 'UTC', ' YYYY-MM')) AS key
            FROM new_values ORDER BY 1
        ) AS month;
    IF EXISTS (
        SELECT FROM new_values AS posted
        JOIN subscriptions_statement AS closed
            ON closed.provider_id = posted.provider_id AND closed.reseller_id IS NULL
            AND closed.month = date_trunc('month', posted.posted_at AT TIME ZONE 'UTC')::date
            AND closed.closed_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'The month is closed'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'subscriptions_month_open';
    END IF;
    RETURN NULL;
"""


class ChargeQuerySet(models.QuerySet["Charge"]):
    def visible_to(self, membership: Membership | None) -> "ChargeQuerySet":
        """A provider's own; for a reseller what it was billed, which it may see without access to the subscription."""
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(provider=membership.organisation_id)
            case Kind.RESELLER:
                return self.filter(reseller=membership.organisation_id)
        return self.none()


class Charge(models.Model):
    """One line of the ledger, with two sides: what the provider owes, and what it bills the reseller of record.

    A row is never changed or removed: a mistake or a return is another row, below zero, that names what it undoes.
    """

    class Kind(models.TextChoices):
        PURCHASE = "purchase", _("Purchase")
        CYCLE = "cycle", _("Billing period")
        LICENCES_ADDED = "licences_added", _("Licenses added")
        REFUND = "refund", _("Refund")
        RENEWAL = "renewal", _("Renewal")

    class Ineligible(models.TextChoices):
        """Why a charge earns no incentive (domain.md §9)."""

        TRIAL = "trial", _("Trial")
        NO_RESELLER = "no_reseller", _("No indirect reseller")
        NO_ACCOUNT = "no_account", _("No associated location account")
        NO_AGREEMENT = "no_agreement", _("Agreement missing")

    id = models.BigAutoField(primary_key=True)
    code = models.UUIDField(_("Charge ID"), default=uuid.uuid4, editable=False)
    kind = models.CharField(_("Charge type"), max_length=15, choices=Kind)
    posted_at = models.DateTimeField(_("Charged"), default=timezone.now)
    posted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="charges", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="charges", db_index=False)
    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="charges", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="charges", db_index=False)
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+", db_index=False)
    undoes = models.ForeignKey("self", models.PROTECT, null=True, related_name="undone_by", db_index=False)
    period_start = models.DateTimeField(_("From"))
    period_end = models.DateTimeField(_("Until"), null=True)
    licences = models.PositiveIntegerField(_("Licenses"))
    currency = models.CharField(_("Currency"), max_length=3)
    unit_price = models.DecimalField(_("Unit price"), max_digits=14, decimal_places=4)
    amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=4)
    # The other side; null when nobody is credited, and the provider bills its customer itself.
    reseller = models.ForeignKey(Reseller, models.PROTECT, null=True, related_name="charges", db_index=False)
    partner_account = models.ForeignKey(PartnerAccount, models.PROTECT, null=True, related_name="+", db_index=False)
    resale_unit_price = models.DecimalField(_("Unit price"), max_digits=14, decimal_places=4, null=True)
    resale_amount = models.DecimalField(_("Amount"), max_digits=18, decimal_places=4, null=True)
    ineligible = models.CharField(_("Not eligible because"), max_length=15, choices=Ineligible, blank=True)

    objects: ClassVar[ChargeQuerySet] = ChargeQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            # However often the schedule runs, and however many workers: one charge for what a subscription is due.
            models.UniqueConstraint(
                fields=["subscription", "period_start"],
                condition=models.Q(kind__in=["cycle", "renewal"]),
                name="subscriptions_charge_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="refund", amount__lte=0) | (~models.Q(kind="refund") & models.Q(amount__gte=0)),
                name="subscriptions_charge_sign",
            ),
            models.CheckConstraint(
                condition=models.Q(period_end=None) | models.Q(period_end__gte=models.F("period_start")),
                name="subscriptions_charge_period",
            ),
            models.CheckConstraint(
                condition=models.Q(reseller=None, partner_account=None, resale_unit_price=None, resale_amount=None)
                | models.Q(
                    reseller__isnull=False,
                    partner_account__isnull=False,
                    resale_unit_price__isnull=False,
                    resale_amount__isnull=False,
                ),
                name="subscriptions_charge_sides",
            ),
        ]
        indexes = [
            models.Index(fields=["subscription", "-posted_at", "-id"], name="subscriptions_charges_of"),
            models.Index(fields=["provider", "-posted_at", "-id"], name="subscriptions_charges_month"),
            models.Index(
                fields=["reseller", "provider", "-posted_at", "-id"],
                condition=models.Q(reseller__isnull=False),
                name="subscriptions_charges_reseller",
            ),
            # For Incentives: what earns none is a small part of a month.
            models.Index(
                fields=["provider", "reseller", "-posted_at", "-id"],
                condition=~models.Q(ineligible=""),
                name="subscriptions_not_eligible",
            ),
            models.Index(fields=["order"], condition=models.Q(order__isnull=False), name="subscriptions_charges_order"),
            models.Index(
                fields=["undoes"], condition=models.Q(undoes__isnull=False), name="subscriptions_charges_undone"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=APPEND_ONLY),
            pgtrigger.Trigger(
                name="month_open",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_values"),  # type: ignore[no-untyped-call]  # pgtrigger does not type it
                func=_MONTH_IS_OPEN,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.amount} {self.currency}"

    @property
    def cost(self) -> Money:
        """What the provider owes for it."""
        return Money(self.amount, self.currency)

    @property
    def bill(self) -> Money | None:
        """What the reseller of record is billed for it; None when there was none."""
        return None if self.resale_amount is None else Money(self.resale_amount, self.currency)


class StatementQuerySet(models.QuerySet["Statement"]):
    def visible_to(self, membership: Membership | None) -> "StatementQuerySet":
        """A provider's own and what it bills; for a reseller what it is billed."""
        if membership is None:
            return self.none()
        match membership.kind:
            case Kind.PROVIDER:
                return self.filter(provider=membership.organisation_id)
            case Kind.RESELLER:
                return self.filter(reseller=membership.organisation_id)
        return self.none()


class Statement(models.Model):
    """A month of a provider in one currency: what it owes (no reseller), or what it bills one reseller.

    Drawn anew while the month runs; closed after it, and then never changed. The month is that of UTC. Every amount is
    of the statement's own side: of the provider's cost where there is no reseller, of what is billed where there is.
    """

    code = models.UUIDField(_("Statement ID"), default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="statements")
    reseller = models.ForeignKey(Reseller, models.PROTECT, null=True, related_name="statements")
    month = models.DateField(_("Month"))
    currency = models.CharField(_("Currency"), max_length=3)
    charges = models.PositiveIntegerField(_("Charges"), default=0)
    total = models.DecimalField(_("Total"), max_digits=20, decimal_places=4, default=Decimal(0))
    # For Incentives: of the charges that credit the reseller (of all, when there is none), those that count.
    eligible_subscriptions = models.PositiveIntegerField(_("Eligible subscriptions"), default=0)
    # Those charged less those given back, which may have been charged in an earlier month: below zero as well.
    eligible_licences = models.IntegerField(_("Eligible licenses"), default=0)
    eligible_amount = models.DecimalField(_("Eligible amount"), max_digits=20, decimal_places=4, default=Decimal(0))
    ineligible_subscriptions = models.PositiveIntegerField(_("Not eligible"), default=0)
    drawn_at = models.DateTimeField(_("As of"), default=timezone.now)
    closed_at = models.DateTimeField(_("Closed"), null=True)

    objects: ClassVar[StatementQuerySet] = StatementQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reseller", "month", "currency"],
                nulls_distinct=False,
                name="subscriptions_statement_once",
            ),
            models.CheckConstraint(condition=models.Q(month__day=1), name="subscriptions_statement_month"),
        ]
        indexes = [
            models.Index(fields=["provider", "-month", "-id"], name="subscriptions_statements"),
            models.Index(
                fields=["reseller", "-month", "-id"],
                condition=models.Q(reseller__isnull=False),
                name="subscriptions_statements_of",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="closed",
                operation=APPEND_ONLY,
                condition=pgtrigger.Q(old__closed_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.currency}"

    def get_absolute_url(self) -> str:
        return reverse("statements:detail", args=[self.code])

    @property
    def money(self) -> Money:
        return Money(self.total, self.currency)

    @property
    def is_owed(self) -> bool:
        """Whether it says what the provider owes, rather than what it bills a reseller."""
        return self.reseller_id is None
