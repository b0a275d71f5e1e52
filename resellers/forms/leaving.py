"""What is typed to leave a provider, and to keep a reseller that would like to leave."""

from django import forms
from django.utils.translation import gettext_lazy as _


class LeaveForm(forms.Form):
    """Why, if one likes to say."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The provider reads it."),
    )


class KeepForm(forms.Form):
    """Why not: whoever asked is owed an answer."""

    use_required_attribute = False

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea({"rows": 3}), help_text=_("The reseller reads it.")
    )
