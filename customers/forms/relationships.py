"""What is typed to ask an existing customer for a reseller relationship, and to answer."""

from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Q
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from customers.invitations import are_partners
from customers.models import RelationshipRequest
from customers.relationships import not_partners
from outbox.forms import DraftForm, ReasonField
from outbox.requests import Draft
from resellers.models import Partnership, Reseller

GIVE, WITHHOLD = "give", "withhold"


class NewRequestForm(forms.Form):
    """With whom the customer is asked: a reseller if one likes, or for a reseller the provider, as their Microsoft ID.

    It is a hidden field of a button, so one sentence is enough when it makes no sense.
    """

    partner = forms.ModelChoiceField(Partnership.objects.none())

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["partner"]
        rows = Partnership.objects.visible_to(membership).active()
        field.queryset = rows.select_related("provider__organisation", "reseller__organisation")  # type: ignore[attr-defined]  # a ModelChoiceField has one
        self.is_reseller = membership.kind == Kind.RESELLER
        field.to_field_name = "provider" if self.is_reseller else "reseller"  # type: ignore[attr-defined]  # a ModelChoiceField has one
        field.required = self.is_reseller
        self.own = membership.organisation

    def asking(self) -> dict[str, Any]:
        """Who asks, for request_relationship()."""
        partnership: Partnership | None = self.cleaned_data["partner"]
        if partnership is None:
            return {"provider": self.own.provider}
        return {
            "provider": partnership.provider,
            "reseller": partnership.reseller,
            "by_reseller": self.is_reseller,
        }


class RelationshipDraftForm(DraftForm):
    """The message to a customer; besides, what the link asks for: access, and for a provider together with whom."""

    request: RelationshipRequest

    reseller = forms.ModelChoiceField(
        Reseller.objects.none(),
        label=_("Indirect reseller"),
        required=False,
        empty_label=_("No indirect reseller"),
        help_text=_("Asks together with you, and looks after the customer."),
        error_messages={"invalid_choice": _("Choose a reseller that you are partnered with, or none.")},
    )
    includes_admin = forms.BooleanField(
        label=_("Include delegated administration privileges"),
        required=False,
        help_text=_("The customer may accept without them."),
    )

    def __init__(self, *args: Any, request: RelationshipRequest, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        self.initial["includes_admin"], self.initial["reseller"] = request.includes_admin, request.reseller_id
        if request.by_reseller:
            del self.fields["reseller"]
            return
        # The one that was chosen stays on the page when the partnership has ended, for clean_reseller() to say so.
        partners = Partnership.objects.active().filter(provider=request.provider_id)
        offered = Reseller.objects.filter(Q(pk__in=partners.values("reseller")) | Q(pk=request.reseller_id))
        self.fields["reseller"].queryset = offered.select_related("organisation").order_by("organisation__name")  # type: ignore[attr-defined]  # a ModelChoiceField has one

    def options(self) -> list[BoundField]:
        return [self[name] for name in ("includes_admin", "reseller") if name in self.fields]

    def draft(self) -> Draft:
        names = [field.name for field in self.options()]
        return replace(super().draft(), options={name: self.cleaned_data[name] for name in names})

    def clean_reseller(self) -> Reseller | None:
        reseller: Reseller | None = self.cleaned_data["reseller"]
        wanted = RelationshipRequest(provider_id=self.request.provider_id, reseller=reseller)
        if not are_partners(wanted):
            raise not_partners()
        return reseller

    def clean(self) -> None:
        super().clean()
        if self.request.by_reseller and not are_partners(self.request):
            self.add_error(None, not_partners())


class AcceptForm(forms.Form):
    """The tick, and whether access is given: nobody gives it by pressing the wrong button, so neither is chosen yet."""

    use_required_attribute = False

    privileges = forms.ChoiceField(
        label=_("Delegated administration privileges"),
        choices=[(GIVE, _("Give them")), (WITHHOLD, _("Do not give them"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether you give the privileges.")},
    )
    agreed = forms.BooleanField(error_messages={"required": _("Tick the box to show that you agree.")})

    def __init__(self, *args: Any, request: RelationshipRequest, company: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not request.includes_admin:
            del self.fields["privileges"]
        self.fields["agreed"].label = _(
            "I may act for %(company)s, and I accept what is listed above and the Microsoft Customer Agreement for it."
        ) % {"company": company.name}

    @property
    def with_privileges(self) -> bool:
        return self.cleaned_data.get("privileges") == GIVE


class DeclineForm(forms.Form):
    """Why not, if one likes to say."""

    reason = ReasonField(required=False, help_text=_("The company that sent the link reads it."))
