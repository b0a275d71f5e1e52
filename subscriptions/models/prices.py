"""What a provider adds to its prices for resellers, and price lists on their way into the catalogue."""

import uuid
from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Membership
from accounts.roles import Kind
from activity.models import APPEND_ONLY
from providers.models import Provider
from resellers.models import Reseller
from subscriptions.models.catalogue import Period


class MarkupQuerySet(models.QuerySet["Markup"]):
    def visible_to(self, membership: Membership | None) -> "MarkupQuerySet":
        """A provider's own. A reseller sees what comes of them, its prices, never the markups themselves."""
        if membership is None or membership.kind != Kind.PROVIDER:
            return self.none()
        return self.filter(provider=membership.organisation_id)


class Markup(models.Model):
    """Percent that a provider adds: for one reseller or for all; for an SKU, a product family or everything.

    A product family is a product ID with all its SKUs. Which of several counts: see markups.py.
    """

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="markups")
    reseller = models.ForeignKey(Reseller, models.PROTECT, null=True, blank=True, related_name="+")
    product_id = models.CharField(_("Product ID"), max_length=40, blank=True)
    sku_id = models.CharField(_("SKU ID"), max_length=20, blank=True)
    percent = models.DecimalField(_("Markup"), max_digits=6, decimal_places=2)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(_("Changed"), default=timezone.now)

    objects: ClassVar[MarkupQuerySet] = MarkupQuerySet.as_manager()  # type: ignore[assignment]  # django-stubs types as_manager() as Manager

    class Meta:
        verbose_name = _("markup")
        verbose_name_plural = _("markups")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reseller", "product_id", "sku_id"],
                nulls_distinct=False,
                name="subscriptions_markup_once",
            ),
            models.CheckConstraint(
                condition=models.Q(percent__gte=-100, percent__lte=1000), name="subscriptions_markup_percent"
            ),
            models.CheckConstraint(
                condition=models.Q(sku_id="") | ~models.Q(product_id=""), name="subscriptions_markup_sku_of_product"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent:+} %"

    def counts_at(self, moment: datetime | None) -> bool:
        """Whether it counted at the moment already; now it does."""
        return moment is None or self.set_at <= moment


