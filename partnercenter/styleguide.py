"""What /styleguide/ shows: one form with every kind of field, and lists with every kind of row. DEBUG only."""

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class SampleForm(forms.Form):
    """Every widget that the portal uses; words are samples and stay untranslated."""

    company = forms.CharField(label="Company name", max_length=200)
    domain = forms.CharField(label="Primary domain name", help_text="Letters, digits and hyphens. It can never change.")
    email = forms.EmailField(label="Email address", required=False)
    phone = forms.CharField(label="Phone number", required=False, widget=forms.TextInput({"type": "tel"}))
    country = forms.ChoiceField(label="Country/region", choices=[("JP", "Japan"), ("DE", "Germany")])
    website = forms.URLField(label="Website", required=False, assume_scheme="https")
    licences = forms.IntegerField(label="Licenses", min_value=1, initial=25)
    mpn_id = forms.CharField(
        label="Reseller (MPN ID)",
        required=False,
        help_text="The number of the location account that the reseller is associated with. It decides who receives "
        "incentives from now on; it gives nobody access to the customer.",
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    password = forms.CharField(label="Password", required=False, widget=forms.PasswordInput)
    status = forms.ChoiceField(
        label="Status", choices=[("active", "Active"), ("suspended", "Suspended")], widget=forms.RadioSelect
    )
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[("global_admin", "Global admin"), ("admin_agent", "Admin agent"), ("sales_agent", "Sales agent")],
        widget=forms.CheckboxSelectMultiple,
    )
    message = forms.CharField(label="Message", widget=forms.Textarea)
    accepted = forms.BooleanField(label="I have stored these credentials")

    def clean(self) -> None:
        if self.is_bound:
            raise ValidationError("This offer is no longer sold in Japan. Choose another one.")


PAGE = SimpleNamespace(previous_url="?before=1", next_url="?after=1", from_start_url="?")
TABS = (
    SimpleNamespace(label="Indirect resellers", url="?", current=True),
    SimpleNamespace(label="Requests", url="?tab=requests", current=False),
)
STEPS = (
    SimpleNamespace(label="Account info", url="?", state="done"),
    SimpleNamespace(label="New subscription", url="?", state="current"),
    SimpleNamespace(label="Review", url="", state="todo"),
    SimpleNamespace(label="Confirmation", url="", state="todo"),
)
_LONG_NAME = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH"
_LONG_DOMAIN = "a-very-long-primary-domain-name-that-has-to-wrap.example.com"
ROWS = tuple(
    SimpleNamespace(id=number, name=name, domain=domain, licences=licences, price=licences * 1800, open=number == 2)
    for number, name, domain, licences in (
        (1, "Sakura Trading", "sakura.example.com", 25),
        (2, "株式会社さくら商事", "sakura-shoji.example.jp", 1200),
        (3, _LONG_NAME, _LONG_DOMAIN, 3),
    )
)


def context() -> dict[str, Any]:
    """Everything that the page's templates ask for."""
    return {
        "now": datetime(2026, 1, 31, 0, 30, tzinfo=UTC),
        "amount": Decimal("1234.50"),
        "form": SampleForm(),
        "bad_form": _bad_form(),
        "page": PAGE,
        "tabs": TABS,
        "steps": STEPS,
        "rows": ROWS,
    }


def _bad_form() -> SampleForm:
    """The form after everything went wrong."""
    typed = {"email": "sakura(at)example", "licences": "0", "mpn_id": "0004821"}
    form = SampleForm({f"bad-{name}": value for name, value in typed.items()}, prefix="bad")
    for name in ("phone", "website", "since", "password"):
        form.add_error(name, "This is what an error looks like.")
    form.add_error("mpn_id", "0004821 is a global account of Blue Yonder KK. Enter the location account instead.")
    return form
