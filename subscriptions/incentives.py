"""Incentives: what of a month counts for the resellers that were credited, and why the rest does not (domain.md §9).

Rates and payouts are Microsoft's business; what is here is what they are paid for. Whether a charge counts was decided
when it was posted (ledger.py) and is never decided again. Sums are those of the statements, drawn every hour: a
reseller's amount is what it was billed, to its provider as well, for a reseller must not learn the provider's cost; the
provider's own sum is at cost. Months are those of UTC.
"""

from datetime import date

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from resellers.models import Partnership
from subscriptions.models import Charge, Statement
from subscriptions.models.ledger import ChargeQuerySet, StatementQuerySet
from subscriptions.terms import first_of_month, month_of, months_later

MOST_MONTHS = 36


def other_side(membership: Membership) -> str:
    """Whom the reader's incentives are of or from: a provider's resellers, a reseller's providers."""
    return "reseller" if membership.kind == Kind.PROVIDER else "provider"


def months_to_choose(membership: Membership) -> list[date]:
    """The running month, and the last three years' months that have statements, the newest first."""
    months = own_sums(membership).order_by("-month").values_list("month", flat=True).distinct()[:MOST_MONTHS]
    return sorted({month_of(timezone.now()), *months}, reverse=True)


def summaries(membership: Membership, month: date) -> StatementQuerySet:
    """The sums of a month, one row for each partner and currency, with the partner's name as the list sorts by it."""
    other = other_side(membership)
    rows = Statement.objects.visible_to(membership).filter(month=month, reseller__isnull=False)
    rows = rows.select_related(f"{other}__organisation")
    return rows.annotate(partner_name=Lower(f"{other}__organisation__name"))


def own_sums(membership: Membership) -> StatementQuerySet:
    """A provider's sums over all of its charges, at cost; a reseller's rows, of which there are few."""
    rows = Statement.objects.visible_to(membership)
    return rows.filter(reseller=None) if membership.kind == Kind.PROVIDER else rows


def licences_by_month(membership: Membership, months: int = 12) -> list[tuple[date, int]]:
    """How many eligible licences each of the latest months had, the oldest first, without months before the first."""
    running = first_of_month(month_of(timezone.now()))
    latest = [months_later(running, back - months + 1).date() for back in range(months)]
    sums = dict.fromkeys(latest, 0)
    for month, licences in own_sums(membership).filter(month__gte=latest[0]).values_list("month", "eligible_licences"):
        sums[month] = sums.get(month, 0) + licences
    begun = next((place for place, licences in enumerate(sums.values()) if licences), len(sums))
    return list(sums.items())[begun:]


def partners_to_read(membership: Membership) -> QuerySet[Organisation]:
    """Whose charges the reader may look at: also past partners', for what was charged stays (design.md §4.9)."""
    partnerships = Partnership.objects.visible_to(membership)
    return Organisation.objects.filter(pk__in=partnerships.values(other_side(membership)))


def charges_with(membership: Membership, month: date, partner: Organisation | None) -> ChargeQuerySet:
    """A month's charges that credit this reseller, or come from this provider; without a partner, that credit nobody.

    The reader is one side of them: a reseller does not see what it was not billed for.
    """
    start = first_of_month(month)
    rows = Charge.objects.visible_to(membership).filter(posted_at__gte=start, posted_at__lt=months_later(start, 1))
    if partner is None:
        return rows.filter(reseller=None).exclude(ineligible="")  # none of them is; said for the index's sake
    return rows.filter(**{other_side(membership): partner.pk})
