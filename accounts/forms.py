"""Forms about oneself."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.models import GIVEN_OUT, Membership, User
from accounts.time_zones import SUGGESTED, time_zone_named


def check_address(address: str) -> None:
    """Refuse an address that a customer's first administrator will be given at Submit (design.md §4.11)."""
    if address.lower().endswith(GIVEN_OUT):
        raise forms.ValidationError(
            _("Addresses at onmicrosoft.com are given out with Setup info. Sign in with yours."), "given_out"
        )


class SignupForm(forms.Form):
    """What an account needs besides the address and the password that django-allauth asks for."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def clean(self) -> dict[str, Any]:
        """Nobody takes the address that a customer's first administrator will be given at Submit (design.md §4.11)."""
        answers: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            check_address(str(answers.get("email", "")))
        except forms.ValidationError as refusal:
            self.add_error("email", refusal)
        return answers

    def signup(self, request: Any, user: User) -> None:
        """django-allauth calls this after saving; the adapter has stored the name already."""


class NewPasswordForm(forms.Form):
    """A new password in place of the temporary one."""

    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        if self.user.check_password(password):
            raise forms.ValidationError(_("Choose another password than the temporary one."), code="unchanged")
        return password


class ProfileForm(forms.Form):
    """One's own name, language and time zone."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=64,
        help_text=_("A city such as Tokyo, or a name such as Europe/Berlin."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )
    suggested_time_zones = SUGGESTED

    def clean_time_zone(self) -> str:
        return time_zone_named(self.cleaned_data["time_zone"])


class SwitchForm(forms.Form):
    """Which organisation to act for: one of one's own."""

    membership = forms.ModelChoiceField(Membership.objects.none())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["membership"].queryset = Membership.objects.active().filter(user=user)  # type: ignore[attr-defined]  # a ModelChoiceField
