"""What is typed to tell customers how support is reached."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from accounts.models import Organisation
from providers.forms.entries import WebsiteField
from providers.languages import language_choices
from resellers.models import SupportProfile
from resellers.support_profiles import Profile, SupportContact, profile_of


class SupportProfileForm(forms.Form):
    """The customer support profile. What is left empty is taken from the company's own contact data."""

    use_required_attribute = False

    phone = PhoneNumberField(
        label=_("Phone number"),
        required=False,
        error_messages={"invalid": _("Enter a phone number that exists, with its area code.")},
        widget=forms.TelInput({"autocomplete": "off"}),
    )
    email = forms.EmailField(label=_("Email address"), max_length=254, required=False)
    website = WebsiteField()
    hours = forms.CharField(
        label=_("Support hours"),
        max_length=200,
        required=False,
        help_text=_("Days and hours with the time zone, as customers read them."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Support languages"), required=False, widget=forms.CheckboxSelectMultiple({"class": "columns"})
    )

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        profile: SupportProfile | None = getattr(organisation, "support_profile", None)
        kwargs["initial"] = _as_it_is(profile) if profile else {}
        super().__init__(*args, **kwargs)
        self.fields["languages"].choices = language_choices()  # type: ignore[attr-defined]  # a ChoiceField has them
        # A number without its international prefix is one of the company's country.
        self.fields["phone"].region = str(organisation.country)  # type: ignore[attr-defined]  # a PhoneNumberField has it
        self._show_what_stands_in(profile_of(organisation), profile)

    def profile(self) -> Profile:
        """What was typed, for change_profile()."""
        typed = self.cleaned_data
        return Profile(**{**typed, "languages": tuple(typed["languages"])})

    def _show_what_stands_in(self, contact: SupportContact, profile: SupportProfile | None) -> None:
        """Under an empty field: what customers see in its place."""
        for name in ("phone", "email", "website"):
            value = getattr(contact, name)
            if value and not getattr(profile, name, None):
                text = value.as_international if name == "phone" else value
                self.fields[name].help_text = _("Empty: customers see %(value)s.") % {"value": text}


def _as_it_is(profile: SupportProfile) -> dict[str, Any]:
    return {
        "phone": profile.phone.as_international if profile.phone else "",
        "email": profile.email,
        "website": profile.website,
        "hours": profile.hours,
        "languages": profile.languages,
    }
