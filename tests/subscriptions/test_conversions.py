from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.access import RoleMissing
from activity.models import Activity
from subscriptions.cancelling import cancellation
from subscriptions.conversions import conversion_targets, convert, quote_conversion
from subscriptions.models import Charge
from subscriptions.money import Money
from subscriptions.returns import returnable
from tests.factories import LicenceAssignmentFactory, MarkupFactory, SubscriptionFactory
from tests.subscriptions.lives import at, bought, charges, planned, sold
from tests.subscriptions.submitting import log, refusal_of

NOW = at("2026-03-01 12:00")
LATER = at("2026-03-11 15:00")


@pytest.fixture
def paid(db):
    return sold(product_id="CFQPAID", sku_title="Suite")


@pytest.fixture
def trial(relationship, paid):
    """Twenty-five licences for a month, for nothing."""
    offer = sold(
        sku_title="Suite trial",
        category="trial",
        term="P1M",
        unit_price=Decimal(0),
        max_licences=25,
        tags=["Trial", "ConvertsTo:CFQPAID:0001"],
    )
    return bought(relationship, "2026-03-01 12:00", offer, licences=25, trial_of=offer.sku)


def convert_at(moment, trial, offer, licences, membership, *, quoted=None):
    """At a moment, or as it was agreed to at an earlier one."""
    agreed = quote_conversion(trial, offer, licences, moment=quoted).agreement if quoted else None
    with time_machine.travel(moment, tick=False):
        convert(trial, offer, licences, membership=membership, agreed=agreed)


def test_targets_are_what_the_trial_becomes_in_every_term_and_billing(trial, paid, provider_admin, reseller_admin):
    monthly = sold(product_id="CFQPAID", sku_title="Suite", term="P1M")
    sold(product_id="CFQPAID", sku_title="Suite", market="DE")
    sold()

    assert conversion_targets(trial, provider_admin) == [monthly, paid]
    assert conversion_targets(trial, reseller_admin) == []


def test_targets_are_those_of_the_price_list_at_the_moment(trial, paid, provider_admin):
    other, offer = sold(product_id="CFQOTHER"), trial.offer
    offer.effective_to = LATER
    offer.save()
    again = {"product_id": offer.product_id, "category": "trial", "term": "P1M"}
    left = conversion_targets(trial, provider_admin, LATER)
    sold(effective_from=LATER, tags=["ConvertsTo:CFQOTHER:0001"], **again)

    assert left == [paid]  # as it was bought, while nobody says anything else
    assert conversion_targets(trial, provider_admin, LATER) == [other]
    assert conversion_targets(trial, provider_admin, NOW) == [paid]


def test_converting_begins_a_paid_term_at_once(trial, paid, provider_admin):
    plan = planned(trial, paid, 25)
    quote = quote_conversion(trial, paid, 30, moment=LATER)

    convert_at(LATER, trial, paid, 30, provider_admin)

    trial.refresh_from_db()
    plan.refresh_from_db()
    assert quote.totals == [Money(Decimal(30000), "JPY")]
    assert charges(trial) == [
        ("purchase", "2026-03-01 12:00", "2026-04-01 12:00", 25, Decimal(0)),
        ("refund", "2026-03-11 15:00", "2026-04-01 12:00", 25, Decimal(0)),
        ("purchase", "2026-03-11 15:00", "2026-04-11 15:00", 30, Decimal(30000)),
    ]
    assert (trial.offer, trial.nickname, trial.unit_price, trial.licences) == (paid, "Suite", Decimal(1000), 30)
    assert (trial.term, trial.billing, trial.auto_renew) == ("P1Y", "monthly", True)
    assert (trial.starts_at, trial.anchor, trial.ends_at) == (LATER, LATER, at("2027-03-11 15:00"))
    assert (trial.charged_until, trial.due_at, trial.revision) == (*[at("2026-04-11 15:00")] * 2, 2)
    assert trial.trial_of != ""  # tried once for all
    assert list(trial.licence_changes.order_by("pk").values_list("difference", flat=True)) == [25, 5]
    assert plan.withdrawn_at == LATER
    assert log() == [("renewal_unscheduled", "done", ""), ("trial_converted", "done", "")]
    assert Activity.objects.get(verb="trial_converted").details == {
        "subscription": str(trial.code),
        "old": "Suite trial",
        "new": "Suite",
        "licences": 30,
        "charges": [str(each.code) for each in Charge.objects.order_by("pk")[1:]],
    }


