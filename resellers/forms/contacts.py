"""What is typed to ask a provider to get in touch, and what the provider's list of such requests is narrowed to."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import User
from providers.forms.entries import Paragraphs
from resellers.contacts import Contact
from resellers.forms.enrolment import PlainField
from resellers.models.contacts import ContactRequestQuerySet

OPEN, CLOSED = "open", "closed"


class ContactForm(forms.Form):
    """Whom the provider should write to, and about what."""

    use_required_attribute = False

    name = PlainField(label=_("Name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"}))
    email = forms.EmailField(label=_("Email address"), max_length=254)
    message = Paragraphs(
        label=_("Message"),
        max_length=2000,
        required=False,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("What you sell, to whom, and what you would like to know."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"name": user.name, "email": user.email}, **kwargs})

    def contact(self) -> Contact:
        """What was typed, for ask_to_be_contacted()."""
        return Contact(**self.cleaned_data)


class ContactFilter(ListFilter):
    """Contact requests that wait, or those that were dealt with."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), (OPEN, _("Open")), (CLOSED, _("Closed"))]
    )

    def apply(self, rows: ContactRequestQuerySet) -> ContactRequestQuerySet:
        state = self.values().get("state")
        return rows.filter(closed_at__isnull=state == OPEN) if state else rows
