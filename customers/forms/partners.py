"""One field for every page that asks for a partner: a list while they are few, a box to type into beyond that."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.partner_choice import Partners, id_from


class PartnerSelect(forms.Select):
    """A list of partners; a box when they are many, to which htmx brings suggestions while one types.

    What was chosen before stays, also when it could not be chosen today.
    """

    typed_template_name = "customers/_partner_box.html"
    partners: Partners

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        text = str(value or "")
        if self.partners.are_many:
            return self._box(name, text, attrs)
        chosen = self._choice(text)
        gone = [] if chosen in dict(self.partners) or id_from(chosen) else [(chosen, chosen)]
        self.choices = [*self.partners, *gone]
        return super().get_context(name, chosen, attrs)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        template = self.typed_template_name if self.partners.are_many else self.template_name
        return self._render(template, self.get_context(name, value, attrs), renderer)  # type: ignore[attr-defined]  # django-stubs leaves it out

    def _choice(self, text: str) -> str:
        """The choice that was made, or means what was typed while they were many."""
        if text in dict(self.partners):
            return text
        try:
            partner = self.partners.find(text)
        except ValidationError:
            return text
        return self.partners.choice(partner) if partner else ""

    def _box(self, name: str, text: str, attrs: dict[str, Any] | None) -> dict[str, Any]:
        self.choices = ()
        context = super().get_context(name, "", attrs)
        widget = context["widget"]
        hint = f"{widget['attrs'].get('id', name)}_hint"
        described = [widget["attrs"].pop("aria-describedby", ""), hint]
        widget["attrs"]["aria-describedby"] = " ".join(filter(None, described))
        words = self.partners.words(text)
        return context | {
            "hint": hint,
            "is_credit": self.partners.is_credit,
            "nobody": self.partners.nobody,
            "text": "" if words == self.partners.nobody else words,
        }


class PartnerField(forms.Field):
    """A partner of the provider, or None; of those that the form offers in its __init__."""

    widget = PartnerSelect
    default_error_messages = {"invalid_choice": _("Choose a reseller that you are partnered with, or none.")}
    partners: Partners

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def offer(self, partners: Partners) -> None:
        select: Any = self.widget
        self.partners = select.partners = partners
        select.choices = partners.__iter__  # read when they are shown

    def clean(self, value: Any) -> Any:
        """The reseller. Refused with invalid_choice, partner_unknown and partner_unclear."""
        text = str(value or "")
        chosen = id_from(text)
        if not chosen:
            partner = self.partners.find(text)
            return self.partners.reseller(partner.pk) if partner else None
        reseller = self.partners.reseller(chosen)
        if not reseller:
            raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice")
        return reseller

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and self._meaning(initial) != self._meaning(data)

    def _meaning(self, value: Any) -> Any:
        text = str(value or "")
        try:
            return self.partners.find(text)
        except ValidationError:
            return text


class CreditField(PartnerField):
    """The MPN ID of a partner, or nothing. A number is taken as it is: whether it can be credited is not said here."""

    def clean(self, value: Any) -> str:
        return self.partners.number(str(value or ""))