def test_what_is_converted_may_be_given_back_like_a_purchase(trial, paid, provider_admin):
    convert_at(LATER, trial, paid, 25, provider_admin)
    trial.refresh_from_db()

    assert [(lot.licences, lot.until) for lot in returnable(trial, LATER)] == [(24, LATER + timedelta(hours=168))]
    assert cancellation(trial, moment=LATER).quote.totals == [Money(Decimal(-25000), "JPY")]


def test_incentives_begin_with_the_paid_term(trial, paid, provider, provider_admin, reseller):
    from subscriptions.credit import credit

    MarkupFactory(provider=provider, percent=Decimal(10))
    with time_machine.travel(NOW, tick=False):
        credit(trial, reseller.organisation.partner_accounts.get(), actor=provider_admin.user)

    convert_at(LATER, trial, paid, 25, provider_admin)

    rows = Charge.objects.order_by("pk").values_list("ineligible", "reseller", "resale_amount")
    assert list(rows) == [
        ("trial", None, None),
        ("trial", None, None),
        ("", reseller.pk, Decimal(27500)),
    ]


def test_own_nickname_is_kept_and_what_has_no_term_does_not_renew(trial, provider_admin):
    forever = sold(product_id="CFQPAID", term="", billing="one_time")
    trial.nickname = "Try it"
    trial.save()

    convert_at(LATER, trial, forever, 5, provider_admin)

    trial.refresh_from_db()
    assert (trial.nickname, trial.auto_renew, trial.ends_at, trial.due_at) == ("Try it", False, None, None)
    assert charges(trial)[2] == ("purchase", "2026-03-11 15:00", "", 5, Decimal(5000))


def test_quote_is_charged_though_time_went_by(trial, paid, provider_admin):
    convert_at(LATER + timedelta(minutes=14), trial, paid, 25, provider_admin, quoted=LATER)

    trial.refresh_from_db()
    assert trial.starts_at == LATER


@pytest.mark.parametrize(("licences", "code"), [(0, "too_few"), (301, "too_many"), (2, "licences_assigned")])
def test_licences_are_chosen_within_the_limits(trial, paid, provider_admin, licences, code):
    for _user in range(3):
        LicenceAssignmentFactory(subscription=trial)

    assert refusal_of(lambda: quote_conversion(trial, paid, licences, moment=LATER)) == code
    assert refusal_of(lambda: convert_at(LATER, trial, paid, licences, provider_admin)) == code
    convert_at(LATER, trial, paid, 3, provider_admin)


def test_what_is_no_trial_is_refused(relationship, paid, provider_admin):
    offer = sold(tags=["ConvertsTo:CFQPAID:0001"])
    subscription = bought(relationship, "2026-03-01 12:00", offer)

    assert conversion_targets(subscription, provider_admin) == []
    assert refusal_of(lambda: convert_at(LATER, subscription, paid, 10, provider_admin)) == "not_offered"


def test_add_ons_have_to_go_first(trial, paid, relationship, provider_admin):
    add_on = bought(relationship, "2026-03-01 12:00", sold(category="add_on", term="P1M"), base=trial)

    assert refusal_of(lambda: quote_conversion(trial, paid, 25, moment=LATER)) == "has_add_ons"
    assert refusal_of(lambda: convert_at(LATER, trial, paid, 25, provider_admin)) == "has_add_ons"
    type(add_on).objects.filter(pk=add_on.pk).update(status="cancelled", ended_at=LATER)
    convert_at(LATER, trial, paid, 25, provider_admin)


def test_ended_trial_is_refused(relationship, paid, provider_admin):
    trial = SubscriptionFactory(
        relationship=relationship, offer__category="trial", offer__tags=["ConvertsTo:CFQPAID:0001"], status="expired"
    )

    assert refusal_of(lambda: convert(trial, paid, 10, membership=provider_admin)) == "wrong_state"


def test_it_takes_the_right_to_order(trial, paid, helpdesk, reseller_admin, stranger):
    for membership in (helpdesk, reseller_admin):
        with pytest.raises(RoleMissing):
            convert_at(LATER, trial, paid, 25, membership)
    assert refusal_of(lambda: convert_at(LATER, trial, paid, 25, stranger)) == "no_delegation"
    trial.refresh_from_db()
    assert (trial.revision, len(charges(trial))) == (1, 1)
