"""What is typed about an organisation's people."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind, Role
from outbox.forms import ReasonField
from staff.people import domain_of
from staff.roles import ROLE_HELP, offered

_PREFIX = RegexValidator(
    r"^[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9]))*$",
    _("Use letters from a to z, digits, dots, hyphens and underscores, beginning with a letter or digit."),
    "account_name",
)


class RolesField(forms.MultipleChoiceField):
    """Check boxes, each with what its role is for. A customer's user may have none: a partner's has one at least."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Roles"), error_messages={"required": _("Choose at least one role.")}, **options)

    def explain(self, kind: Kind, held: list[str]) -> None:
        """Offer the roles that this kind of organisation has."""
        self.choices = [(role.value, _labelled(role, kind)) for role in offered(kind, held)]
        self.required = self.widget.is_required = kind != Kind.CUSTOMER
        if kind == Kind.CUSTOMER:
            self.help_text = _("Without any role, somebody only uses the licenses given to that person.")


def _labelled(role: Role, kind: Kind) -> str:
    words = ROLE_HELP[kind].get(role, "")
    return format_html('<span>{}<br><span class="quiet">{}</span></span>', role.label, words)


class RolesForm(forms.Form):
    """Somebody's roles."""

    use_required_attribute = False

    roles = RolesField()

    def __init__(self, *args: Any, membership: Membership, held: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].explain(membership.kind, held or [])  # type: ignore[attr-defined]  # a RolesField


class PersonForm(RolesForm):
    """A new user: the account that one signs in with, and the roles."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput({"autocomplete": "off"}))
    account_name = forms.CharField()
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    field_order = ("name", "account_name", "language", "roles")

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, membership=membership, initial={"language": get_language()}, **kwargs)
        self.domain = domain_of(membership.organisation)
        self.fields["account_name"] = _account_in(self.domain) if self.domain else _address()

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_account_name(self) -> str:
        """The whole name: what was typed, and a customer's domain behind it."""
        typed: str = self.cleaned_data["account_name"].lower()
        return f"{typed}@{self.domain}" if self.domain else typed


class InvitationForm(RolesForm):
    """Whom to invite, to which roles."""

    recipient = forms.EmailField(
        label=_("Send to"), max_length=254, required=False, widget=forms.EmailInput({"autocomplete": "off"})
    )
    field_order = ("recipient", "roles")


class DeclineForm(forms.Form):
    """Why not, if one likes to say."""

    reason = ReasonField(required=False)


def _account_in(domain: str) -> forms.CharField:
    return forms.CharField(
        label=_("Account name"),
        max_length=64,
        validators=[_PREFIX],
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("The domain is added: %(domain)s") % {"domain": f"@{domain}"},
    )


def _address() -> forms.EmailField:
    return forms.EmailField(
        label=_("Account name"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off"}),
        help_text=_("The email address that the person signs in with."),
    )
