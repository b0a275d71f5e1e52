from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.access import RoleMissing
from activity.models import Activity
from subscriptions.changes import suspend
from subscriptions.credit import credit
from subscriptions.models import Charge, Offer
from subscriptions.money import Money
from subscriptions.returns import returnable
from subscriptions.sides import Reader
from subscriptions.upgrades import quote_upgrade, upgrade, upgrade_targets
from tests.factories import MarkupFactory, SubscriptionFactory
from tests.subscriptions.lives import at, bought, charges, planned, sold
from tests.subscriptions.submitting import log, refusal_of, submit

NOW = at("2026-03-01 12:00")
LATER = at("2026-03-11 12:00")  # 21 of 31 days are left


@pytest.fixture
def premium(db):
    """What the standard plan may become."""
    return sold(product_id="CFQPREMIUM", sku_title="Premium", unit_price=Decimal(1500))


@pytest.fixture
def subscription(relationship, premium):
    """Ten licences of Standard at 1000 yen a month, bought at NOW for a year."""
    offer = sold(product_id="CFQSTANDARD", sku_title="Standard", tags=["UpgradesTo:CFQPREMIUM:0001"])
    return bought(relationship, "2026-03-01 12:00", offer)


def upgrade_at(moment, subscription, offer, membership, *, quoted=None):
    """At a moment, or as it was agreed to at an earlier one."""
    agreed = quote_upgrade(subscription, offer, moment=quoted).agreement if quoted else None
    with time_machine.travel(moment, tick=False):
        upgrade(subscription, offer, membership=membership, agreed=agreed)


def test_targets_are_what_the_offer_names_for_the_same_customers_term_and_billing(
    subscription, premium, provider_admin, reseller_admin
):
    same = {"product_id": "CFQPREMIUM", "sku_title": "Premium"}
    for field, value in {
        "market": "DE",
        "currency": "EUR",
        "segment": "education",
        "term": "P1M",
        "billing": "annual",
        "sku_id": "0002",
        "product_id": "CFQOTHER",
    }.items():
        sold(**same | {field: value})
    Offer.objects.filter(pk=premium.pk).update(effective_from=at("2021-01-01"))
    former = sold(**same, effective_to=at("2021-01-01"))

    assert upgrade_targets(subscription, provider_admin) == [premium]
    assert upgrade_targets(subscription, provider_admin, at("2020-06-01")) == [former]
    assert upgrade_targets(subscription, reseller_admin) == []


def test_targets_are_those_of_the_price_list_at_the_moment(relationship, premium, provider_admin):
    tags, product = ["UpgradesTo:CFQPREMIUM:0001"], {"product_id": "CFQSTANDARD"}
    old = sold(effective_to=at("2026-03-10"), **product)
    sold(effective_from=at("2026-03-10"), effective_to=at("2026-03-20"), tags=tags, **product)
    sold(effective_from=at("2026-03-20"), effective_to=at("2026-03-30"), **product)
    running = bought(relationship, "2026-03-01 12:00", old)

    found = [upgrade_targets(running, provider_admin, at(f"2026-03-{day}")) for day in ("09", "10", "19", "20")]

    assert found == [[], [premium], [premium], []]


def test_what_has_left_the_price_list_may_become_what_it_could_when_it_was_bought(
    subscription, premium, provider_admin
):
    Offer.objects.filter(pk=subscription.offer_id).update(effective_to=NOW)
    subscription.refresh_from_db()

    assert upgrade_targets(subscription, provider_admin, LATER) == [premium]
    upgrade_at(LATER, subscription, premium, provider_admin)


def test_upgrade_gives_back_the_rest_and_charges_it_at_the_new_price(subscription, premium, provider_admin):
    plan = planned(subscription, subscription.offer, 5)
    quote = quote_upgrade(subscription, premium, moment=LATER)
    untouched = charges(subscription)

    upgrade_at(LATER, subscription, premium, provider_admin)

    subscription.refresh_from_db()
    plan.refresh_from_db()
    assert len(untouched) == 1
    assert quote.totals == [Money(Decimal(10161 - 6774), "JPY")]
    assert charges(subscription)[1:] == [
        ("refund", "2026-03-11 12:00", "2026-04-01 12:00", 10, Decimal(-6774)),
        ("purchase", "2026-03-11 12:00", "2026-04-01 12:00", 10, Decimal(10161)),
    ]
    assert (subscription.offer, subscription.unit_price, subscription.nickname) == (premium, Decimal(1500), "Premium")
    assert subscription.search_text == f"premium {subscription.code}"
    assert (subscription.starts_at, subscription.ends_at) == (NOW, at("2027-03-01 12:00"))
    assert (subscription.revision, subscription.due_at) == (2, at("2026-04-01 12:00"))
    refund, purchase = Charge.objects.order_by("pk")[1:]
    assert (refund.offer.sku_title, purchase.offer, purchase.order) == ("Standard", premium, None)
    assert plan.withdrawn_at == LATER
    assert log() == [("renewal_unscheduled", "done", ""), ("subscription_upgraded", "done", "")]
    assert Activity.objects.get(verb="subscription_upgraded").details == {
        "subscription": str(subscription.code),
        "old": "Standard",
        "new": "Premium",
        "charges": [str(refund.code), str(purchase.code)],
    }


