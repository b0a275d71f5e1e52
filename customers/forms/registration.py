"""What is typed to add a customer: the page New customer › Account info (domain.md §4.2)."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.models import Membership
from customers.forms.company import CONTACT, CompanyForm, NameField, PlainEmailField
from customers.forms.partners import PartnerField
from customers.models import Customer, CustomerAgreement
from customers.names import (
    REGISTRATION_NUMBER_COUNTRIES,
    check_domain_prefix,
    check_registration_number,
    in_name_order,
)
from customers.partner_choice import Partners
from customers.postal_data import postal_facts
from customers.registration import domain_is_free, domain_taken
from providers.regions import region_name

ATTESTATION = ("agreement_first_name", "agreement_last_name", "agreement_email", "agreement_date")
SECTIONS = (
    (
        _("Company info"),
        (
            *("country", "company_name", "domain_prefix", "address_line1", "address_line2", "city", "state"),
            *("postal_code", "qualification", "registration_number"),
        ),
    ),
    (_("Primary contact"), CONTACT),
    (_("Indirect reseller"), ("reseller",)),
    (_("Customer agreement"), ("agreement", *ATTESTATION)),
)


class CustomerForm(CompanyForm):
    """Account info of a new customer of the member's provider.

    It takes what a page posts as well as the answers of a stored draft, and finds everything that is wrong at once
    (domain.md §4.2 to §4.5).
    """

    country = forms.ChoiceField(label=_("Country/region"))
    domain_prefix = forms.CharField(
        label=_("Primary domain name"),
        max_length=60,
        help_text=_("What stands before .onmicrosoft.com. It cannot be changed later."),
    )
    qualification = forms.ChoiceField(
        label=_("Special qualifications"),
        choices=Customer.Qualification,
        initial=Customer.Qualification.NONE,
        required=False,
    )
    registration_number = forms.CharField(label=_("Organization registration number"), max_length=40, required=False)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, required=False)
    reseller = PartnerField(
        label=_("Indirect reseller"),
        help_text=_("Gets administrator access to the customer's account and subscriptions."),
    )
    agreement = forms.ChoiceField(
        label=_("Customer agreement"),
        # Accepting is the customer's own act: a partner can attest it, or leave it to be asked.
        choices=[each for each in CustomerAgreement.Source.choices if each[0] != CustomerAgreement.Source.ACCEPTED],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how the customer accepts the agreement.")},
    )
    agreement_first_name = NameField(label=_("First name"), max_length=50, required=False)
    agreement_last_name = NameField(label=_("Last name"), max_length=50, required=False)
    agreement_email = PlainEmailField(label=_("Email address"), max_length=254, required=False)
    agreement_date = forms.DateField(
        label=_("Agreement acceptance date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    field_order = [name for _heading, names in SECTIONS for name in names]

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = membership.organisation.provider
        self.fields["reseller"].offer(Partners(membership, nobody=str(_("No indirect reseller"))))  # type: ignore[attr-defined]  # a PartnerField does
        self._offer_countries()
        self.follow_country()

    @property
    def country_code(self) -> str:
        """The country that the other fields follow: as posted, or as the page begins, else the provider's own."""
        chosen = self.data.get(self.add_prefix("country")) if self.is_bound else self.initial.get("country")
        return str(chosen if chosen in self.provider.markets else self.provider.organisation.country)

    def sections(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings, in the order of the page."""
        for heading, names in SECTIONS:
            yield str(heading), [self[name] for name in in_name_order(names) if name in self.fields]

    def clean_domain_prefix(self) -> str:
        return check_domain_prefix(self.cleaned_data["domain_prefix"])

    def clean_registration_number(self) -> str:
        return check_registration_number(self.country_code, self.cleaned_data["registration_number"])

    def clean_qualification(self) -> str:
        return self.cleaned_data["qualification"] or Customer.Qualification.NONE

    def clean_language(self) -> str:
        return self.cleaned_data["language"] or self._language_of_country()

    def clean_agreement_date(self) -> date | None:
        agreed_on: date | None = self.cleaned_data["agreement_date"]
        if agreed_on and agreed_on > timezone.localdate():
            raise ValidationError(_("The date of acceptance cannot be in the future."), "future")
        return agreed_on

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._check_agreement()
        if "domain_prefix" in self.cleaned_data and not domain_is_free(self.cleaned_data["domain_prefix"]):
            self.add_error(None, domain_taken(self.cleaned_data["domain_prefix"]))
        return self.cleaned_data

    def follow_country(self) -> None:
        super().follow_country()
        if self.country_code in REGISTRATION_NUMBER_COUNTRIES:
            self.require("registration_number", str(_("Enter the organization's registration number.")))
        self.fields["language"].initial = self._language_of_country()

    def _offer_countries(self) -> None:
        field = self.fields["country"]
        markets = self.provider.markets
        names = sorted((str(countries.name(code)) or code, code) for code in markets)
        field.choices = [(code, name) for name, code in names]  # type: ignore[attr-defined]  # a ChoiceField has them
        field.initial = str(self.provider.organisation.country)
        field.disabled = len(markets) == 1
        field.help_text = _("You can add customers in the CSP region of your own company: %(region)s.") % {
            "region": region_name(self.provider.region or "")
        }

    def _language_of_country(self) -> str:
        language = postal_facts(self.country_code).local_language
        return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE

    def _check_agreement(self) -> None:
        """Who accepted and when, if the partner attests it; otherwise whatever is typed there does not count."""
        attested = self.cleaned_data.get("agreement") == CustomerAgreement.Source.ATTESTED
        for name in ATTESTATION:
            if not attested:
                self.errors.pop(name, None)
                self.cleaned_data[name] = None if name == "agreement_date" else ""
            elif name not in self.errors and not self.cleaned_data[name]:
                self.add_error(name, ValidationError(self.fields[name].error_messages["required"], "required"))
