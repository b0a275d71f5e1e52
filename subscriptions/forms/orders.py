"""What is typed on the pages of an order: Account info, New subscription, and the filters of the list of orders."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from customers.forms.partners import CreditField
from customers.forms.registration import CustomerForm
from customers.models import DOMAIN_SUFFIX
from customers.partner_choice import Partners
from subscriptions.forms.order_lines import kept
from subscriptions.models import Offer

_CHECK_DOMAIN = {
    "data-hx-get": reverse_lazy("orders:check_domain"),
    "data-hx-trigger": "change",
    "data-hx-target": "#domain-state",
}
_FOLLOW_COUNTRY = {
    "data-hx-get": reverse_lazy("orders:address_fields"),
    "data-hx-trigger": "change",
    "data-hx-target": "#address-fields",
    "data-hx-swap": "outerHTML",
    "data-hx-include": "#address-fields",
}


@dataclass(frozen=True)
class Fact:
    """An answer as Review shows it."""

    label: str
    text: str = ""
    day: date | None = None


class DomainInput(forms.TextInput):
    """The part before the suffix that every primary domain has."""

    template_name = "orders/_domain_input.html"


class AccountInfoForm(CustomerForm):
    """Account info as the page New customer shows it: where there is JavaScript, parts of it follow what is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain = {"maxlength": 60, "autocapitalize": "none", "spellcheck": "false"}
        self.fields["domain_prefix"].widget = DomainInput(plain | _CHECK_DOMAIN)
        self.fields["country"].widget.attrs |= _FOLLOW_COUNTRY

    def address_fields(self) -> list[BoundField]:
        """The fields that follow the country."""
        return [*super().address_fields(), self["registration_number"]]

    def facts(self) -> Iterator[tuple[str, list[Fact]]]:
        """What a valid form says, for Review: under the headings of the page, without what was left empty."""
        for heading, fields in self.sections():
            facts = [self._fact(field) for field in fields]
            yield heading, [fact for fact in facts if fact.text or fact.day]

    def _fact(self, field: BoundField) -> Fact:
        value = self.cleaned_data[field.name]
        if field.name == "domain_prefix":
            value = f"{value}.{DOMAIN_SUFFIX}"
        elif field.name == "reseller":
            value = value or self.fields["reseller"].partners.nobody  # type: ignore[attr-defined]  # a PartnerField has them
        elif isinstance(field.field.widget, forms.Select | forms.RadioSelect):
            value = dict(field.field.widget.choices).get(value, value)
        return (
            Fact(str(field.label), day=value) if isinstance(value, date) else Fact(str(field.label), str(value or ""))
        )


class UsualForm(forms.Form):
    """Whom the lines credit that are chosen from now on."""

    reseller = CreditField(label=_("Reseller (MPN ID)"), help_text=_("For what you select from now on."))

    def __init__(self, typed: str, *, partners: Partners) -> None:
        super().__init__(initial={"reseller": typed})
        self.fields["reseller"].offer(partners)  # type: ignore[attr-defined]  # a CreditField does


class CatalogueForm(forms.Form):
    """What to look for in the price list."""

    q = forms.CharField(label=_("Search the price list"), required=False, max_length=200)
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=[("", _("All categories")), *Offer.Category.choices]
    )


def typed_account(data: QueryDict) -> dict[str, str]:
    """Account info as it was typed, ready to be kept in a draft."""
    return {name: kept(str(data[name])) for name in AccountInfoForm.base_fields if name in data}
