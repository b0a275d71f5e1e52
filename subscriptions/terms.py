"""Time, decided in one place: when terms and billing periods begin and end, and which share of one is left.

All of it is reckoned in UTC, as the original does (domain.md §6.3), so that no daylight saving and nobody's time zone
moves an end; people read the moments in their own zone. Months are calendar months counted from an anchor, the moment
at which the first term began. The 31st becomes the last day of a shorter month, and the 31st again in the next one:
because it is counted from the anchor and not from the month before, 29 February renews on 28 February, and in the next
leap year on 29 February.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from fractions import Fraction

from subscriptions.models.catalogue import Billing, Offer, Term

MONTHS = {Term.MONTH: 1, Term.YEAR: 12, Term.THREE_YEARS: 36}
BILLING_MONTHS = {Billing.MONTHLY: 1, Billing.ANNUAL: 12, Billing.TRIENNIAL: 36}


@dataclass(frozen=True)
class Span:
    """From a moment up to, not including, another; a charge for what has no period has no end."""

    start: datetime
    end: datetime | None

    @property
    def seconds(self) -> Fraction:
        assert self.end is not None, "what has no end has no length"
        return Fraction((self.end - self.start).total_seconds()).limit_denominator(1_000_000)


def end_of_term(start: datetime, offer: Offer) -> datetime | None:
    """The moment at which a term that starts now ends; None for what has no term."""
    return months_later(start, MONTHS[Term(offer.term)]) if offer.term else None


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and time in UTC so many months later, or the last day of that month when it is shorter."""
    moment = moment.astimezone(UTC)
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def months_between(anchor: datetime, moment: datetime) -> int:
    """How many whole months, counted from the anchor, have passed at the moment; never fewer than none."""
    anchor, moment = anchor.astimezone(UTC), moment.astimezone(UTC)
    months = (moment.year - anchor.year) * 12 + moment.month - anchor.month
    return max(0, months if months_later(anchor, months) <= moment else months - 1)


def next_end(anchor: datetime, end: datetime, term: str) -> datetime:
    """The end of the term that begins at the end of another."""
    return months_later(anchor, months_between(anchor, end) + MONTHS[Term(term)])


def billing_period(anchor: datetime, moment: datetime, *, term: str, billing: str, term_end: datetime | None) -> Span:
    """The whole billing period that the moment falls into, of a subscription whose months count from the anchor.

    Its months are reckoned back from the end of the term, so that the last period ends with it. What is charged once,
    or has no term, has a period without end. A term that is charged once is one period.
    """
    if term_end is None or not term:
        return Span(moment, None)
    months = min(MONTHS[Term(term)], BILLING_MONTHS.get(Billing(billing), MONTHS[Term(term)]))
    last = months_between(anchor, term_end)
    left = last - months_between(anchor, moment)  # months until the end of the term, the running one included
    begun = last - months * -(-left // months)
    return Span(months_later(anchor, begun), months_later(anchor, begun + months))


def share(part: Span, whole: Span) -> Fraction:
    """Which share of the whole the part is, by the second; what has no end is charged whole."""
    if part.end is None or whole.end is None:
        return Fraction(1)
    return part.seconds / whole.seconds


def first_of_month(day: date) -> datetime:
    """The midnight in UTC with which the day's month begins."""
    return datetime.combine(day.replace(day=1), time.min, UTC)


def month_of(moment: datetime) -> date:
    """The first day of the month that the moment falls into, in UTC: the month of its statement."""
    return moment.astimezone(UTC).date().replace(day=1)
