"""What the pages of money and of a subscription's life concern, with names that are longer than any column."""

from datetime import date, timedelta

from django.utils import timezone

from subscriptions.bulk import What, Wish
from subscriptions.statements import draw_month
from subscriptions.terms import month_of
from tests.factories import ChargeFactory, MarkupFactory, ResellerOfRecordFactory, StatementFactory
from tests.subscriptions.bulk_changes import checked
from tests.subscriptions.lives import bought, planned, sold

LONG_PLAN = "Communication-and-collaboration-suite-for-everybody 非常に長い名前の月額プラン（電話会議つき）"
MILLIONS = 987654321


def about_money(relationship, provider_admin) -> dict:
    """A suite that can become a bigger one, with an add-on and a plan for its renewal; a trial; what all that costs."""
    provider, reseller = relationship.provider, relationship.reseller
    account = reseller.organisation.partner_accounts.get()
    markup = MarkupFactory(provider=provider, reseller=reseller, product_id="BIG", sku_id="0001")
    bigger = sold(product_id="BIG", sku_title=f"{LONG_PLAN} Premium", unit_price=MILLIONS)
    fields = {"sku_title": LONG_PLAN, "product_id": "SUITE", "unit_price": MILLIONS, "tags": ["UpgradesTo:BIG:0001"]}
    days_ago = f"{timezone.now() - timedelta(days=2):%Y-%m-%d %H:%M}"
    suite = bought(relationship, days_ago, sold(**fields), licences=300)
    add_on = sold(sku_title=f"{LONG_PLAN} Add-on", category="add_on", tags=["Requires:SUITE:0001", "Requires:BIG:0001"])
    bought(relationship, days_ago, add_on, base=suite)
    planned(suite, bigger, 250)
    fields = {"category": "trial", "term": "P1M", "unit_price": 0, "tags": ["Trial", "ConvertsTo:BIG:0001"]}
    trial = bought(relationship, days_ago, sold(**fields), licences=25)
    ResellerOfRecordFactory(subscription=suite, partner_account=account)
    month = {"period_end": timezone.now() + timedelta(days=31), "amount": MILLIONS, "licences": 300}
    ChargeFactory(subscription=suite, partner_account=account, **month)
    draw_month(provider, month_of(timezone.now()))
    StatementFactory(
        provider=provider, reseller=reseller, month=date(2025, 12, 1), total=MILLIONS, closed_at=timezone.now()
    )
    bulk = checked(What.LICENCES, wishes(suite, trial), provider_admin)
    return {
        "suite": suite.code,
        "trial": trial.code,
        "markup": markup.pk,
        "bulk change": bulk.code,
        "owed": provider.statements.get(reseller=None, currency="JPY").code,
        "billed": provider.statements.get(reseller=reseller, currency="JPY", closed_at=None).code,
    }


def wishes(suite, trial) -> list[Wish]:
    """One for more than there may be, one for fewer than can be given back, and one that nobody knows."""
    lines = [(str(suite.code), "301"), (str(trial.code), "24"), (LONG_PLAN, "1")]
    return [Wish(number, typed, wanted) for number, (typed, wanted) in enumerate(lines, 1)]
