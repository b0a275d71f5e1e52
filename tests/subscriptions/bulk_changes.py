"""Bulk changes for tests: put together, and carried out as a worker would."""

from subscriptions.bulk import What, Wish, prepare, start
from subscriptions.bulk.rows import carry_on
from subscriptions.models import BulkChange
from tests.factories import ResellerOfRecordFactory, SubscriptionFactory


def subscriptions_of(relationship, count, **fields):
    """Subscriptions of one offer, so that there are few rows besides."""
    first = SubscriptionFactory(relationship=relationship, nickname="Plan 1", **fields)
    rest = [
        SubscriptionFactory(relationship=relationship, offer=first.offer, nickname=f"Plan {number}", **fields)
        for number in range(2, count + 1)
    ]
    return [first, *rest]


def wishes(subscriptions, wanted) -> list[Wish]:
    return [Wish(number, str(each.code), wanted) for number, each in enumerate(subscriptions, 1)]


def checked(what: What, wanted: list[Wish], membership) -> BulkChange:
    """A change that a worker has checked."""
    change = prepare(what, wanted, membership=membership)
    carry_on(change.pk)
    change.refresh_from_db()
    return change


def started(what: What, wanted: list[Wish], membership) -> BulkChange:
    """A change that was checked and started, and that no worker has begun with."""
    change = checked(what, wanted, membership)
    start(change, membership=membership)
    change.refresh_from_db()
    return change


def finished(what: What, wanted: list[Wish], membership) -> BulkChange:
    """A change that was carried out."""
    change = started(what, wanted, membership)
    carry_on(change.pk)
    change.refresh_from_db()
    return change


def results(change: BulkChange) -> list[tuple[str, str]]:
    """The result of each row, and why it was refused."""
    return list(change.all_rows.order_by("number").values_list("result", "refusal"))


def credit(subscription, account):
    return ResellerOfRecordFactory(subscription=subscription, partner_account=account)