def test_the_168_hours_run_on_and_what_is_given_back_then_has_the_new_price(subscription, premium, provider_admin):
    moment = NOW + timedelta(hours=100)
    upgrade_at(moment, subscription, premium, provider_admin)
    subscription.refresh_from_db()

    assert [(lot.licences, lot.until) for lot in returnable(subscription, moment)] == [(9, NOW + timedelta(hours=168))]
    with time_machine.travel(moment, tick=False):
        submit(subscription, provider_admin, licences=8)
    purchase, refund = Charge.objects.order_by("pk")[2:]
    assert (refund.undoes, refund.unit_price, refund.licences) == (purchase, Decimal(1500), 2)


def test_own_nickname_is_kept(subscription, premium, provider_admin):
    with time_machine.travel(LATER, tick=False):
        submit(subscription, provider_admin, nickname="Head office")

    upgrade_at(LATER, subscription, premium, provider_admin)

    subscription.refresh_from_db()
    assert (subscription.nickname, subscription.offer) == ("Head office", premium)


def test_markup_is_that_of_this_moment_for_whoever_is_credited(
    subscription, premium, provider, provider_admin, reseller
):
    with time_machine.travel(NOW, tick=False):
        credit(subscription, reseller.organisation.partner_accounts.get(), actor=provider_admin.user)
    MarkupFactory(provider=provider, reseller=reseller, product_id="CFQPREMIUM", percent=Decimal(20))
    quote = quote_upgrade(subscription, premium, moment=LATER)

    upgrade_at(LATER, subscription, premium, provider_admin)

    subscription.refresh_from_db()
    purchase = Charge.objects.order_by("pk").last()
    assert subscription.markup == Decimal(20)
    assert (purchase.resale_unit_price, purchase.resale_amount) == (Decimal(1800), Decimal(12194))
    assert Reader(provider_admin).postings(quote.postings, quote.reseller_id).billed == [Money(Decimal(12194), "JPY")]


def test_quote_is_charged_though_time_went_by(subscription, premium, provider_admin):
    upgrade_at(LATER + timedelta(minutes=14), subscription, premium, provider_admin, quoted=LATER)

    assert charges(subscription)[2][:2] == ("purchase", "2026-03-11 12:00")


def test_price_that_was_corrected_since_is_not_charged_before_it_is_seen(subscription, premium, provider_admin):
    agreed = quote_upgrade(subscription, premium, moment=LATER).agreement
    Offer.objects.filter(pk=premium.pk).update(unit_price=Decimal(1600))
    premium.refresh_from_db()

    with time_machine.travel(LATER + timedelta(minutes=1), tick=False):
        code = refusal_of(lambda: upgrade(subscription, premium, membership=provider_admin, agreed=agreed))

    subscription.refresh_from_db()
    assert (code, subscription.offer.sku_title, subscription.charges.count()) == ("quote_expired", "Standard", 1)


def test_offer_that_lapsed_since_the_quote_can_be_had_by_it(subscription, premium, provider_admin):
    Offer.objects.filter(pk=premium.pk).update(effective_to=LATER + timedelta(minutes=5))
    premium.refresh_from_db()

    late = LATER + timedelta(minutes=10)
    assert refusal_of(lambda: upgrade_at(late, subscription, premium, provider_admin)) == "not_offered"
    upgrade_at(late, subscription, premium, provider_admin, quoted=LATER)


def test_what_is_not_a_target_is_refused(subscription, provider_admin):
    other = sold()

    assert refusal_of(lambda: upgrade_at(LATER, subscription, other, provider_admin)) == "not_offered"
    assert log() == [("subscription_upgraded", "refused", "not_offered")]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"min_licences": 11}, "too_few"),
        ({"max_licences": 9}, "too_many"),
        ({"tags": ["Limit:9"]}, "too_many_altogether"),
    ],
)
def test_limits_of_the_new_offer_hold(subscription, premium, provider_admin, limits, code):
    for name, value in limits.items():
        setattr(premium, name, value)
    premium.save()

    assert refusal_of(lambda: quote_upgrade(subscription, premium, moment=LATER)) == code
    assert refusal_of(lambda: upgrade_at(LATER, subscription, premium, provider_admin)) == code


