"""When a term ends. Months are calendar months in UTC; the 31st becomes the last day of a shorter month."""

import calendar
from datetime import datetime

from subscriptions.models import Offer
from subscriptions.models.catalogue import Term

MONTHS = {Term.MONTH: 1, Term.YEAR: 12, Term.THREE_YEARS: 36}


def end_of_term(start: datetime, offer: Offer) -> datetime | None:
    """The moment at which a term that starts now ends; None for what has no term."""
    return months_later(start, MONTHS[Term(offer.term)]) if offer.term else None


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of that month when it is shorter."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)
