"""What is typed to change a customer's account: contact, address, and for the provider the name it bills."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind
from customers.addresses import FIELDS, check_address, check_phone, rules_for, tidy_address
from customers.forms import NameField, PlainEmailField
from customers.models import Customer, Relationship
from customers.names import REGISTRATION_NUMBER_COUNTRIES, check_company_name, check_contact_email, in_name_order

_CONTACT = ("first_name", "last_name", "email", "phone", "language")


class AccountForm(forms.Form):
    """The account of a customer: what its country asks of an address is asked here as well (domain.md §4.4).

    The domain and the country are not in it, for they never change; the company name is there for the provider only.
    """

    use_required_attribute = False  # browsers complain about one field at a time, in their own language

    company_name = forms.CharField(
        label=_("Company name"),
        max_length=200,
        help_text=_("The name under which you bill this customer."),
    )
    address_line1 = forms.CharField(label=_("Address line 1"), max_length=200)
    address_line2 = forms.CharField(label=_("Address line 2"), max_length=200, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    state = forms.CharField(label=_("State/Province"), max_length=100, required=False)
    postal_code = forms.CharField(label=_("ZIP/Postal code"), max_length=20, required=False)
    first_name = NameField(label=_("First name"), max_length=50)
    last_name = NameField(label=_("Last name"), max_length=50)
    email = PlainEmailField(label=_("Email address"), max_length=254)
    phone = forms.CharField(label=_("Phone number"), max_length=40, required=False, widget=forms.TelInput)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(
        self, relationship: Relationship, membership: Membership, data: Mapping[str, Any] | None = None
    ) -> None:
        self.relationship = relationship
        self.country = str(relationship.customer.organisation.country)
        super().__init__(data, initial=_as_it_is(relationship))
        if membership.kind != Kind.PROVIDER and not self.data.get("company_name"):
            self.fields["company_name"].disabled = True
            self.fields["company_name"].help_text = _("Only the provider can change it.")
        self._follow_country()

    def contact_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in in_name_order(_CONTACT)]

    def address_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in FIELDS if name in self.fields]

    def clean_company_name(self) -> str:
        return check_company_name(self.cleaned_data["company_name"])

    def clean_email(self) -> str:
        return check_contact_email(self.cleaned_data["email"], partner_domain=self.relationship.provider.email_domain)

    def clean_phone(self) -> str:
        return check_phone(self.country, self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        typed = {name: self.cleaned_data.get(name, "") for name in FIELDS}
        for name, problems in check_address(self.country, typed).items():
            if name not in self.errors:
                self.add_error(name, problems)
        tidied = tidy_address(self.country, typed)
        self.cleaned_data |= {name: value for name, value in tidied.items() if name not in self.errors}
        return self.cleaned_data

    def _follow_country(self) -> None:
        """Shape the fields that differ from country to country."""
        rules = rules_for(self.country)
        for name, [problem] in check_address(self.country, {}).items():
            self._require(name, str(problem.messages[0]))
        if rules.states:
            self.fields["state"].widget = forms.Select(choices=[("", _("Select")), *rules.states])
        if rules.postal_code_example:
            self.fields["postal_code"].help_text = _("For example: %(example)s") % {
                "example": rules.postal_code_example
            }
        for name in rules.unused:
            del self.fields[name]
        if self.country in REGISTRATION_NUMBER_COUNTRIES:
            self._require("phone", str(_("Enter a phone number.")))

    def _require(self, name: str, message: str) -> None:
        self.fields[name].required = True
        self.fields[name].error_messages["required"] = message


def _as_it_is(relationship: Relationship) -> dict[str, Any]:
    customer: Customer = relationship.customer
    answers = {name: getattr(customer, name) for name in (*FIELDS, *_CONTACT)}
    answers["phone"] = customer.phone.as_international if customer.phone else ""
    return answers | {"company_name": relationship.company_name}
