"""What the list of orders can be narrowed to, as it stands in its URL."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from resellers.filters import ListFilter
from subscriptions.models.orders import OrderQuerySet


class OrderFilter(ListFilter):
    """A customer, words of its name or an order number, and days. What makes no sense narrows nothing."""

    q = forms.CharField(
        label=_("Search orders"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"type": "search", "placeholder": _("Customer or order number"), "autocomplete": "off"}),
    )
    customer = forms.UUIDField(required=False, widget=forms.HiddenInput)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", ValidationError(_("This day is before the day in From."), "period"))
        return self.cleaned_data

    def apply(self, orders: OrderQuerySet) -> OrderQuerySet:
        """The orders that were asked for; days begin and end at midnight in the reader's time zone."""
        wanted = self.values()
        if "customer" in wanted:
            orders = orders.filter(customer=wanted["customer"])
        if "since" in wanted:
            orders = orders.filter(placed_at__gte=_midnight(wanted["since"]))
        if wanted.get("until", date.max) < date.max:
            orders = orders.filter(placed_at__lt=_midnight(wanted["until"] + timedelta(days=1)))
        return orders.search(wanted.get("q", ""))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
