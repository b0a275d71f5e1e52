"""Orders: what is being put together, and what was submitted."""

import re
import uuid
from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from customers.models import Customer, Relationship, folded
from providers.models import Provider
from resellers.models import PartnerAccount
from subscriptions.models.catalogue import Billing, Offer, Term
from subscriptions.money import Money

_NUMBER = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}")


class OrderDraftQuerySet(models.QuerySet["OrderDraft"]):
    def open(self) -> "OrderDraftQuerySet":
        return self.filter(order=None)

    def visible_to(self, membership: Membership | None) -> "OrderDraftQuerySet":
        """The drafts of one's own provider: a colleague may finish what another began."""
        if membership is None or membership.kind != Kind.PROVIDER:
            return self.none()
        return self.filter(provider=membership.organisation_id)


class OrderDraft(models.Model):
    """The answers given so far, as they were typed. Nothing else exists until Submit (design.md §4.7)."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="order_drafts")
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="order_drafts")
    account = models.JSONField(_("Account info"), default=dict, encoder=DjangoJSONEncoder, blank=True)
    lines = models.JSONField(_("Subscriptions"), default=list, encoder=DjangoJSONEncoder, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("Created by")
    )
    created_at = models.DateTimeField(_("Created"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("Changed"), auto_now=True)
    order = models.OneToOneField("Order", models.PROTECT, null=True, blank=True, related_name="draft")

    objects: ClassVar[OrderDraftQuerySet] = OrderDraftQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("order draft")
        verbose_name_plural = _("order drafts")
        indexes = [
            models.Index(
                fields=["provider", "-changed_at"], condition=models.Q(order=None), name="subscriptions_draft_open"
            )
        ]

    def __str__(self) -> str:
        return self.company_name or str(self.code)

    def get_absolute_url(self) -> str:
        return reverse("orders:draft", args=[self.code])

    @property
    def has_customer(self) -> bool:
        """Whether it is for a customer that exists already: then there is no account to enter."""
        return self.customer_id is not None

    @property
    def company_name(self) -> str:
        return str(self.customer) if self.customer else str(self.account.get("company_name", ""))


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, membership: Membership | None) -> "OrderQuerySet":
        """A provider sees its orders; a reseller and the customer those for customers that they may see."""
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

    def with_lines(self) -> "OrderQuerySet":
        """With everything that is said of orders anywhere, in two queries."""
        lines = OrderLine.objects.order_by("pk").select_related("partner_account__organisation")
        orders = self.select_related("relationship", "placed_by", "provider__organisation")
        return orders.prefetch_related(models.Prefetch("lines", lines))

    def search(self, text: str) -> "OrderQuerySet":
        """The order with this number, or those of customers whose names contain every word."""
        number = text.strip().upper()
        if _NUMBER.fullmatch(number):
            return self.filter(number=number)
        found = self
        for word in folded(text).split():
            found = found.filter(relationship__search_text__contains=word)
        return found


class Order(models.Model):
    """What was submitted: a record of the past."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(_("Order number"), max_length=20, unique=True, editable=False)
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="orders")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    relationship = models.ForeignKey(Relationship, models.PROTECT, related_name="orders")
    placed_at = models.DateTimeField(_("Submitted"), default=timezone.now, editable=False)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("Submitted by")
    )

    objects: ClassVar[OrderQuerySet] = OrderQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes = [
            models.Index(fields=["provider", "-placed_at", "-id"], name="subscriptions_order_newest"),
            models.Index(fields=["customer", "-placed_at", "-id"], name="subscriptions_order_customer"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("orders:detail", args=[self.code])


class OrderLine(models.Model):
    """One offer of an order, at the price of that moment."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    title = models.CharField(_("Subscription"), max_length=200)
    term = models.CharField(_("Term"), max_length=3, choices=Term, blank=True)
    billing = models.CharField(_("Billing frequency"), max_length=10, choices=Billing)
    licences = models.PositiveIntegerField(_("Licenses"))
    unit_price = models.DecimalField(_("Unit price"), max_digits=14, decimal_places=4)
    currency = models.CharField(_("Currency"), max_length=3)
    # What is charged at Submit where that is less than a full billing period: add-ons, and end dates that are aligned.
    first_amount = models.DecimalField(_("Charged at Submit"), max_digits=18, decimal_places=4, null=True, blank=True)
    ends_at = models.DateTimeField(_("End of term"), null=True, blank=True)
    partner_account = models.ForeignKey(
        PartnerAccount, models.PROTECT, null=True, related_name="+", verbose_name=_("Reseller (MPN ID)")
    )

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [models.CheckConstraint(condition=models.Q(licences__gte=1), name="subscriptions_line_licences")]

    def __str__(self) -> str:
        return f"{self.licences} × {self.title}"

    @property
    def price(self) -> Money:
        return Money(self.unit_price, self.currency)

    @property
    def total(self) -> Money:
        return self.price.times(self.licences)

    @property
    def due(self) -> Money:
        """What was charged for it at Submit."""
        return self.total if self.first_amount is None else Money(self.first_amount, self.currency)

    @property
    def is_usage_based(self) -> bool:
        """Charged by what is used: there were no licences to count."""
        return self.billing == Billing.NONE
