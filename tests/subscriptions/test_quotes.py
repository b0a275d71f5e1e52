import base64
import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core import signing

from accounts.roles import Role
from subscriptions.changes import quote_changes
from subscriptions.credit import credit
from subscriptions.models import ResellerOfRecord, Subscription
from subscriptions.money import Money
from subscriptions.quotes import Agreement, Quote
from subscriptions.sides import Reader
from tests.factories import MarkupFactory, PartnershipFactory, member, ready_reseller
from tests.subscriptions.lives import at, bought
from tests.subscriptions.submitting import as_it_is, refusal_of, submit

NOW = at("2026-03-01 12:00")


NOTHING = Quote(NOW, []).agreement
OLD_TOKEN = signing.dumps(NOW.isoformat(), salt="subscriptions.quote")  # of a page from before amounts were agreed to


def test_what_was_agreed_to_comes_back_to_the_microsecond():
    agreed = Quote(NOW + timedelta(microseconds=123456), []).agreement

    with time_machine.travel(agreed.moment, tick=False):
        assert Agreement.of(agreed.token) == agreed


@pytest.mark.parametrize(("minutes", "holds"), [(0, True), (15, True), (15.1, False), (10_000, False)])
def test_quote_holds_for_a_quarter_of_an_hour(minutes, holds):
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        if holds:
            assert Agreement.of(NOTHING.token) == NOTHING
        else:
            assert refusal_of(lambda: Agreement.of(NOTHING.token)) == "quote_expired"


def test_signing_an_old_moment_again_does_not_make_it_younger():
    with time_machine.travel(NOW + timedelta(minutes=20), tick=False):
        assert refusal_of(lambda: Agreement.of(Quote(NOW, []).agreement.token)) == "quote_expired"


@pytest.mark.parametrize("forged", ["", "nonsense", "of another form", "of before", "altered"])
def test_forged_agreement_is_refused(forged):
    with time_machine.travel(NOW, tick=False):
        made = {
            "of another form": signing.dumps(NOW.isoformat()),
            "of before": OLD_TOKEN,
            "altered": NOTHING.token + "x",
        }
        assert refusal_of(lambda: Agreement.of(made.get(forged, forged))) == "quote_expired"


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


def test_same_agreement_is_to_the_same_amounts_of_both_sides(subscription, dearer):
    same = quote_changes(subscription, as_it_is(subscription, licences=12), moment=NOW)
    later = quote_changes(subscription, as_it_is(subscription, licences=12), moment=NOW + timedelta(hours=5))
    unbilled = quote_changes(subscription, as_it_is(subscription, licences=12, mpn_id=""), moment=NOW)

    assert same.agreement == dearer.agreement
    assert len({each.agreement.digest for each in (dearer, later, unbilled, Quote(NOW, []))}) == 4


def test_token_does_not_tell_the_reseller_what_the_provider_pays(dearer):
    said = base64.urlsafe_b64decode(dearer.agreement.token.split(":")[0] + "==")

    assert said == json.dumps([NOW.isoformat(), dearer.agreement.digest], separators=(",", ":")).encode()


def test_who_is_credited_by_the_same_submit_is_billed_as_was_shown(subscription, provider_admin):
    """The reseller that is credited from now on pays with its own markup for what is added at this moment."""
    other = ready_reseller("Momiji", number="0077").organisation
    PartnershipFactory(provider=subscription.provider, reseller=other.reseller)
    MarkupFactory(provider=subscription.provider, reseller=other.reseller, percent=Decimal(50))
    changes = {"licences": 12, "mpn_id": "0077"}
    quote = quote_changes(subscription, as_it_is(subscription, **changes), moment=NOW)

    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        submit(subscription, provider_admin, agreed=quote.agreement, **changes)

    charge = subscription.charges.get(kind="licences_added")
    assert sums(quote, provider_admin) == (yen(2000), yen(3000))
    assert (charge.reseller_id, charge.amount, charge.resale_amount) == (other.pk, 2000, 3000)


def test_credit_that_cannot_be_is_refused_as_submitting_would_be(subscription):
    wanted = as_it_is(subscription, licences=12, mpn_id="999")

    assert refusal_of(lambda: quote_changes(subscription, wanted, moment=NOW)) == "mpn_unknown"


@pytest.mark.parametrize("changed", ["credit", "price"])
def test_other_amounts_than_those_agreed_to_are_not_charged(subscription, dearer, provider_admin, changed):
    if changed == "credit":
        ResellerOfRecord.objects.update(ends_at=NOW)
    else:
        Subscription.objects.update(unit_price=Decimal(900))

    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        code = refusal_of(lambda: submit(subscription, provider_admin, agreed=dearer.agreement, licences=12))

    assert (code, subscription.charges.count()) == ("quote_expired", 1)
