"""Finding lines in the activity log: by day, and by words in company, user, object or action."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from activity.models import SEARCHED, Activity
from activity.verbs import Verb

# Lines get their number when they are written and their time a moment earlier, so the two orders differ by as much as
# the longest transaction takes. An hour is far more than that.
_SLACK = timedelta(hours=1)
_LAST = 2**63 - 1
MOST_WORDS = 8


class _DayField(forms.DateField):
    """A day that may be left out, near enough for every time zone to have it."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        limits = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]
        super().__init__(required=False, widget=widget, validators=limits, **options)


class ActivityFilter(forms.Form):
    """From, To and words. What cannot be understood is said beside its field and does not filter."""

    since = _DayField(label=_("From"))
    until = _DayField(label=_("To"))
    q = forms.CharField(
        label=_("Search the activity log"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Company, user or action"), "autocomplete": "off"}
        ),
    )

    def clean_q(self) -> str:
        return str(self.cleaned_data["q"]).replace("\x00", "")

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", ValidationError(_("This day is before the day in From."), "period"))
        return self.cleaned_data

    def apply(self, lines: QuerySet[Activity]) -> QuerySet[Activity]:
        """The lines that were asked for; days begin and end at midnight in the reader's time zone."""
        self.full_clean()
        if since := self.cleaned_data.get("since"):
            lines = _from(lines, _midnight(since))
        if until := self.cleaned_data.get("until"):
            lines = _before(lines, _midnight(until + timedelta(days=1)))
        return words(lines, self.cleaned_data.get("q", ""))


def words(lines: QuerySet[Activity], text: str) -> QuerySet[Activity]:
    """The lines with every word in company, user or object, or in the action as the reader reads it."""
    for word in text.split()[:MOST_WORDS]:
        verbs = [verb for verb in Verb if word.casefold() in str(verb.label).casefold()]
        lines = lines.alias(searched=SEARCHED).filter(Q(searched__icontains=word) | Q(verb__in=verbs))
    return lines


def _from(lines: QuerySet[Activity], moment: datetime) -> QuerySet[Activity]:
    """The log is read in the order of its numbers, so that a day long ago is found without reading what came since."""
    earlier = Activity.objects.filter(happened_at__lt=moment - _SLACK).order_by("-happened_at").values("pk")[:1]
    return lines.filter(happened_at__gte=moment, pk__gt=Coalesce(Subquery(earlier), 0))


def _before(lines: QuerySet[Activity], moment: datetime) -> QuerySet[Activity]:
    later = Activity.objects.filter(happened_at__gte=moment + _SLACK).order_by("happened_at").values("pk")[:1]
    return lines.filter(happened_at__lt=moment, pk__lt=Coalesce(Subquery(later), _LAST))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
