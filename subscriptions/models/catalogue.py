"""The price list."""

import uuid
from datetime import date, datetime, timedelta
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import Func
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.models import Membership
from accounts.roles import Kind
from customers.models import Customer
from providers.models import Provider
from resellers.models import Partnership
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


class Period(Func):
    """The range from one column up to, not including, another; without end while that is null."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Hashed(Func):
    """A text as 64 bits. For an exclusion constraint, which takes three times as long to keep texts apart."""

    function = "HASHTEXTEXTENDED"
    template = "%(function)s(%(expressions)s, 0)"
    output_field = models.BigIntegerField()


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, membership: Membership | None, through: Provider | None = None) -> "OfferQuerySet":
        """Providers see the price list of the markets in their CSP region; a reseller that of a provider it buys
        through, while it is its partner.

        A reseller's rows carry the provider's own price, which is nobody else's business: they are shown only by
        lists/prices.py, which puts the reseller's in its place.
        """
        if membership is None:
            return self.none()
        if membership.kind == Kind.PROVIDER:
            return self.filter(market__in=membership.organisation.provider.markets)
        if membership.kind != Kind.RESELLER or through is None:
            return self.none()
        partnerships = Partnership.objects.visible_to(membership).active()
        return (
            self.filter(market__in=through.markets) if partnerships.filter(provider=through).exists() else self.none()
        )

    def on_sale(self, moment: datetime | None = None) -> "OfferQuerySet":
        """What can be ordered at a moment, by default now: within its effective period."""
        moment = moment or timezone.now()
        return self.filter(effective_from__lte=moment, effective_to__gt=moment)

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
    tags = ArrayField(models.CharField(max_length=80), verbose_name=_("Tags"), default=list, blank=True)
    segment = models.CharField(_("Segment"), max_length=12, choices=Segment)
    category = models.CharField(_("Category"), max_length=15, choices=Category)
    # What it is a price of. Lines that have it in common follow one another in time, and never overlap.
    item = models.GeneratedField(
        expression=Concat(
            *("product_id", models.Value(":"), "sku_id", models.Value(":"), "term", models.Value(":"), "billing"),
            *(models.Value(":"), "market", models.Value(":"), "currency", models.Value(":"), "segment"),
            output_field=models.TextField(),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects: ClassVar[OfferQuerySet] = OfferQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("price list")
        constraints = [
            models.UniqueConstraint(fields=["item", "effective_from"], name="subscriptions_offer_line"),
            ExclusionConstraint(
                name="subscriptions_offer_periods",
                expressions=[
                    (Hashed("item"), RangeOperators.EQUAL),
                    (Period("effective_from", "effective_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Another line of the price list says what this costs in the same period."),
            ),
            models.CheckConstraint(condition=models.Q(unit_price__gte=0), name="subscriptions_offer_price"),
            models.CheckConstraint(
                condition=models.Q(max_licences=None) | models.Q(max_licences__gte=models.F("min_licences")),
                name="subscriptions_offer_limits",
            ),
            # What is withdrawn before it begins ends when it would have begun: its period is empty.
            models.CheckConstraint(
                condition=models.Q(effective_to__gte=models.F("effective_from")), name="subscriptions_offer_period"
            ),
        ]
        indexes = [models.Index(fields=["market", "sku_title", "id"], name="subscriptions_offer_list")]

    def __str__(self) -> str:
        return self.sku_title

    @property
    def price(self) -> Money:
        return Money(self.unit_price, self.currency)

    @property
    def sku(self) -> str:
        """The product and SKU, as tags name others by them."""
        return f"{self.product_id}:{self.sku_id}"

    @property
    def is_trial(self) -> bool:
        return self.category == self.Category.TRIAL

    @property
    def is_add_on(self) -> bool:
        return self.category == self.Category.ADD_ON

    @property
    def requires(self) -> list[str]:
        """The products and SKUs of which the customer must have one; for an add-on, those that may be its base."""
        return self._named("Requires")

    @property
    def upgrades_to(self) -> list[str]:
        return self._named("UpgradesTo")

    @property
    def converts_to(self) -> list[str]:
        """What a trial may become."""
        return self._named("ConvertsTo")

    @property
    def most_per_customer(self) -> int | None:
        """How many licences a customer may have of it altogether; None without such a limit."""
        limits = [int(limit) for limit in self._named("Limit") if limit.isdigit()]
        return min(limits, default=None)

    def _named(self, rule: str) -> list[str]:
        """What the tags say under one name: Requires:CFQ7TTC0LH18:0001 and the like (docs/price-list.md)."""
        return [tag.partition(":")[2] for tag in self.tags if tag.startswith(f"{rule}:")]

    @property
    def has_no_end(self) -> bool:
        """Whether it stays on sale until a later price list says otherwise."""
        return self.effective_to.year == date.max.year

    @property
    def last_moment(self) -> datetime:
        """For people: the end of the period as a moment within it, so that its day is the last day on sale."""
        return self.effective_to if self.has_no_end else self.effective_to - timedelta(microseconds=1)

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
