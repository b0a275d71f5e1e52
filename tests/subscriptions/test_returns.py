from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
import time_machine

from subscriptions.ledger import for_the_rest, post
from subscriptions.models import Charge, LicenceChange
from subscriptions.returns import returnable, returned, unused
from tests.factories import SubscriptionFactory
from tests.subscriptions.lives import at, bought, sold

NOW = at("2026-03-01 12:00")


@pytest.fixture
def subscription(relationship):
    """Ten licences at 1000 yen a month, bought at NOW for a year; one has to stay."""
    return bought(relationship, "2026-03-01 12:00")


def change(subscription, difference, *, hours):
    """Licences added or given back so many hours after NOW, charged when they were added."""
    moment = NOW + timedelta(hours=hours)
    if difference > 0:
        post([for_the_rest(subscription, Charge.Kind.LICENCES_ADDED, difference, moment=moment)], actor=None)
    else:
        post(returned(subscription, -difference, moment=moment), actor=None)
    LicenceChange.objects.create(subscription=subscription, difference=difference, changed_at=moment)
    subscription.licences += difference
    subscription.save()


def lots(subscription, *, hours):
    return [(lot.licences, lot.until) for lot in returnable(subscription, NOW + timedelta(hours=hours))]


def refunds(subscription, licences, *, hours):
    """What would be given back: of which charge, for how many licences, how much."""
    postings = returned(subscription, licences, moment=NOW + timedelta(hours=hours))
    return [(each.undoes.kind, each.licences, each.cost.amount) for each in postings]


@pytest.mark.parametrize(
    ("hours", "expected"), [(0, 9), (167.9, 9), (168, 0), (500, 0)], ids=["at once", "in time", "too late", "long ago"]
)
def test_licences_can_be_given_back_for_168_hours(subscription, hours, expected):
    with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
        assert sum(lot.licences for lot in returnable(subscription)) == expected


def test_each_licence_has_its_own_clock(subscription):
    change(subscription, 3, hours=100)

    assert lots(subscription, hours=150) == [(9, NOW + timedelta(hours=168)), (3, NOW + timedelta(hours=268))]
    assert lots(subscription, hours=200) == [(3, NOW + timedelta(hours=268))]


def test_the_oldest_are_given_back_first(subscription):
    change(subscription, 3, hours=100)
    change(subscription, -11, hours=110)

    assert lots(subscription, hours=120) == [(1, NOW + timedelta(hours=268))]


def test_what_was_given_back_before_does_not_count_against_what_is_added_later(subscription):
    change(subscription, -5, hours=100)
    change(subscription, 3, hours=120)

    assert lots(subscription, hours=200) == [(3, NOW + timedelta(hours=288))]


def test_the_offers_least_always_stays(relationship):
    subscription = bought(relationship, "2026-03-01 12:00", sold(min_licences=10))

    assert lots(subscription, hours=0) == []


def test_utc_is_told_beside_the_readers_time(subscription):
    assert [lot.utc for lot in returnable(subscription, NOW)] == ["2026-03-08 12:00 UTC"]


def test_with_a_renewal_all_licences_are_a_new_lot(subscription):
    change(subscription, 3, hours=100)
    subscription.starts_at = NOW + timedelta(hours=200)
    subscription.save()
    LicenceChange.objects.create(subscription=subscription, difference=-1, changed_at=subscription.starts_at)
    subscription.licences -= 1

    assert lots(subscription, hours=201) == [(11, NOW + timedelta(hours=368))]


# Refunds: which charges are undone, and how much of them.


def test_refund_undoes_the_rest_of_the_periods_charge(subscription):
    assert refunds(subscription, 3, hours=24) == [("purchase", 3, Decimal(-2903))]  # 30 of 31 days


def test_licences_added_within_the_period_undo_their_own_charge(subscription):
    change(subscription, 3, hours=100)

    assert refunds(subscription, 2, hours=200) == [("licences_added", 2, Decimal(-1462))]  # 544 of 744 hours
    assert refunds(subscription, 11, hours=124) == [
        ("purchase", 10, Decimal(-8333)),
        ("licences_added", 1, Decimal(-833)),
    ]


