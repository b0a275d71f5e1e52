"""Statements: what the ledger sums up to, for each month, party and currency; drawn while a month runs, then closed.

Source: design.md §7, domain.md §9. Months are those of UTC, like all time that money depends on. A charge belongs to
the month in which it was posted, not to that of its period: a renewal that runs late is charged, and stated, in the
month that runs then. Nothing here is added up in Python: PostgreSQL sums a month in one statement.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from babel.numbers import get_territory_currencies
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Max, Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation
from accounts.roles import Permission
from activity.log import record
from activity.verbs import Verb
from outbox.notices import notify
from outbox.subjects import Subject
from providers.models import Provider
from subscriptions.models import Charge, Statement
from subscriptions.models.ledger import ChargeQuerySet, StatementQuerySet
from subscriptions.terms import first_of_month, month_of, months_later

LATE = timedelta(hours=1)
"""A charge may be kept this long after the moment it says: it takes the moment of what was shown before Submit."""

# The sums of a month: one row for each reseller and currency at what it is billed, one for each currency at cost.
_DRAW = """
    INSERT INTO subscriptions_statement AS drawn (
        code, provider_id, reseller_id, month, currency, charges, total, eligible_subscriptions, eligible_licences,
        eligible_amount, ineligible_subscriptions, drawn_at
    )
    SELECT
        gen_random_uuid(), %(provider)s, reseller_id, %(month)s, currency, count(*),
        CASE GROUPING(reseller_id) WHEN 1 THEN sum(amount) ELSE sum(resale_amount) END,
        count(DISTINCT subscription_id) FILTER (WHERE ineligible = ''),
        coalesce(sum(CASE kind WHEN 'refund' THEN -licences ELSE licences END) FILTER (WHERE ineligible = ''), 0),
        coalesce(
            CASE GROUPING(reseller_id) WHEN 1 THEN sum(amount) FILTER (WHERE ineligible = '')
            ELSE sum(resale_amount) FILTER (WHERE ineligible = '') END, 0
        ),
        count(DISTINCT subscription_id) FILTER (WHERE ineligible <> ''),
        %(moment)s
    FROM subscriptions_charge
    WHERE provider_id = %(provider)s AND posted_at >= %(start)s AND posted_at < %(end)s
    GROUP BY GROUPING SETS ((currency), (reseller_id, currency))
    HAVING GROUPING(reseller_id) = 1 OR reseller_id IS NOT NULL
    ON CONFLICT (provider_id, reseller_id, month, currency) DO UPDATE SET
        charges = excluded.charges, total = excluded.total, drawn_at = excluded.drawn_at,
        eligible_subscriptions = excluded.eligible_subscriptions, eligible_licences = excluded.eligible_licences,
        eligible_amount = excluded.eligible_amount, ineligible_subscriptions = excluded.ineligible_subscriptions
    WHERE drawn.closed_at IS NULL