def test_add_on_has_to_go_with_the_new_product(subscription, premium, relationship, provider_admin):
    fits = {"category": "add_on", "tags": ["Requires:CFQSTANDARD:0001", "Requires:CFQPREMIUM:0001"]}
    add_on = bought(relationship, "2026-03-01 12:00", sold(sku_title="Storage", **fits), base=subscription)
    bought(
        relationship, "2026-03-01 12:00", sold(**fits | {"tags": ["Requires:CFQSTANDARD:0001"]}), base=subscription,
        nickname="Archive",
    )  # fmt: skip

    with pytest.raises(ValidationError) as refusal:
        upgrade_at(LATER, subscription, premium, provider_admin)
    (error,) = refusal.value.error_list
    assert (error.code, error.params) == ("add_on_not_supported", {"add_on": "Archive", "offer": "Premium"})
    assert refusal_of(lambda: quote_upgrade(subscription, premium, moment=LATER)) == "add_on_not_supported"

    subscription.add_ons.exclude(pk=add_on.pk).update(status="cancelled", ended_at=NOW)
    upgrade_at(LATER, subscription, premium, provider_admin)
    add_on.refresh_from_db()
    assert (add_on.revision, len(charges(add_on))) == (1, 1)


def test_what_an_add_on_goes_with_is_what_the_price_list_says_now(subscription, premium, relationship, provider_admin):
    fields = {"product_id": "CFQSTORAGE", "category": "add_on"}
    old = sold(effective_to=LATER, tags=["Requires:CFQSTANDARD:0001"], **fields)
    bought(relationship, "2026-03-01 12:00", old, base=subscription)
    sold(effective_from=LATER, tags=["Requires:CFQSTANDARD:0001", "Requires:CFQPREMIUM:0001"], **fields)

    before = LATER - timedelta(seconds=1)
    assert refusal_of(lambda: quote_upgrade(subscription, premium, moment=before)) == "add_on_not_supported"
    upgrade_at(LATER, subscription, premium, provider_admin)


def test_add_ons_and_trials_are_not_upgraded(subscription, premium, relationship, provider_admin):
    tags = ["UpgradesTo:CFQPREMIUM:0001"]
    add_on = bought(relationship, "2026-03-01 12:00", sold(category="add_on", tags=tags), base=subscription)
    trial = bought(relationship, "2026-03-01 12:00", sold(category="trial", tags=tags))

    assert (upgrade_targets(add_on, provider_admin), upgrade_targets(trial, provider_admin)) == ([], [])
    assert refusal_of(lambda: upgrade_at(NOW, add_on, premium, provider_admin)) == "not_offered"


def test_suspended_and_ended_ones_are_refused(subscription, premium, relationship, provider_admin):
    with time_machine.travel(LATER, tick=False):
        suspend(subscription, membership=provider_admin)
    ended = SubscriptionFactory(relationship=relationship, offer=subscription.offer, status="expired")

    for each in (subscription, ended):
        assert refusal_of(lambda each=each: upgrade_at(LATER, each, premium, provider_admin)) == "wrong_state"


def test_overdue_is_settled_first(subscription, premium, provider_admin):
    quote = quote_upgrade(subscription, premium, moment=at("2026-04-01 12:00"))

    upgrade_at(at("2026-04-01 12:00"), subscription, premium, provider_admin)

    assert quote.totals == [Money(Decimal(5000), "JPY")]
    assert [(kind, amount) for kind, *_rest, amount in charges(subscription)] == [
        ("purchase", Decimal(10000)),
        ("cycle", Decimal(10000)),
        ("refund", Decimal(-10000)),
        ("purchase", Decimal(15000)),
    ]


def test_it_takes_the_right_to_order(subscription, premium, helpdesk, reseller_admin, stranger):
    for membership in (helpdesk, reseller_admin):
        with pytest.raises(RoleMissing):
            upgrade_at(LATER, subscription, premium, membership)
    assert refusal_of(lambda: upgrade_at(LATER, subscription, premium, stranger)) == "no_delegation"
    subscription.refresh_from_db()
    assert (subscription.revision, len(charges(subscription))) == (1, 1)
