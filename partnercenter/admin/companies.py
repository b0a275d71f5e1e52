"""Providers and resellers: registering them, and the operator's word on enrolments."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.models import Organisation
from accounts.roles import Kind
from partnercenter.admin.desk import OperatorAdmin
from providers.models import Provider
from resellers.enrolment import decide_enrolment
from resellers.models import Reseller

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class CompanyForm(_ModelForm):
    """A company's profile, and on the page that adds it the company itself."""

    company_name = forms.CharField(label=_("Company name"), max_length=200)
    country = forms.ChoiceField(label=_("Country/region"), choices=lambda: [("", ""), *countries])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            del self.fields["company_name"], self.fields["country"]


class CompanyAdmin(OperatorAdmin):
    """A kind of company. Its name is changed where the organisations are; its country stays."""

    form = CompanyForm
    kind: Kind
    profile: tuple[str, ...]
    list_select_related = ("organisation",)
    search_fields = ("pk", "organisation__name__icontains")
    ordering = ("pk",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (("organisation",) if obj else ("company_name", "country")) + self.profile

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("organisation", *self.readonly_fields) if obj else tuple(self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            if not change:
                answers = form.cleaned_data
                obj.organisation = Organisation.objects.create(
                    kind=self.kind, name=answers["company_name"], country=answers["country"]
                )
            super().save_model(request, obj, form, change)

    def concerned(self, obj: Any) -> Iterable[Organisation]:
        return [obj.organisation]


@admin.register(Provider)
class ProviderAdmin(CompanyAdmin):
    """The entry in the providers list, which a provider itself cannot change."""

    kind = Kind.PROVIDER
    profile = (
        *("description", "website", "email", "phone", "email_domain"),
        *("languages", "specialities", "is_listed"),
    )
    list_display = ("organisation", "website", "email", "phone")


def _decide(
    decision: Reseller.Enrolment, page: OperatorAdmin, request: HttpRequest, queryset: QuerySet[Reseller]
) -> None:
    for reseller in queryset:
        try:
            decide_enrolment(reseller, decision, actor=request.user)  # type: ignore[arg-type]  # an operator signed in
        except ValidationError as refusal:
            page.message_user(request, " ".join(refusal.messages), messages.WARNING)
        else:
            text = _("%(reseller)s: %(state)s.") % {"reseller": reseller, "state": decision.label}
            page.message_user(request, text, messages.SUCCESS)


def _action(decision: Reseller.Enrolment, name: str, description: Any) -> Any:
    action = partial(_decide, decision)
    action.__name__ = name  # type: ignore[attr-defined]  # Django admin knows an action by its function's name
    return admin.action(action, description=description, permissions=["change"])


@admin.register(Reseller)
class ResellerAdmin(CompanyAdmin):
    """Enrolments are decided with the actions of the list: each leaves a line in the reseller's activity log."""

    kind = Kind.RESELLER
    profile = ("enrolment", "enrolled_at", "contact_name", "contact_email", "contact_phone", "website")
    list_display = ("organisation", "enrolment", "enrolled_at", "contact_name", "contact_email")
    list_filter = ("enrolment",)
    readonly_fields = ("enrolment", "enrolled_at")
    actions = (
        _action(Reseller.Enrolment.AUTHORIZED, "authorize", _("Authorize the enrollment")),
        _action(Reseller.Enrolment.REJECTED, "reject", _("Reject the enrollment")),
        _action(Reseller.Enrolment.SUSPENDED, "suspend", _("Suspend the enrollment")),
    )
