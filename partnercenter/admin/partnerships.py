"""MPN IDs, agreements, the links that providers sent, and what came of them."""

from collections.abc import Iterable

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import Organisation
from partnercenter.admin.desk import OperatorAdmin, RecordAdmin
from partnercenter.admin.mail import RequestAdmin
from resellers.models import PartnerAccount, PartnerAgreement, Partnership, PartnershipRequest


@admin.register(PartnerAccount)
class PartnerAccountAdmin(OperatorAdmin):
    """A number and its owner stay as they were registered; which location account is associated may change."""

    list_display = ("number", "organisation", "kind", "country", "is_associated")
    list_select_related = ("organisation",)
    list_filter = ("kind", "is_associated")
    search_fields = ("number", "organisation__name__icontains")
    autocomplete_fields = ("organisation",)
    fields = ("organisation", "number", "kind", "country", "is_associated")

    def get_readonly_fields(self, request: HttpRequest, obj: PartnerAccount | None = None) -> tuple[str, ...]:
        return ("organisation", "number", "kind", "country") if obj else ()

    def concerned(self, obj: PartnerAccount) -> Iterable[Organisation]:
        return [obj.organisation]


@admin.register(PartnerAgreement)
class PartnerAgreementAdmin(RecordAdmin):
    list_display = ("organisation", "region", "version", "signer_name", "signed_at", "ended_at")
    list_select_related = ("organisation",)
    search_fields = ("organisation__name__icontains",)
    fields = ("organisation", "region", "version", "signer_name", "signed_by", "signed_at", "ended_at")


@admin.register(PartnershipRequest)
class PartnershipRequestAdmin(RequestAdmin):
    list_display = ("created_at", "provider", "recipient", "state", "uses", "max_uses", "expires_at")
    list_select_related = ("provider__organisation",)
    search_fields = ("code", "recipient__startswith", "provider__organisation__name__icontains")
    fields = (
        *("code", "provider", "created_by", "created_at", "recipient", "subject", "masked_message", "language"),
        *("expires_at", "max_uses", "uses", "sent_at", "email", "declined_at", "decline_reason", "withdrawn_at"),
    )


@admin.register(Partnership)
class PartnershipAdmin(RecordAdmin):
    list_display = ("provider", "reseller", "started_at", "ended_at")
    list_select_related = ("provider__organisation", "reseller__organisation")
    search_fields = ("code", "provider__organisation__name__icontains", "reseller__organisation__name__icontains")
    fields = ("code", "provider", "reseller", "request", "started_at", "started_by", "ended_at", "ended_by")
    readonly_fields = ("code",)
