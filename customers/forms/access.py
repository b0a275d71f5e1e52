"""What is chosen to give a reseller access."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from customers.delegations import possible_owners
from customers.models import Customer
from resellers.models import Reseller


class OwnerForm(forms.Form):
    """The reseller that becomes tenant owner: one of those that the member may name for this customer."""

    use_required_attribute = False

    reseller = forms.ModelChoiceField(
        Reseller.objects.none(),
        label=_("Indirect reseller"),
        empty_label=_("Select"),
        error_messages={
            "required": _("Choose the reseller that is to become tenant owner."),
            "invalid_choice": _("Choose a reseller from the list."),
        },
    )

    def __init__(self, *args: Any, customer: Customer, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        resellers = possible_owners(customer, membership).select_related("organisation")
        self.fields["reseller"].queryset = resellers.order_by("organisation__name", "pk")  # type: ignore[attr-defined]  # a ModelChoiceField has one
