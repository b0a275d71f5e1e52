"""What is typed to enrol as an indirect reseller and to sign the partner agreement."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from phonenumber_field.formfields import PhoneNumberField

from accounts.models import User
from providers.forms.entries import WebsiteField
from providers.regions import region_of
from resellers.enrolment import Enrolment, check_work_address


class PlainField(forms.CharField):
    """Text in one width and spaced once, however it was typed."""

    def to_python(self, value: Any) -> str:
        return " ".join(unicodedata.normalize("NFKC", super().to_python(value) or "").split())


class NumberField(PlainField):
    """An MPN ID."""

    widget = forms.TextInput({"inputmode": "numeric"})

    def __init__(self, **options: Any) -> None:
        digits = RegexValidator(r"\A(?=.*[1-9])[0-9]+\Z", _("An MPN ID has digits only."), "mpn_digits")
        super().__init__(label=_("MPN ID"), max_length=12, validators=[digits], **options)


class PrimaryContactForm(forms.Form):
    """Whom a company names to be turned to, and its website."""

    contact_name = PlainField(label=_("Name"), max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    contact_email = forms.EmailField(
        label=_("Email address"), max_length=254, help_text=_("An address at your company, not at a free mail service.")
    )
    contact_phone = PhoneNumberField(
        label=_("Phone number"),
        error_messages={"invalid": _("Enter a phone number that exists, with its area code.")},
    )
    website = WebsiteField()


class AgreementForm(forms.Form):
    """Who signs the partner agreement, and that it was read."""

    use_required_attribute = False

    signer_name = PlainField(
        label=_("Signed by"),
        max_length=150,
        help_text=_("Your own name: it is kept with the agreement."),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    agreed = forms.BooleanField(
        label=_("I have read the partner agreement and sign it for my company."),
        error_messages={"required": _("Tick the box to sign the agreement.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["initial"] = {"signer_name": user.name, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)


class EnrolmentForm(AgreementForm, PrimaryContactForm):
    """A company's own account of itself (domain.md §3.2), and its signature."""

    company_name = PlainField(
        label=_("Company name"), max_length=200, help_text=_("The exact legal name, without abbreviations.")
    )
    country = forms.ChoiceField(label=_("Country/region"))
    mpn_id = NumberField(
        help_text=_(
            "The number of your location account (PLA), in the country above: incentives are credited to it. The "
            "number of your global account (PGA) stands for the headquarters and cannot transact."
        )
    )
    field_order = (
        *("company_name", "country", "mpn_id", "website", "contact_name", "contact_email", "contact_phone"),
        *("signer_name", "agreed"),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(
            *args, user=user, initial={"contact_name": user.name, "contact_email": _work_address(user)}, **kwargs
        )
        choices = [(code, name) for code, name in countries if region_of(code)]
        self.fields["country"].choices = [("", _("Select")), *choices]  # type: ignore[attr-defined]  # a ChoiceField has them
        # A number without its international prefix is one of the chosen country.
        self.fields["contact_phone"].region = self.data.get("country") or None  # type: ignore[attr-defined]  # a PhoneNumberField has it

    def clean_contact_email(self) -> str:
        address: str = self.cleaned_data["contact_email"]
        check_work_address(address)
        return address

    def enrolment(self) -> Enrolment:
        """What was typed, for enrol()."""
        return Enrolment(**{name: value for name, value in self.cleaned_data.items() if name != "agreed"})


def _work_address(user: User) -> str:
    """The person's own address where it may be the company's contact; nothing otherwise."""
    try:
        check_work_address(user.email)
    except ValidationError:
        return ""
    return user.email