class PastMarkup(models.Model):
    """What a markup was before it was changed or removed: a renewal that runs late takes the one of its moment."""

    provider = models.ForeignKey(Provider, models.PROTECT, related_name="+", db_index=False)
    reseller = models.ForeignKey(Reseller, models.PROTECT, null=True, related_name="+", db_index=False)
    product_id = models.CharField(_("Product ID"), max_length=40, blank=True)
    sku_id = models.CharField(_("SKU ID"), max_length=20, blank=True)
    percent = models.DecimalField(_("Markup"), max_digits=6, decimal_places=2)
    starts_at = models.DateTimeField(_("From"))
    ends_at = models.DateTimeField(_("Until"))

    class Meta:
        verbose_name = _("past markup")
        verbose_name_plural = _("past markups")
        constraints = [
            # Of one scope there is one at a moment; all resellers are named by the provider, which is none of them.
            ExclusionConstraint(
                name="subscriptions_markup_periods",
                expressions=[
                    ("provider", RangeOperators.EQUAL),
                    (Coalesce("reseller", "provider"), RangeOperators.EQUAL),
                    ("product_id", RangeOperators.EQUAL),
                    ("sku_id", RangeOperators.EQUAL),
                    (Period("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["provider", "ends_at"], name="subscriptions_markups_ended")]
        triggers = [pgtrigger.Protect(name="append_only", operation=APPEND_ONLY)]

    def __str__(self) -> str:
        return f"{self.percent:+} %"

    def counts_at(self, moment: datetime | None) -> bool:
        """Whether it counted at the moment; now it does no more."""
        return moment is not None and self.starts_at <= moment < self.ends_at


class PriceListImport(models.Model):
    """A price list that the operator uploaded: checked line by line, looked at, and then applied once, or left."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", pgettext_lazy("state", "Uploaded")
        CHECKING = "checking", _("Checking")
        CHECKED = "checked", _("Checked")
        APPLYING = "applying", _("Applying")
        APPLIED = "applied", _("Applied")
        FAILED = "failed", _("Failed")

    class Failure(models.TextChoices):
        FAULT = "fault", _("Something went wrong on our side; the server's log says what. Upload the file again.")
        LEFT = "left", _("It was not applied within 30 days.")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(_("State"), max_length=10, choices=State, default=State.UPLOADED, editable=False)
    file_name = models.CharField(_("File"), max_length=200, editable=False)
    digest = models.CharField("SHA-256", max_length=64, editable=False)
    # Packed with gzip, so that 100,000 lines are a few megabytes; emptied once it is applied.
    content = models.BinaryField(editable=False)
    uploaded_at = models.DateTimeField(_("Uploaded"), default=timezone.now, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("Uploaded by")
    )
    progress = models.PositiveIntegerField(_("Lines read"), default=0, editable=False)
    lines = models.PositiveIntegerField(_("Lines"), default=0, editable=False)
    # Each line is one of these three. Withdrawn is what is in the price list and not in the file.
    new = models.PositiveIntegerField(_("New"), default=0, editable=False)
    changed = models.PositiveIntegerField(pgettext_lazy("lines", "Changed"), default=0, editable=False)
    same = models.PositiveIntegerField(_("Unchanged"), default=0, editable=False)
    withdrawn = models.PositiveIntegerField(_("Withdrawn"), default=0, editable=False)
    wrong = models.PositiveIntegerField(_("Wrong"), default=0, editable=False)
    failure = models.CharField(_("Failure"), max_length=20, choices=Failure, blank=True, editable=False)
    # When somebody last gave a sign of working on it. Whoever finds another value than its own has been overtaken.
    started_at = models.DateTimeField(null=True, editable=False)
    applied_at = models.DateTimeField(_("Applied"), null=True, editable=False)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("Applied by")
    )

    class Meta:
        verbose_name = _("price list import")
        verbose_name_plural = _("price list imports")

    def __str__(self) -> str:
        return self.file_name


class PriceListLine(models.Model):
    """A line of an uploaded price list that was read without a problem, waiting to be applied."""

    price_list = models.ForeignKey(PriceListImport, models.CASCADE, related_name="read_lines")
    number = models.PositiveIntegerField()
    item = models.TextField()
    # The columns of Offer: COPY brings them in, and one INSERT … SELECT takes them on.
    product_title = models.CharField(max_length=200)
    product_id = models.CharField(max_length=40)
    sku_id = models.CharField(max_length=20)
    sku_title = models.CharField(max_length=200)
    publisher = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    term = models.CharField(max_length=3, blank=True)
    billing = models.CharField(max_length=10)
    market = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4)
    erp_price = models.DecimalField(max_digits=14, decimal_places=4)
    min_licences = models.PositiveIntegerField()
    max_licences = models.PositiveIntegerField(null=True)
    effective_from = models.DateTimeField()
    effective_to = models.DateTimeField()
    tags = models.TextField(blank=True)
    segment = models.CharField(max_length=12)
    category = models.CharField(max_length=15)

    class Meta:
        verbose_name = _("price list line")
        verbose_name_plural = _("price list lines")
        indexes = [models.Index(fields=["price_list", "item"], name="subscriptions_import_item")]

    def __str__(self) -> str:
        return f"{self.number}: {self.item}"


class PriceListProblem(models.Model):
    """What is wrong with one column of one line; the sentence is made from the code in the reader's language."""

    price_list = models.ForeignKey(PriceListImport, models.CASCADE, related_name="problems", db_index=False)
    number = models.PositiveIntegerField(_("Line"))
    column = models.CharField(_("Column"), max_length=40)
    code = models.CharField(max_length=20)
    value = models.CharField(_("Value"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("price list problem")
        verbose_name_plural = _("price list problems")
        indexes = [models.Index(fields=["price_list", "number", "id"], name="subscriptions_import_problems")]

    def __str__(self) -> str:
        return f"{self.number}, {self.column}: {self.code}"
