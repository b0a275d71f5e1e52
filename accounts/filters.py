"""What a list can be narrowed to, as it stands in its URL. What makes no sense is said and narrows nothing."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ListFilter(forms.Form):
    """A list's filters."""

    use_required_attribute = False

    def values(self) -> dict[str, Any]:
        """What was asked for and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def is_narrowed(self) -> bool:
        """Whether an empty list is empty because of what was asked for."""
        return bool(self.values())


class DayField(forms.DateField):
    """A day that may be left out, near enough for every time zone to have it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        limits = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]
        super().__init__(required=False, widget=widget, validators=limits, **options)


class PeriodFilter(ListFilter):
    """The filters of a list that is read by days, which begin and end at midnight in the reader's time zone."""

    since = DayField(label=_("From"))
    until = DayField(label=_("To"))

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", ValidationError(_("This day is before the day in From."), "period"))
        return self.cleaned_data

    @property
    def begin(self) -> datetime | None:
        """The first moment that was asked for."""
        since = self.values().get("since")
        return _midnight(since) if since else None

    @property
    def end(self) -> datetime | None:
        """The first moment that is too late."""
        until = self.values().get("until")
        return _midnight(until + timedelta(days=1)) if until else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
