from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from subscriptions.credit import Verification, credit, current_credit
from subscriptions.models import ResellerOfRecord
from tests.factories import MarkupFactory, PartnerAccountFactory, ResellerOfRecordFactory


def at(day):
    return datetime(2026, 1, day, tzinfo=UTC)


@pytest.fixture
def account(reseller):
    return reseller.organisation.partner_accounts.get()


def periods(subscription):
    rows = subscription.resellers_of_record.order_by("starts_at")
    return [(row.partner_account.number, row.starts_at, row.ends_at) for row in rows]


def test_nobody_is_credited_at_first(subscription):
    assert current_credit(subscription) is None


def test_credit_starts_a_period(subscription, account, provider_admin):
    with time_machine.travel(at(1), tick=False):
        credit(subscription, account, actor=provider_admin.user)

    assert periods(subscription) == [("0012345", at(1), None)]
    period = current_credit(subscription)
    assert (period.set_by, period.provider_id) == (provider_admin.user, subscription.provider_id)


def test_next_period_starts_when_the_last_one_ends(subscription, account, provider_admin):
    other = PartnerAccountFactory(number="0077")
    with time_machine.travel(at(1), tick=False):
        credit(subscription, account, actor=provider_admin.user)
    with time_machine.travel(at(2), tick=False):
        credit(subscription, other, actor=provider_admin.user)
    with time_machine.travel(at(3), tick=False):
        credit(subscription, None, actor=provider_admin.user)

    assert periods(subscription) == [("0012345", at(1), at(2)), ("0077", at(2), at(3))]
    assert current_credit(subscription) is None


def test_database_knows_whether_somebody_is_credited_whatever_is_saved(subscription, account, provider_admin):
    stale = type(subscription).objects.get(pk=subscription.pk)
    known = [is_credited(subscription)]

    for credited in (account, PartnerAccountFactory(number="0077"), None, account):
        credit(subscription, credited, actor=provider_admin.user)
        known.append(is_credited(subscription))
        stale.save()
        stale.is_credited = not stale.is_credited
        stale.save()
        known.append(is_credited(subscription))

    assert known == [False, True, True, True, True, False, False, True, True]


def is_credited(subscription):
    return type(subscription).objects.values_list("is_credited", flat=True).get(pk=subscription.pk)


def test_credit_fixes_the_markup_of_that_moment(subscription, account, provider, provider_admin, strange_relationship):
    MarkupFactory(provider=strange_relationship.provider, percent=Decimal(99))
    MarkupFactory(provider=provider, percent=Decimal(5))
    MarkupFactory(provider=provider, reseller=account.organisation.reseller, percent=Decimal(12))

    credit(subscription, account, actor=provider_admin.user)
    assert subscription.markup == Decimal(12)
    credit(subscription, None, actor=provider_admin.user)
    assert subscription.markup == Decimal(5)


def test_verification_says_whose_the_number_is_or_what_is_wrong(partnership, provider, account):
    assert Verification.of(" ００12345 ", provider) == Verification(account, [])
    wrong = Verification.of("12a45", provider)
    assert (wrong.account, len(wrong.problems)) == (None, 1)


@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [(at(5), at(15)), (at(12), at(14)), (at(15), at(25)), (at(1), None)],
    ids=["into", "within", "out of", "around"],
)
def test_database_refuses_overlapping_periods(subscription, account, starts_at, ends_at):
    ResellerOfRecordFactory(subscription=subscription, partner_account=account, starts_at=at(10), ends_at=at(20))

    with pytest.raises(IntegrityError, match="subscriptions_credit_periods"), transaction.atomic():
        ResellerOfRecordFactory(
            subscription=subscription, partner_account=account, starts_at=starts_at, ends_at=ends_at
        )
    assert ResellerOfRecord.objects.count() == 1


def test_database_refuses_a_second_current_period(subscription, account):
    ResellerOfRecordFactory(subscription=subscription, partner_account=account, starts_at=at(1))

    with pytest.raises(IntegrityError, match="subscriptions_credit"), transaction.atomic():
        ResellerOfRecordFactory(subscription=subscription, partner_account=account, starts_at=timezone.now())


def test_periods_that_touch_are_fine(subscription, account):
    ResellerOfRecordFactory(subscription=subscription, partner_account=account, starts_at=at(1), ends_at=at(2))
    ResellerOfRecordFactory(subscription=subscription, partner_account=account, starts_at=at(2), ends_at=at(3))

    assert ResellerOfRecord.objects.count() == 2