def test_licences_added_before_the_period_undo_the_periods_charge(subscription):
    change(subscription, 3, hours=30 * 24)
    moment = at("2026-04-01 12:00")
    post([for_the_rest(subscription, Charge.Kind.CYCLE, 13, moment=moment)], actor=None)

    assert refunds(subscription, 2, hours=31 * 24 + 36) == [("cycle", 2, Decimal(-1900))]  # 28.5 of 30 days


def test_added_at_the_same_moment_undo_one_charge_and_then_the_other(subscription):
    change(subscription, 2, hours=10)
    change(subscription, 3, hours=10)

    assert [(kind, count) for kind, count, _amount in refunds(subscription, 14, hours=10)] == [
        ("purchase", 10),
        ("licences_added", 2),
        ("licences_added", 2),
    ]


def test_never_more_is_undone_than_was_charged(subscription):
    change(subscription, -9, hours=1)
    change(subscription, 9, hours=2)

    assert [(kind, count) for kind, count, _amount in refunds(subscription, 9, hours=3)] == [
        ("purchase", 1),
        ("licences_added", 8),
    ]


def test_what_was_never_charged_is_not_given_back(relationship):
    subscription = SubscriptionFactory(relationship=relationship, starts_at=NOW, created_at=NOW)

    assert refunds(subscription, 3, hours=1) == []
    assert unused(subscription, moment=NOW) == []


def test_one_time_purchase_is_given_back_whole(relationship):
    software = sold(term="", billing="one_time", category="software")
    subscription = bought(relationship, "2026-03-01 12:00", software)

    assert refunds(subscription, 2, hours=167) == [("purchase", 2, Decimal(-2000))]


def test_unused_is_the_rest_of_everything(subscription):
    change(subscription, 3, hours=100)
    change(subscription, -1, hours=110)

    postings = unused(subscription, moment=NOW + timedelta(hours=124))

    assert [(each.undoes.kind, each.licences, each.cost.amount) for each in postings] == [
        ("purchase", 9, Decimal(-7500)),
        ("licences_added", 3, Decimal(-2500)),
    ]


@pytest.mark.parametrize(
    ("hours", "expected"), [(0, [Decimal(-10000)]), (167.9, [Decimal(-10000)]), (168, []), (9000, [])]
)
@pytest.mark.parametrize("fields", [{"billing": "one_time"}, {"billing": "none", "category": "usage"}])
def test_what_has_no_period_is_unused_for_168_hours(relationship, fields, hours, expected):
    subscription = bought(relationship, "2026-03-01 12:00", sold(term="", **fields))

    postings = unused(subscription, moment=NOW + timedelta(hours=hours))

    assert [each.cost.amount for each in postings] == expected


def test_what_was_added_to_a_one_time_purchase_is_given_back_alone(relationship):
    subscription = bought(relationship, "2026-03-01 12:00", sold(term="", billing="one_time"))
    change(subscription, 3, hours=300)

    assert refunds(subscription, 3, hours=400) == [("licences_added", 3, Decimal(-3000))]
    postings = unused(subscription, moment=NOW + timedelta(hours=400))
    assert [(each.undoes.kind, each.licences) for each in postings] == [("licences_added", 3)]


def test_unused_leaves_out_what_was_given_back_already(subscription):
    change(subscription, 3, hours=1)
    post(unused(subscription, moment=NOW + timedelta(hours=2)), actor=None)

    assert unused(subscription, moment=NOW + timedelta(hours=2)) == []


@pytest.mark.parametrize("seed", range(8))
def test_refunds_never_exceed_charges_whatever_is_added_and_given_back(relationship, seed):
    subscription = bought(relationship, "2026-03-01 12:00", sold(unit_price=Decimal("333.3333"), currency="EUR"))
    chance, hours = Random(seed), 0
    for _step in range(12):
        hours += chance.randint(1, 30)
        room = sum(count for count, _until in lots(subscription, hours=hours))
        if difference := max(chance.randint(-12, 12), -room):
            change(subscription, difference, hours=hours)
    post(unused(subscription, moment=NOW + timedelta(hours=hours)), actor=None)

    rows = list(subscription.charges.all())
    for charge in (each for each in rows if each.kind != "refund"):
        undone = [each for each in rows if each.undoes_id == charge.pk]
        assert sum(each.licences for each in undone) == charge.licences
        assert -sum(each.amount for each in undone) <= charge.amount
