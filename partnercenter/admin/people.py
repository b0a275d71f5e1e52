"""People, the companies they act for, and their roles there."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, User
from accounts.profile import open_account
from accounts.roles import Role
from partnercenter.admin.desk import OperatorAdmin, RecordAdmin
from partnercenter.admin.mail import RequestAdmin
from staff.models import StaffInvitation
from staff.people import tell_roles


@admin.register(User)
class UserAdmin(OperatorAdmin):
    """A new person chooses a password with “Forgot your password?”; nobody else ever sees or sets one."""

    list_display = ("email", "name", "language", "is_active", "is_staff", "date_joined")
    search_fields = ("email__startswith",)
    fields = ("email", "name", "language", "time_zone", "is_active", "is_staff", "is_superuser", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return ("email", "last_login") if obj else ("last_login",)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.pk = open_account(obj.email, None, name=obj.name, language=obj.language).pk
            fresh = User.objects.get(pk=obj.pk)
            obj.email, obj.password, obj._state.adding = fresh.email, fresh.password, False
        super().save_model(request, obj, form, True)


@admin.register(Organisation)
class OrganisationAdmin(OperatorAdmin):
    """Companies of every kind; providers and resellers are added under their own names, customers by orders."""

    list_display = ("name", "kind", "country", "id", "created_at")
    list_filter = ("kind",)
    search_fields = ("pk", "name__icontains")
    ordering = ("pk",)
    fields = ("id", "kind", "name", "country", "created_at")
    # The country decides the CSP region, and with it the agreement, the partners and the currency.
    readonly_fields = ("id", "kind", "country", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def concerned(self, obj: Organisation) -> Iterable[Organisation]:
        return [obj]


if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Membership]
else:
    _ModelForm = forms.ModelForm


class MembershipForm(_ModelForm):
    roles = forms.MultipleChoiceField(label=_("Roles"), choices=Role, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = Membership
        fields = ("user", "organisation", "roles", "suspended_at", "ended_at")


@admin.register(Membership)
class MembershipAdmin(OperatorAdmin):
    form = MembershipForm
    list_display = ("user", "organisation", "roles", "created_at", "suspended_at", "ended_at")
    list_select_related = ("user", "organisation")
    search_fields = ("user__email__startswith", "organisation__name__icontains")
    autocomplete_fields = ("user", "organisation")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return ("user", "organisation") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if change and "roles" in form.changed_data and obj.user != request.user:
                tell_roles(obj)

    def concerned(self, obj: Membership) -> Iterable[Organisation]:
        return [obj.organisation]


@admin.register(StaffInvitation)
class StaffInvitationAdmin(RequestAdmin):
    list_display = ("created_at", "organisation", "recipient", "state", "created_by", "expires_at")
    list_select_related = ("organisation", "created_by")
    search_fields = ("code", "recipient__startswith", "organisation__name__icontains")
    fields = (
        *("code", "organisation", "roles", "created_by", "created_at", "recipient", "subject", "masked_message"),
        *("language", "expires_at", "uses", "membership", "sent_at", "email", "declined_at", "decline_reason"),
        "withdrawn_at",
    )


@admin.register(LogEntry)
class LogEntryAdmin(RecordAdmin):
    """What operators did here."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag")
    list_select_related = ("user", "content_type")
    search_fields = ("user__email__startswith",)
