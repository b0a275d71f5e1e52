"""Drafts, orders and subscriptions, to read: they change on the portal's own pages, with their rules."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnercenter.admin.desk import RecordAdmin, RecordInline
from subscriptions.models import (
    Charge,
    LicenceChange,
    Order,
    OrderDraft,
    OrderLine,
    ResellerOfRecord,
    Statement,
    Subscription,
)
from subscriptions.renewals import TRY_AGAIN_AFTER

OVERDUE_AFTER = timedelta(hours=1)


class OrderLineInline(RecordInline):
    model = OrderLine
    fields = ("title", "term", "billing", "licences", "unit_price", "currency", "partner_account")


class CreditInline(RecordInline):
    model = ResellerOfRecord
    fields = ("partner_account", "starts_at", "ends_at", "set_by")


class LicenceChangeInline(RecordInline):
    model = LicenceChange
    fields = ("difference", "changed_at", "changed_by")
    readonly_fields = ("changed_at",)


@admin.register(OrderDraft)
class OrderDraftAdmin(RecordAdmin):
    list_display = ("code", "company", "provider", "created_by", "created_at", "changed_at", "order")
    list_select_related = ("provider__organisation", "customer__organisation", "created_by", "order")
    search_fields = ("code",)
    readonly_fields = ("code", "created_at", "changed_at")

    @admin.display(description=_("Company name"))
    def company(self, draft: OrderDraft) -> str:
        return draft.company_name


@admin.register(Order)
class OrderAdmin(RecordAdmin):
    list_display = ("number", "customer", "provider", "placed_at", "placed_by")
    list_select_related = ("customer__organisation", "provider__organisation", "placed_by")
    search_fields = ("number__iexact", "code", "customer", "customer__organisation__name__icontains")
    readonly_fields = ("number", "code", "placed_at")
    inlines = (OrderLineInline,)


@admin.register(OrderLine)
class OrderLineAdmin(RecordAdmin):
    list_display = ("order", "title", "licences", "unit_price", "currency", "partner_account")
    list_select_related = ("order", "partner_account")
    search_fields = ("order__number",)


class OverdueFilter(admin.SimpleListFilter):
    """Bases whose family is charged up to a moment that is long past: what keeps failing is in the server's log."""

    title, parameter_name = _("Overdue"), "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> QuerySet[Subscription]:
        if self.value() != "yes":
            return queryset
        now = timezone.now()
        late = Q(charged_until__lt=now - OVERDUE_AFTER, ended_at=None)
        add_ons = Exists(Subscription.objects.filter(late, base=OuterRef("pk")))
        # What failed is due again within so long. An index finds the few of them, and has no add-ons in it.
        return queryset.filter(late | Q(add_ons), due_at__lte=now + TRY_AGAIN_AFTER)


@admin.register(Subscription)
class SubscriptionAdmin(RecordAdmin):
    list_display = ("nickname", "customer", "provider", "licences", "status", "term", "ends_at", "charged_until")
    list_select_related = ("customer__organisation", "provider__organisation")
    list_filter = ("status", OverdueFilter)
    search_fields = ("code", "customer", "customer__organisation__name__icontains")
    readonly_fields = ("code", "created_at", "revision")
    inlines = (CreditInline, LicenceChangeInline)


@admin.register(ResellerOfRecord)
class ResellerOfRecordAdmin(RecordAdmin):
    """Who was credited from when to when; the past is never rewritten (design.md §4.10)."""

    list_display = ("subscription", "partner_account", "starts_at", "ends_at")
    list_select_related = ("subscription", "partner_account")
    search_fields = ("subscription__code", "partner_account__number")


@admin.register(Charge)
class ChargeAdmin(RecordAdmin):
    """The ledger, both sides of it: the database refuses every change."""

    list_display = ("code", "kind", "subscription", "provider", "reseller", "posted_at", "amount", "currency")
    list_select_related = ("subscription", "provider__organisation", "reseller__organisation")
    search_fields = ("subscription__code", "order__number__iexact")
    readonly_fields = ("code", "posted_at")


@admin.register(Statement)
class StatementAdmin(RecordAdmin):
    """What months came to: drawn while they run, and closed for good."""

    list_display = ("code", "month", "provider", "reseller", "charges", "total", "currency", "drawn_at", "closed_at")
    list_select_related = ("provider__organisation", "reseller__organisation")
    search_fields = ("code", "provider", "reseller")
    readonly_fields = ("code", "drawn_at")


@admin.register(LicenceChange)
class LicenceChangeAdmin(RecordAdmin):
    list_display = ("subscription", "difference", "changed_at", "changed_by")
    list_select_related = ("subscription", "changed_by")
    search_fields = ("subscription__code",)
    readonly_fields = ("changed_at",)
