"""What customers asked and were answered, and how partners can be reached, to read."""

from django.contrib import admin

from partnercenter.admin.desk import RecordAdmin, RecordInline
from resellers.models import SupportProfile
from subscriptions.models import SupportMessage, SupportRequest


class SupportMessageInline(RecordInline):
    model = SupportMessage
    fields = ("written_at", "author", "organisation", "text")
    readonly_fields = ("written_at",)
    ordering = ("pk",)


@admin.register(SupportRequest)
class SupportRequestAdmin(RecordAdmin):
    list_display = ("title", "customer", "provider", "assignee", "severity", "status", "opened_at", "changed_at")
    list_select_related = ("customer__organisation", "provider__organisation", "assignee")
    list_filter = ("status", "severity")
    search_fields = ("code", "subscription__code", "customer", "customer__organisation__name__icontains")
    readonly_fields = ("code", "opened_at")
    inlines = (SupportMessageInline,)


@admin.register(SupportProfile)
class SupportProfileAdmin(RecordAdmin):
    list_display = ("organisation", "phone", "email", "hours")
    list_select_related = ("organisation",)
    ordering = ("pk",)
    search_fields = ("organisation__name__icontains",)