"""


def charges_of(statement: Statement) -> ChargeQuerySet:
    """The lines of the ledger that a statement sums up."""
    rows = Charge.objects.filter(provider=statement.provider_id, currency=statement.currency)
    rows = _in_month(rows, statement.month)
    return rows if statement.is_owed else rows.filter(reseller=statement.reseller_id)


@transaction.atomic
def draw_month(provider: Provider, month: date) -> int:
    """Bring the statements of a provider's month up to date, its own and its resellers'; returns how many there are.

    Eligible amounts are of the side of their statement: at cost on the provider's own, as billed on a reseller's, which
    must not learn the cost. Closed statements stay as they are. Once or ten times, alone or at once, comes to the same.
    """
    _hold("subscriptions.statement.draw", provider, month)
    return _draw(provider, month)


@transaction.atomic
def close_month(provider: Provider, month: date, *, moment: datetime | None = None) -> list[Statement]:
    """Draw a provider's month a last time and close it for good; returns what was closed, nothing the second time.

    Whoever is posting into that month is waited for and counted; whoever posts later is refused by the database. A
    month in which nothing was charged is closed with a statement of nothing. Both sides have it in their activity log,
    and those who see bills are told. Refused while the month runs, in UTC.
    """
    moment = moment or timezone.now()
    if month >= month_of(moment):
        raise ValidationError(_("A month is closed when it is over, in UTC."), code="month_not_over")
    _hold("subscriptions.statement.draw", provider, month)
    _hold("subscriptions.statement", provider, month)
    if _closed_months(provider).filter(month=month).exists():
        return []
    if not _draw(provider, month):
        Statement.objects.create(provider=provider, month=month, currency=_usual_currency(provider))
    closing = Statement.objects.filter(provider=provider, month=month)
    closing.update(closed_at=moment)
    closed = list(closing.select_related("reseller__organisation").order_by("pk"))
    _tell(provider, month, closed)
    return closed


def has_news(provider: Provider, month: date) -> bool:
    """Whether something may have been charged since the month's statements were drawn."""
    own = Statement.objects.filter(provider=provider, reseller=None, month=month)
    drawn_at = own.aggregate(last=Max("drawn_at"))["last"]
    charges = _in_month(Charge.objects.filter(provider=provider), month)
    return charges.filter(posted_at__gte=drawn_at - LATE).exists() if drawn_at else charges.exists()


def months_to_close(provider: Provider, moment: datetime) -> Iterator[date]:
    """The months from the provider's first charge on that are over and not closed yet, the oldest first."""
    first = Charge.objects.filter(provider=provider).aggregate(first=Min("posted_at"))["first"]
    closed = set(_closed_months(provider).values_list("month", flat=True))
    start, running = first_of_month(month_of(first or moment)), first_of_month(month_of(moment))
    while start < running:
        if start.date() not in closed:
            yield start.date()
        start = months_later(start, 1)


def _in_month(charges: ChargeQuerySet, month: date) -> ChargeQuerySet:
    start = first_of_month(month)
    return charges.filter(posted_at__gte=start, posted_at__lt=months_later(start, 1))


def _closed_months(provider: Provider) -> StatementQuerySet:
    return Statement.objects.filter(provider=provider, reseller=None, closed_at__isnull=False)


def _hold(what: str, provider: Provider, month: date) -> None:
    """Wait until nobody else does this with the provider's month, and keep it so until the transaction ends."""
    with connection.cursor() as cursor:
        key = f"{provider.pk} {month:%Y-%m}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", [what, key])


def _draw(provider: Provider, month: date) -> int:
    start = first_of_month(month)
    values = {"provider": provider.pk, "month": month, "moment": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(_DRAW, {**values, "start": start, "end": months_later(start, 1)})
        return int(cursor.rowcount)


def _usual_currency(provider: Provider) -> str:
    """For a statement of nothing: the currency of the last one, else that of the provider's country."""
    last = Statement.objects.filter(provider=provider, reseller=None).order_by("-month", "-pk").first()
    return last.currency if last else get_territory_currencies(str(provider.organisation.country))[0]


def _tell(provider: Provider, month: date, closed: list[Statement]) -> None:
    """Whose statements these are; people, only where something was charged."""
    resellers = [each.reseller.organisation for each in closed if each.reseller]
    seen_by = [provider.organisation, *resellers]
    record(Verb.STATEMENT_CLOSED, f"{month:%Y-%m}", actor=None, seen_by=seen_by, provider=str(provider))
    if any(each.charges for each in closed):
        for company in {each.pk: each for each in seen_by}.values():
            _notify(company, provider, month)


def _notify(company: Organisation, provider: Provider, month: date) -> None:
    notify(
        Subject.STATEMENT_CLOSED,
        company,
        holding=Permission.SEE_BILLS,
        path=f"{reverse('statements:list')}?month={month:%Y-%m}",
        occasion=f"{provider.pk} {month:%Y-%m}",
        month=f"{month:%Y-%m}",
    )
