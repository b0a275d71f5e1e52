"""What is typed to register an MPN ID, to choose the associated one, and to keep the company's profile."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.models import Membership
from providers.regions import region_of
from resellers.forms.enrolment import NumberField, PrimaryContactForm
from resellers.models import PartnerAccount
from resellers.profile import Profile


class AccountForm(forms.Form):
    """A number, what it stands for, and where."""

    use_required_attribute = False

    number = NumberField()
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=PartnerAccount.AccountKind.choices,
        initial=PartnerAccount.AccountKind.LOCATION,
        help_text=_("The global account stands for the headquarters and cannot transact; a company has one."),
    )
    country = forms.ChoiceField(label=_("Country/region"), help_text=_("Where this location is."))

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        own = str(membership.organisation.country)
        super().__init__(*args, **kwargs)
        self.initial["country"] = own
        choices = [(code, name) for code, name in countries if region_of(code) or code == own]
        self.fields["country"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has them


class ProfileForm(PrimaryContactForm):
    """The primary contact and the website: what customers and providers read of the company."""

    use_required_attribute = False

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        reseller = membership.organisation.reseller
        super().__init__(*args, **kwargs)
        self.initial.update({name: getattr(reseller, name) for name in self.fields})
        # A number without its international prefix is one of the company's country.
        self.fields["contact_phone"].region = str(membership.organisation.country)  # type: ignore[attr-defined]  # a PhoneNumberField has it

    def profile(self) -> Profile:
        """What was typed, for change_profile()."""
        return Profile(**{name: str(value) for name, value in self.cleaned_data.items()})
