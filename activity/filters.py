"""Finding lines in the activity log: by day, and by words in company, user, object or action."""

from datetime import datetime, timedelta

from django import forms
from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.filters import PeriodFilter
from activity.models import SEARCHED, Activity
from activity.verbs import Verb

# Lines get their number when they are written and their time a moment earlier, so the two orders differ by as much as
# the longest transaction takes. An hour is far more than that.
_SLACK = timedelta(hours=1)
_LAST = 2**63 - 1
MOST_WORDS = 8


class ActivityFilter(PeriodFilter):
    """From, To and words."""

    q = forms.CharField(
        label=_("Search the activity log"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Company, user or action"), "autocomplete": "off"}
        ),
    )

    def apply(self, lines: QuerySet[Activity]) -> QuerySet[Activity]:
        """The lines that were asked for."""
        if self.begin:
            lines = _from(lines, self.begin)
        if self.end:
            lines = _before(lines, self.end)
        return words(lines, self.values().get("q", ""))


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
