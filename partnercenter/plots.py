"""What happens in the weeks ahead, as a small plot (accounts/plots.py draws it)."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from babel import Locale
from babel.dates import format_skeleton
from django.utils import timezone
from django.utils.translation import get_language, to_locale

from accounts.plots import Number, Plot, drawn

WEEKS = 8


def week_ends() -> list[datetime]:
    """The midnights, where the reader is, at which each of the next eight weeks ends, counted from today on."""
    today = datetime.combine(timezone.localdate(), time(), timezone.get_current_timezone())
    return [today + timedelta(weeks=week) for week in range(1, WEEKS + 1)]


def weeks_ahead(ended: Sequence[int], *, most: int) -> Plot | None:
    """What happens in each of the next eight weeks, drawn from how much has happened by each of week_ends().

    Of what was counted there were most at most: a week by whose end all of those have happened may have more, and is
    left out with those after it. None when no week is left, or nothing is in them.
    """
    known = [count for count in ended if count < most]
    counts = [count - before for before, count in zip([0, *known], known, strict=False)]
    today = timezone.localdate()
    days = [today + timedelta(weeks=week) for week in range(len(counts))]
    return drawn([Number(day, _short(day), count) for day, count in zip(days, counts, strict=True)])


def _short(day: date) -> str:
    return format_skeleton("MMMd", day, locale=Locale.parse(to_locale(get_language() or "en")))
