"""What is typed on the pages of an order: Account info, New subscription, and the filters of the list of orders."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from customers.forms.partners import CreditField
from customers.forms.registration import CustomerForm
from customers.models import DOMAIN_SUFFIX
from customers.partner_choice import Partners
from resellers.models import PartnerAccount
from subscriptions.credit import tidy_number
from subscriptions.models import Offer
from subscriptions.ordering import Line, check_licences

TypedLine = dict[str, str]
_LONGEST = 1000  # of what is kept as typed; no field takes as much
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


class LineForm(forms.Form):
    """One chosen offer: how many licences, and whom it credits. A typed MPN ID goes before the one from the list."""

    use_required_attribute = False

    licences = forms.IntegerField(
        label=_("Licenses"),
        error_messages={
            "required": _("Enter the number of licenses."),
            "invalid": _("Enter the number of licenses in digits, such as 25."),
        },
    )
    reseller = CreditField(label=_("Reseller (MPN ID)"))
    mpn_id = forms.CharField(
        label=_("Enter MPN ID"),
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "maxlength": 20}),
    )

    def __init__(
        self,
        typed: TypedLine,
        *,
        offer: Offer,
        partners: Partners,
        credited: PartnerAccount | ValidationError | None,
        refusal: ValidationError | None,
    ) -> None:
        super().__init__({f"{offer.code}-{name}": text for name, text in typed.items()}, prefix=str(offer.code))
        self.offer = offer
        self.fields["reseller"].offer(partners)  # type: ignore[attr-defined]  # a CreditField does
        self.credited = credited
        self.refusal = refusal
        self._shape_licences()

    @property
    def line(self) -> Line:
        """What Submit needs of a line that is valid. What is billed by use counts as one licence."""
        account = self.credited if isinstance(self.credited, PartnerAccount) else None
        return Line(self.offer, self.cleaned_data.get("licences", 1), account)

    @property
    def has_typed_mpn_id(self) -> bool:
        return bool(self["mpn_id"].value())

    @property
    def credited_label(self) -> str:
        return self.credited.label if isinstance(self.credited, PartnerAccount) else ""

    def place(self, *, page_url: str, touched: str) -> None:
        """Make it ready for its page: where a change is sent to, and whether it was just ticked."""
        main = [self.fields[name] for name in ("licences", "reseller") if name in self.fields]
        for field in main:
            field.widget.attrs |= {"data-hx-post": page_url, "data-hx-trigger": "change", "data-hx-target": "#total"}
        if touched == f"offer-{self.offer.code}":
            main[0].widget.attrs["data-focus"] = True

    def clean_licences(self) -> int:
        licences: int = self.cleaned_data["licences"]
        check_licences(self.offer, licences)
        return licences

    def clean(self) -> dict[str, Any]:
        if self.has_typed_mpn_id:
            self.errors.pop("reseller", None)  # what is typed there does not count
        if isinstance(self.credited, ValidationError) and "reseller" not in self.errors:
            self.add_error("mpn_id" if self.has_typed_mpn_id else "reseller", self.credited)
        if self.refusal:
            self.add_error(None, self.refusal)
        return self.cleaned_data

    def _shape_licences(self) -> None:
        if self.offer.is_usage_based:
            del self.fields["licences"]
            return
        limits = {"min": self.offer.min_licences, "max": self.offer.max_licences}
        self.fields["licences"].widget.attrs |= {name: limit for name, limit in limits.items() if limit}
        self.fields["licences"].help_text = limits_of(self.offer)


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


def limits_of(offer: Offer) -> str:
    """How many licences one may buy, as help beside the field."""
    limits = {"fewest": offer.min_licences, "most": offer.max_licences}
    if offer.max_licences is None:
        return str(_("At least %(fewest)s.") % limits)
    return str(_("From %(fewest)s to %(most)s.") % limits)


def typed_account(data: QueryDict) -> dict[str, str]:
    """Account info as it was typed, ready to be kept in a draft."""
    return {name: _kept(str(data[name])) for name in AccountInfoForm.base_fields if name in data}


def typed_lines(data: QueryDict) -> list[TypedLine]:
    """The ticked offers with what was typed for each, in the order of the page; without the one to be removed."""
    return [
        {
            "offer": _kept(code),
            "licences": _kept(data.get(f"{code}-licences", "")),
            "reseller": _kept(data.get(f"{code}-reseller", data.get("reseller", ""))),
            "mpn_id": _kept(data.get(f"{code}-mpn_id", "")),
        }
        for code in dict.fromkeys(data.getlist("offer"))
        if code != data.get("remove")
    ]


def typed_number(line: TypedLine, partners: Partners) -> str:
    """The MPN ID to credit for a line, in half-width digits; empty for none, and where it is not said whose it is."""
    try:
        return tidy_number(line["mpn_id"]) or partners.number(line["reseller"])
    except ValidationError:
        return ""


def _kept(text: str) -> str:
    return text.replace("\0", "")[:_LONGEST]  # PostgreSQL keeps no zero characters
