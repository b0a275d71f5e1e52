"""What is typed to propose a change to one's entry in the indirect providers list."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from providers.entries import Entry
from providers.languages import language_choices
from providers.models import Provider, Speciality


class Paragraphs(forms.CharField):
    """Text in several lines, each of whose ends counts once: browsers send two characters for it."""

    def to_python(self, value: Any) -> str:
        return "\n".join((super().to_python(value) or "").splitlines())


class WebsiteField(forms.URLField):
    """A company's website, if it has one."""

    widget = forms.URLInput({"placeholder": "https://"})

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Website"), max_length=200, required=False, assume_scheme="https", **options)


class EntryForm(forms.Form):
    """The whole entry: what is left as it is stays as it is."""

    use_required_attribute = False

    description = Paragraphs(
        label=_("Description"),
        max_length=2500,
        required=False,
        widget=forms.Textarea({"rows": 10}),
        help_text=_("Up to 2,500 characters. The list shows how it begins."),
    )
    website = WebsiteField()
    email = forms.EmailField(label=_("Email address"), max_length=254, required=False)
    phone = PhoneNumberField(
        label=_("Phone number"),
        required=False,
        error_messages={"invalid": _("Enter a phone number that exists, with its area code.")},
        widget=forms.TelInput({"autocomplete": "off"}),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"), required=False, widget=forms.CheckboxSelectMultiple({"class": "columns"})
    )
    specialities = forms.MultipleChoiceField(
        label=_("Specialities"),
        required=False,
        choices=Speciality.choices,
        widget=forms.CheckboxSelectMultiple({"class": "columns"}),
    )
    is_listed = forms.BooleanField(
        label=_("In the indirect providers list"),
        required=False,
        help_text=_("Without the tick, nobody finds the entry; partners and their customers stay as they are."),
    )

    def __init__(self, *args: Any, provider: Provider, entry: Entry, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": entry.as_json(), **kwargs})
        self.fields["languages"].choices = language_choices()  # type: ignore[attr-defined]  # a ChoiceField has them
        # A number without its international prefix is one of the company's country.
        self.fields["phone"].region = str(provider.organisation.country)  # type: ignore[attr-defined]  # a PhoneNumberField has it

    def entry(self) -> Entry:
        """What was typed, for propose()."""
        return Entry.read(self.cleaned_data)
