"""The price list."""

import uuid
from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.models import Membership
from accounts.roles import Kind
from customers.models import Customer
from subscriptions.money import Money

MOST_LICENCES = 2_147_483_647  # what a column holds, for offers without a limit of their own


class Term(models.TextChoices):
    MONTH = "P1M", _("1 month")
    YEAR = "P1Y", _("1 year")
    THREE_YEARS = "P3Y", _("3 years")
    NONE = "", _("None")


class Billing(models.TextChoices):
    MONTHLY = "monthly", _("Monthly")
    ANNUAL = "annual", _("Annual")
    TRIENNIAL = "triennial", _("Triennial")
    ONE_TIME = "one_time", _("One-time")
    NONE = "none", _("None")


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, membership: Membership | None) -> "OfferQuerySet":
        """Providers see the price list of the markets in their CSP region. Its prices are nobody else's business."""
        if membership is None or membership.kind != Kind.PROVIDER:
            return self.none()
        return self.filter(market__in=membership.organisation.provider.markets)

    def on_sale(self) -> "OfferQuerySet":
        """What can be ordered now: within its effective period."""
        now = timezone.now()
        return self.filter(effective_from__lte=now, effective_to__gt=now)

    def for_customer(self, country: str, qualification: str) -> "OfferQuerySet":
        """What a customer in this country, with this qualification, may buy (domain.md §6.3)."""
        segments = [Offer.Segment.COMMERCIAL]
        if qualification == Customer.Qualification.EDUCATION:
            segments.append(Offer.Segment.EDUCATION)
        return self.filter(market=country, segment__in=segments)

    def search(self, text: str) -> "OfferQuerySet":
        """Those with every word in their title, or whose product ID begins with it."""
        found = self
        for word in text.split():
            found = found.filter(
                models.Q(sku_title__icontains=word)
                | models.Q(product_title__icontains=word)
                | models.Q(product_id__istartswith=word)
            )
        return found


class Offer(models.Model):
    """A line of the price list. The unit price is what one licence costs for one billing period."""

    class Segment(models.TextChoices):
        COMMERCIAL = "commercial", _("Commercial")
        EDUCATION = "education", _("Education")
        CHARITY = "charity", _("Charity")
        GOVERNMENT = "government", _("Government")

    class Category(models.TextChoices):
        ENTERPRISE = "enterprise", _("Enterprise")
        SMALL_BUSINESS = "small_business", _("Small business")
        TRIAL = "trial", _("Trial")
        ADD_ON = "add_on", _("Add-ons")
        USAGE = "usage", _("Azure")
        SOFTWARE = "software", _("Software")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    product_title = models.CharField(_("Product"), max_length=200)
    product_id = models.CharField(_("Product ID"), max_length=40)
    sku_id = models.CharField(_("SKU ID"), max_length=20)
    sku_title = models.CharField(_("SKU"), max_length=200)
    publisher = models.CharField(_("Publisher"), max_length=100)
    description = models.TextField(_("Description"), blank=True)
    term = models.CharField(_("Term"), max_length=3, choices=Term, blank=True)
    billing = models.CharField(_("Billing frequency"), max_length=10, choices=Billing)
    market = CountryField(verbose_name=_("Market"))
    currency = models.CharField(_("Currency"), max_length=3)
    unit_price = models.DecimalField(_("Unit price"), max_digits=14, decimal_places=4)
    erp_price = models.DecimalField(_("ERP price"), max_digits=14, decimal_places=4)
    min_licences = models.PositiveIntegerField(_("Fewest licenses"), default=1)
    max_licences = models.PositiveIntegerField(_("Most licenses"), null=True, blank=True)
    effective_from = models.DateTimeField(_("Effective from"))
    effective_to = models.DateTimeField(_("Effective until"))
    tags = ArrayField(models.CharField(max_length=40), verbose_name=_("Tags"), default=list, blank=True)
    segment = models.CharField(_("Segment"), max_length=12, choices=Segment)
    category = models.CharField(_("Category"), max_length=15, choices=Category)

    objects: ClassVar[OfferQuerySet] = OfferQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("price list")
        constraints = [
            models.UniqueConstraint(
                fields=["product_id", "sku_id", "term", "billing", "market", "currency", "segment", "effective_from"],
                name="subscriptions_offer_line",
            ),
            models.CheckConstraint(condition=models.Q(unit_price__gte=0), name="subscriptions_offer_price"),
            models.CheckConstraint(
                condition=models.Q(max_licences=None) | models.Q(max_licences__gte=models.F("min_licences")),
                name="subscriptions_offer_limits",
            ),
            models.CheckConstraint(
                condition=models.Q(effective_to__gt=models.F("effective_from")), name="subscriptions_offer_period"
            ),
        ]
        indexes = [models.Index(fields=["market", "sku_title", "id"], name="subscriptions_offer_list")]

    def __str__(self) -> str:
        return self.sku_title

    @property
    def price(self) -> Money:
        return Money(self.unit_price, self.currency)

    @property
    def has_no_end(self) -> bool:
        """Whether it stays on sale until a later price list says otherwise."""
        return self.effective_to.year == date.max.year

    @property
    def is_usage_based(self) -> bool:
        """Billed by consumption: there are no licences to count."""
        return self.category == self.Category.USAGE

    @property
    def terms(self) -> str:
        """Term and billing frequency for a line of a list."""
        parts = [
            self.get_term_display() if self.term else "",
            self.get_billing_display() if self.billing != Billing.NONE else "",
        ]
        return " · ".join(str(part) for part in parts if part)
