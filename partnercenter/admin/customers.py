"""Customers, whose they are, what access they gave and what they agreed to: all made by the portal's own pages."""

from django.contrib import admin

from customers.models import Customer, CustomerAgreement, Delegation, Relationship, RelationshipRequest
from partnercenter.admin.desk import RecordAdmin, RecordInline
from partnercenter.admin.mail import RequestAdmin


class RelationshipInline(RecordInline):
    model = Relationship
    fields = ("provider", "reseller", "company_name", "created_at", "ended_at")
    readonly_fields = ("created_at",)


class DelegationInline(RecordInline):
    model = Delegation
    fields = ("partner", "privilege", "granted_at", "withdrawn_at")


class CustomerAgreementInline(RecordInline):
    model = CustomerAgreement
    fields = ("provider", "source", "first_name", "last_name", "agreed_on", "recorded_at")
    readonly_fields = ("recorded_at",)


@admin.register(Customer)
class CustomerAdmin(RecordAdmin):
    list_display = ("organisation", "primary_domain", "language", "qualification")
    list_select_related = ("organisation",)
    ordering = ("pk",)
    search_fields = ("pk", "relationships__primary_domain__startswith", "organisation__name__icontains")
    readonly_fields = ("primary_domain",)
    inlines = (RelationshipInline, DelegationInline, CustomerAgreementInline)


@admin.register(Relationship)
class RelationshipAdmin(RecordAdmin):
    list_display = ("company_name", "primary_domain", "provider", "reseller", "created_at", "ended_at")
    list_select_related = ("provider__organisation", "reseller__organisation")
    search_fields = ("customer__organisation__name__icontains", "customer")
    readonly_fields = ("created_at",)


@admin.register(RelationshipRequest)
class RelationshipRequestAdmin(RequestAdmin):
    list_display = ("created_at", "provider", "reseller", "recipient", "state", "uses", "max_uses", "expires_at")
    list_select_related = ("provider__organisation", "reseller__organisation")
    search_fields = ("code", "recipient__startswith", "provider__organisation__name__icontains")
    fields = (
        *("code", "provider", "reseller", "by_reseller", "includes_admin", "created_by", "created_at", "recipient"),
        *("subject", "masked_message", "language", "expires_at", "max_uses", "uses", "sent_at", "email"),
        *("declined_at", "decline_reason", "withdrawn_at"),
    )


@admin.register(Delegation)
class DelegationAdmin(RecordAdmin):
    list_display = ("customer", "partner", "privilege", "granted_at", "withdrawn_at")
    list_select_related = ("customer__organisation", "partner")
    search_fields = ("customer", "customer__organisation__name__icontains")


@admin.register(CustomerAgreement)
class CustomerAgreementAdmin(RecordAdmin):
    list_display = ("customer", "provider", "source", "agreed_on", "recorded_at")
    list_select_related = ("customer__organisation", "provider__organisation")
    search_fields = ("customer", "customer__organisation__name__icontains")
    readonly_fields = ("recorded_at",)
