"""Rows of subscriptions, for lists and as a file."""

from collections.abc import Iterator

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.paging import Sorting
from accounts.roles import Kind
from subscriptions.models import ResellerOfRecord, Subscription
from subscriptions.models.subscriptions import SubscriptionQuerySet

SORTINGS = {
    "newest": Sorting(("created_at", "id"), descending=True),
    "end": Sorting(("ends_or_never", "id")),
}
# The columns that a list shows or is sorted by; to read another one of them costs a query for each row.
_SHOWN = (
    *("code", "nickname", "licences", "status", "auto_renew", "ends_at", "ends_or_never", "ended_at", "created_at"),
    *("base", "customer", "provider", "relationship__company_name", "relationship__ended_at"),
    *("offer__category", "offer__tags", "support_contact__organisation__name"),
)


def with_names(rows: SubscriptionQuerySet, membership: Membership) -> SubscriptionQuerySet:
    """The rows with what a list shows of them to this reader, and no more, in a constant number of queries.

    The provider, mostly one and the same, is not joined: PostgreSQL takes longer to plan nine tables than to read them.
    For its own people it is not even read.
    """
    rows = rows.select_related("relationship", "offer", "support_contact__organisation").only(*_SHOWN)
    rows = _with_credits(rows)
    return rows if membership.kind == Kind.PROVIDER else rows.prefetch_related("provider__organisation")


def _with_everything(rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
    rows = rows.select_related("relationship", "support_contact__organisation")
    return _with_credits(rows).prefetch_related("provider__organisation")


def _with_credits(rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
    names = ("subscription", "partner_account__number", "partner_account__organisation__name")
    current = ResellerOfRecord.objects.current().select_related("partner_account__organisation").only(*names)
    return rows.prefetch_related(Prefetch("resellers_of_record", current, to_attr="current_credits"))


def export_header() -> list[str]:
    return [
        *(_("Subscription ID"), _("Subscription"), _("Licenses"), _("Status"), _("Auto-renew")),
        *(_("Start date"), _("End of term"), _("Company name"), _("Primary domain name"), _("Microsoft ID")),
        *(_("Indirect provider"), _("Indirect reseller"), _("MPN ID"), _("Designated support contact")),
    ]


def export_lines(rows: SubscriptionQuerySet) -> Iterator[list[str | int]]:
    """One line a subscription, under export_header(). Days are those in UTC, wherever the reader is."""
    statuses = {status.value: str(status.label) for status in Subscription.Status}
    on, off = _("On"), _("Off")
    for each in _with_everything(rows).iterator(chunk_size=500):
        current: list[ResellerOfRecord] = each.current_credits  # type: ignore[attr-defined]  # from _with_credits()
        account = current[0].partner_account if current else None
        relationship = each.relationship
        yield [
            *(str(each.code), each.nickname, each.licences, statuses[each.status], on if each.auto_renew else off),
            *(f"{each.starts_at:%Y-%m-%d}", f"{each.ends_at:%Y-%m-%d}" if each.ends_at else ""),
            *(relationship.company_name, relationship.primary_domain, str(each.customer_id), str(each.provider)),
            *(account.organisation.name if account else "", str(account or "")),
            str(each.support_contact or each.provider),
        ]
