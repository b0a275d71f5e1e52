"""What is typed to ask for support, to answer, and to find a request."""

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import Membership
from subscriptions.models import Subscription, SupportRequest
from subscriptions.models.support import SupportRequestQuerySet
from subscriptions.support import answered_by

Severity = SupportRequest.Severity
# What each means, for whoever has to choose (domain.md §11.2).
_SEVERITIES = [
    (Severity.CRITICAL.value, _("Critical: people cannot work, or data may be lost.")),
    (Severity.MODERATE.value, _("Moderate: something does not work, but there is a way around it.")),
    (Severity.MINIMAL.value, _("Minimal: a question, or a small fault.")),
]
_LONGEST = 10_000


def _text_field(label: Any, rows: int, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=_LONGEST, widget=forms.Textarea({"rows": rows}), **options)


class NewRequestForm(forms.Form):
    """A question about one of the customer's own subscriptions. Its key makes two clicks one request."""

    use_required_attribute = False

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    subscription = forms.ModelChoiceField(
        Subscription.objects.none(),
        label=_("Subscription"),
        to_field_name="code",
        empty_label=_("Select"),
        error_messages={"invalid_choice": _("Choose one of your subscriptions.")},
    )
    title = forms.CharField(label=_("Title"), max_length=150)
    severity = forms.ChoiceField(
        label=_("Severity"), choices=_SEVERITIES, initial=Severity.MODERATE, widget=forms.RadioSelect
    )
    text = _text_field(_("Description"), 8, help_text=_("What you did, what happened, and what you expected instead."))

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid4(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        own = Subscription.objects.visible_to(membership).filter(relationship__ended_at=None)
        field: Any = self.fields["subscription"]
        field.queryset = own.with_parties().order_by("nickname", "pk")
        field.label_from_instance = _with_contact

    def clean_key(self) -> UUID:
        return self.cleaned_data["key"] or uuid4()


class MessageForm(forms.Form):
    """What one side writes to the other."""

    use_required_attribute = False

    text = _text_field(_("Message"), 5)


class SupportFilter(ListFilter):
    """Search, status, severity; and one subscription, when one comes from its page."""

    q = forms.CharField(label=_("Search support requests"), required=False, max_length=200)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), *SupportRequest.Status.choices]
    )
    severity = forms.ChoiceField(label=_("Severity"), required=False, choices=[("", _("All")), *Severity.choices])
    subscription = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def apply(self, rows: SupportRequestQuerySet) -> SupportRequestQuerySet:
        """The rows that are asked for, of the given ones."""
        values = self.values()
        for name in ("status", "severity"):
            if name in values:
                rows = rows.filter(**{name: values[name]})
        if code := values.get("subscription"):
            rows = rows.filter(subscription__code=code)
        return rows.search(values.get("q", ""))


def _with_contact(subscription: Subscription) -> str:
    names = {"subscription": subscription.nickname, "company": answered_by(subscription).name}
    return str(_("%(subscription)s (support by %(company)s)") % names)
