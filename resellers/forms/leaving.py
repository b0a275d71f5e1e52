"""What is typed to leave a provider, and to keep a reseller that would like to leave."""

from django import forms
from django.utils.translation import gettext_lazy as _

from outbox.forms import ReasonField


class LeaveForm(forms.Form):
    """Why, if one likes to say."""

    use_required_attribute = False

    reason = ReasonField(required=False, help_text=_("The provider reads it."))


class KeepForm(forms.Form):
    """Why not: whoever asked is owed an answer."""

    use_required_attribute = False

    reason = ReasonField(help_text=_("The reseller reads it."))
