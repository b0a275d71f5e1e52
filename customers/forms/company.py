"""What the pages of a new and of an existing customer both ask: name, address and primary contact."""

import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from customers.addresses import FIELDS, check_address, check_phone, rules_for, tidy_address, tidy_text
from customers.names import REGISTRATION_NUMBER_COUNTRIES, check_company_name, check_contact_email
from providers.models import Provider

CONTACT = ("first_name", "last_name", "email", "phone", "language")


class PlainEmailField(forms.EmailField):
    """An e-mail address, also when it is typed in full-width letters."""

    def to_python(self, value: Any) -> Any:
        return unicodedata.normalize("NFKC", super().to_python(value) or "")


class NameField(forms.CharField):
    """A person's or a place's name, spaced once and in one width."""

    def to_python(self, value: Any) -> Any:
        return tidy_text(super().to_python(value) or "")


class CompanyForm(forms.Form):
    """A company in a country: which address fields there are, and which are required, depends on it (domain.md §4.4).

    Who inherits says which country that is and whose customer the company is, then calls follow_country().
    """

    use_required_attribute = False  # browsers complain about one field at a time, in their own language

    company_name = forms.CharField(
        label=_("Company name"), max_length=200, help_text=_("The exact legal name, without abbreviations.")
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

    provider: Provider

    @property
    def country_code(self) -> str:
        raise NotImplementedError

    def address_fields(self) -> list[forms.BoundField]:
        """The fields that follow the country."""
        return [self[name] for name in FIELDS if name in self.fields]

    def clean_company_name(self) -> str:
        return check_company_name(self.cleaned_data["company_name"])

    def clean_email(self) -> str:
        return check_contact_email(self.cleaned_data["email"], partner_domain=self.provider.email_domain)

    def clean_phone(self) -> str:
        return check_phone(self.country_code, self.cleaned_data["phone"])

    def clean(self) -> dict[str, Any]:
        typed = {name: self.cleaned_data.get(name, "") for name in FIELDS}
        for name, problems in check_address(self.country_code, typed).items():
            if name not in self.errors:
                self.add_error(name, problems)
        tidied = tidy_address(self.country_code, typed)
        self.cleaned_data |= {name: value for name, value in tidied.items() if name not in self.errors}
        return self.cleaned_data

    def follow_country(self) -> None:
        """Shape the fields that differ from country to country."""
        rules = rules_for(self.country_code)
        for name, [problem] in check_address(self.country_code, {}).items():
            self.require(name, str(problem.messages[0]))
        if rules.states:
            self.fields["state"].widget = forms.Select(choices=[("", _("Select")), *rules.states])
        if rules.postal_code_example:
            self.fields["postal_code"].help_text = _("For example: %(example)s") % {
                "example": rules.postal_code_example
            }
        for name in rules.unused:
            del self.fields[name]
        if self.country_code in REGISTRATION_NUMBER_COUNTRIES:
            self.require("phone", str(_("Enter a phone number.")))

    def require(self, name: str, message: str) -> None:
        self.fields[name].required = True
        self.fields[name].error_messages["required"] = message
