from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core import signing

from accounts.roles import Role
from subscriptions.changes import quote_changes
from subscriptions.credit import credit
from subscriptions.money import Money
from subscriptions.quotes import Quote, moment_from
from subscriptions.sides import Reader
from tests.factories import MarkupFactory, member, ready_reseller
from tests.subscriptions.lives import at, bought
from tests.subscriptions.submitting import as_it_is, refusal_of, submit

NOW = at("2026-03-01 12:00")


def test_moment_comes_back_to_the_microsecond():
    moment = NOW + timedelta(microseconds=123456)

    with time_machine.travel(moment, tick=False):
        assert moment_from(Quote(moment, []).token) == moment


@pytest.mark.parametrize(("minutes", "holds"), [(0, True), (15, True), (15.1, False), (10_000, False)])
def test_quote_holds_for_a_quarter_of_an_hour(minutes, holds):
    token = Quote(NOW, []).token

    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        if holds:
            assert moment_from(token) == NOW
        else:
            assert refusal_of(lambda: moment_from(token)) == "quote_expired"


def test_signing_an_old_moment_again_does_not_make_it_younger():
    with time_machine.travel(NOW + timedelta(minutes=20), tick=False):
        assert refusal_of(lambda: moment_from(Quote(NOW, []).token)) == "quote_expired"


@pytest.mark.parametrize("forged", ["", "nonsense", "of another form", "altered"])
def test_forged_moment_is_refused(forged):
    with time_machine.travel(NOW, tick=False):
        made = {"of another form": signing.dumps(NOW.isoformat()), "altered": Quote(NOW, []).token + "x"}
        assert refusal_of(lambda: moment_from(made.get(forged, forged))) == "quote_expired"


@pytest.fixture
def subscription(relationship, provider, provider_admin, reseller):
    """Credited to Sakura, which pays ten percent more than Kita."""
    MarkupFactory(provider=provider, percent=Decimal(10))
    subscription = bought(relationship, "2026-03-01 12:00")
    with time_machine.travel(NOW, tick=False):
        credit(subscription, reseller.organisation.partner_accounts.get(), actor=provider_admin.user)
    subscription.save()
    return subscription


@pytest.fixture
def dearer(subscription):
    """What two licences more would cost."""
    return quote_changes(subscription, as_it_is(subscription, licences=12), moment=NOW)


def yen(amount):
    return [Money(Decimal(amount), "JPY")]


def sums(quote, membership):
    """What the member reads of it: the sums of its own side, and those of the reseller's for a provider."""
    bill = Reader(membership).postings(quote.postings, quote.reseller_id)
    return bill.totals, bill.billed


def test_both_sides_have_their_sums(dearer, provider_admin):
    assert sums(dearer, provider_admin) == (yen(2000), yen(2200))


def test_without_a_reseller_nobody_is_billed(subscription, provider_admin):
    with time_machine.travel(NOW, tick=False):
        submit(subscription, provider_admin, mpn_id="")
    quote = quote_changes(subscription, as_it_is(subscription, licences=12), moment=NOW)

    assert sums(quote, provider_admin) == (yen(2000), [])


def test_refunds_are_billed_to_whom_they_were_charged(subscription, provider_admin, reseller_admin):
    quote = quote_changes(subscription, as_it_is(subscription, licences=8), moment=NOW)

    assert sums(quote, provider_admin) == (yen(-2000), [])  # bought before Sakura was credited
    assert sums(quote, reseller_admin) == ([], [])


def test_everybody_sees_their_own_sums_only(dearer, provider, reseller, reseller_admin, customer_admin):
    other = member(ready_reseller("Momiji", number="0077").organisation, Role.GLOBAL_ADMIN)
    without_prices = [member(each.organisation, Role.HELPDESK_AGENT) for each in (provider, reseller)]

    assert sums(dearer, reseller_admin) == (yen(2200), [])
    assert [sums(dearer, each) for each in (*without_prices, other, customer_admin)] == [([], [])] * 4


def test_same_is_what_costs_the_same(subscription, dearer):
    again = quote_changes(subscription, as_it_is(subscription, licences=12), moment=NOW)
    later = quote_changes(subscription, as_it_is(subscription, licences=12), moment=NOW + timedelta(hours=5))

    assert dearer.is_same(again.postings)
    assert not dearer.is_same(later.postings)
    assert not dearer.is_same([])
