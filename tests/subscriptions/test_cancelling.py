from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.access import RoleMissing
from accounts.roles import Role
from activity.models import Activity
from subscriptions.cancelling import cancel, cancellation
from subscriptions.changes import suspend
from subscriptions.credit import credit
from subscriptions.models import Charge, Subscription
from subscriptions.money import Money
from subscriptions.ordering import place_order
from subscriptions.ordering.lines import Line
from tests.factories import LicenceAssignmentFactory, MarkupFactory, SubscriptionFactory, member
from tests.subscriptions.lives import at, bought, charges, planned, sold
from tests.subscriptions.order_answers import draft_for
from tests.subscriptions.submitting import log, refusal_of, submit

NOW = at("2026-03-01 12:00")
LATER = NOW + timedelta(hours=24)


@pytest.fixture
def subscription(relationship):
    """Ten licences at 1000 yen a month, bought at NOW for a year."""
    return bought(relationship, "2026-03-01 12:00")


@pytest.fixture
def add_on(relationship, subscription):
    offer = sold(category="add_on", sku_title="Storage", unit_price=Decimal(100))
    return bought(relationship, "2026-03-01 12:00", offer, base=subscription)


def cancel_at(moment, subscription, membership, *, quoted=None):
    """At a moment, or as it was agreed to at an earlier one."""
    agreed = cancellation(subscription, moment=quoted).quote.agreement if quoted else None
    with time_machine.travel(moment, tick=False):
        cancel(subscription, membership=membership, agreed=agreed)


def test_cancelling_ends_it_and_gives_back_what_is_not_used(subscription, provider_admin):
    plan = planned(subscription, subscription.offer, 5)
    shown = cancellation(subscription, moment=LATER)

    cancel_at(LATER, subscription, provider_admin)

    subscription.refresh_from_db()
    plan.refresh_from_db()
    assert (subscription.status, subscription.ended_at, subscription.due_at) == ("cancelled", LATER, None)
    assert (subscription.charged_until, subscription.revision, subscription.licences) == (LATER, 2, 10)
    assert (shown.until, shown.utc, shown.add_ons) == (NOW + timedelta(hours=168), "2026-03-08 12:00 UTC", [])
    assert shown.quote.totals == [Money(Decimal(-9677), "JPY")]  # 30 of 31 days
    assert charges(subscription)[1:] == [("refund", "2026-03-02 12:00", "2026-04-01 12:00", 10, Decimal(-9677))]
    assert plan.withdrawn_at == LATER
    assert log() == [("renewal_unscheduled", "done", ""), ("subscription_cancelled", "done", "")]
    assert Activity.objects.get(verb="subscription_cancelled").details == {
        "subscription": str(subscription.code),
        "charges": [str(Charge.objects.get(kind="refund").code)],
    }


def test_everything_comes_back_at_the_moment_of_purchase(subscription, provider_admin):
    cancel_at(NOW, subscription, provider_admin)

    assert sum(each.amount for each in subscription.charges.all()) == 0


def test_add_ons_end_with_their_base(subscription, add_on, provider_admin):
    shown = cancellation(subscription, moment=LATER)

    cancel_at(LATER, subscription, provider_admin)

    add_on.refresh_from_db()
    assert shown.add_ons == [add_on]
    assert shown.quote.totals == [Money(Decimal(-9677 - 967), "JPY")]
    assert (add_on.status, add_on.ended_at, add_on.revision) == ("cancelled", LATER, 2)
    assert charges(add_on)[1:] == [("refund", "2026-03-02 12:00", "2026-04-01 12:00", 10, Decimal(-967))]
    assert [(each.verb, each.target) for each in Activity.objects.order_by("pk")] == [
        ("subscription_cancelled", str(each)) for each in (subscription, add_on)
    ]


def test_add_on_can_be_cancelled_alone_within_its_own_window(subscription, relationship, provider_admin):
    add_on = bought(relationship, "2026-03-20 12:00", sold(category="add_on"), base=subscription)

    shown = cancellation(add_on, moment=at("2026-03-21 12:00"))
    cancel_at(at("2026-03-21 12:00"), add_on, provider_admin)

    subscription.refresh_from_db()
    add_on.refresh_from_db()
    assert (shown.until, shown.is_possible, shown.add_ons) == (at("2026-03-27 12:00"), True, [])
    assert (subscription.status, add_on.status) == ("active", "cancelled")
    assert (subscription.due_at, subscription.revision) == (at("2026-04-01 12:00"), 1)
    assert refusal_of(lambda: cancel_at(at("2026-03-21 12:00"), subscription, provider_admin)) == "cancel_window"


def test_one_time_add_on_of_long_ago_is_not_given_back_with_a_renewed_base(subscription, relationship, provider_admin):
    tool, renewed = sold(category="add_on", term="", billing="one_time"), at("2027-03-02 12:00")
    old = bought(relationship, "2026-03-02 12:00", tool, base=subscription)
    new = bought(relationship, "2027-02-27 12:00", tool, base=subscription)

    shown = cancellation(subscription, moment=renewed)
    cancel_at(renewed, subscription, provider_admin)

    assert shown.quote.totals == [Money(Decimal(-9677 - 10000), "JPY")]  # 30 of 31 days, and what is new
    assert [[kind for kind, *_rest in charges(each)] for each in (old, new)] == [["purchase"], ["purchase", "refund"]]
    assert set(Subscription.objects.values_list("status", flat=True)) == {"cancelled"}


@pytest.mark.parametrize("hours", [0, 167.99])
def test_it_can_be_cancelled_for_168_hours_from_the_start_of_the_term(subscription, provider_admin, hours):
    moment = NOW + timedelta(hours=hours)

    assert cancellation(subscription, moment=moment).is_possible
    cancel_at(moment, subscription, provider_admin)


@pytest.mark.parametrize("hours", [168, 700, 8000])
def test_after_that_it_is_refused_saying_until_when_it_was_possible(subscription, provider_admin, hours):
    moment = NOW + timedelta(hours=hours)

    assert not cancellation(subscription, moment=moment).is_possible
    with pytest.raises(ValidationError) as refusal:
        cancel_at(moment, subscription, provider_admin)
    assert (refusal.value.code, refusal.value.params) == ("cancel_window", {"until": "2026-03-08 12:00 UTC"})
    assert log() == [("subscription_cancelled", "refused", "cancel_window")]


def test_renewal_opens_the_window_again(subscription, provider_admin):
    moment = at("2027-03-03 12:00")  # and the schedule is two days late

    shown = cancellation(subscription, moment=moment)
    cancel_at(moment, subscription, provider_admin)

    assert (shown.until, shown.quote.totals) == (at("2027-03-08 12:00"), [Money(Decimal(-9354), "JPY")])
    assert charges(subscription)[-2:] == [
        ("renewal", "2027-03-01 12:00", "2027-04-01 12:00", 10, Decimal(10000)),
        ("refund", "2027-03-03 12:00", "2027-04-01 12:00", 10, Decimal(-9354)),
    ]


def test_licences_added_since_are_given_back_too(subscription, provider_admin):
    with time_machine.travel(LATER, tick=False):
        submit(subscription, provider_admin, licences=13)

    cancel_at(LATER, subscription, provider_admin)

    assert sum(each.amount for each in subscription.charges.all()) == 10000 - 9677
    assert [(kind, count) for kind, _from, _to, count, _amount in charges(subscription)[2:]] == [
        ("refund", 10),
        ("refund", 3),
    ]


def test_reseller_gets_back_what_it_was_billed(relationship, provider, provider_admin, reseller):
    MarkupFactory(provider=provider, percent=Decimal(10))
    subscription = SubscriptionFactory(relationship=relationship, starts_at=NOW, created_at=NOW)
    with time_machine.travel(NOW, tick=False):
        credit(subscription, reseller.organisation.partner_accounts.get(), actor=provider_admin.user)
        subscription.save()
        submit(subscription, provider_admin, licences=12)

    cancel_at(NOW, subscription, provider_admin)

    assert [(each.reseller, each.resale_amount) for each in subscription.charges.order_by("pk")] == [
        (reseller, Decimal(2200)),
        (reseller, Decimal(-2200)),
    ]


def test_suspended_subscription_can_be_cancelled(subscription, provider_admin):
    with time_machine.travel(LATER, tick=False):
        suspend(subscription, membership=provider_admin)
    cancel_at(LATER, subscription, provider_admin)

    subscription.refresh_from_db()
    assert subscription.status == "cancelled"


def test_assigned_licences_do_not_keep_it(subscription, provider_admin):
    given = LicenceAssignmentFactory(subscription=subscription)

    cancel_at(LATER, subscription, provider_admin)

    given.refresh_from_db()
    assert given.withdrawn_at is None  # who had one stays on record


def test_what_is_billed_by_use_can_be_cancelled_at_any_time(relationship, provider_admin):
    offer = sold(category="usage", term="", billing="none", unit_price=Decimal(0))
    azure = bought(relationship, "2026-03-01 12:00", offer, auto_renew=False)
    shown = cancellation(azure, moment=at("2028-01-01"))

    cancel_at(at("2028-01-01"), azure, provider_admin)

    azure.refresh_from_db()
    assert (shown.until, shown.utc, shown.is_possible) == (None, "", True)
    assert (azure.status, azure.charged_until) == ("cancelled", None)


@pytest.mark.parametrize("status", ["cancelled", "expired"])
def test_what_has_ended_cannot_be_cancelled(relationship, provider_admin, status):
    subscription = SubscriptionFactory(relationship=relationship, status=status)

    assert refusal_of(lambda: cancel(subscription, membership=provider_admin)) == "wrong_state"


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.GLOBAL_ADMIN, True),
        (Role.ADMIN_AGENT, True),
        (Role.SALES_AGENT, True),
        (Role.USER_ADMIN, False),
        (Role.HELPDESK_AGENT, False),
        (Role.BILLING_ADMIN, False),
    ],
)
def test_roles(subscription, provider, role, may):
    membership = member(provider.organisation, role)

    if may:
        cancel_at(LATER, subscription, membership)
    else:
        with pytest.raises(RoleMissing):
            cancel_at(LATER, subscription, membership)
    assert (Subscription.objects.get().status == "cancelled") == may


def test_only_the_provider_that_sold_it_cancels(subscription, reseller_admin, customer_admin, stranger):
    for membership in (reseller_admin, customer_admin):
        with pytest.raises(RoleMissing):
            cancel_at(LATER, subscription, membership)
    assert refusal_of(lambda: cancel_at(LATER, subscription, stranger)) == "no_delegation"
    assert Subscription.objects.get().status == "active"


def test_what_was_shown_is_given_back(subscription, provider_admin):
    cancel_at(LATER + timedelta(minutes=14), subscription, provider_admin, quoted=LATER)

    refund = Charge.objects.get(kind="refund")
    assert (refund.period_start, refund.posted_at) == (LATER, LATER + timedelta(minutes=14))


def test_quote_of_within_the_window_still_holds(subscription, provider_admin):
    end = NOW + timedelta(hours=168)

    cancel_at(end + timedelta(minutes=5), subscription, provider_admin, quoted=end - timedelta(minutes=5))

    assert Subscription.objects.get().status == "cancelled"


def test_quote_of_before_another_change_is_refused(subscription, provider_admin):
    with time_machine.travel(LATER + timedelta(minutes=5), tick=False):
        submit(subscription, provider_admin, licences=13)

    late = LATER + timedelta(minutes=10)
    assert refusal_of(lambda: cancel_at(late, subscription, provider_admin, quoted=LATER)) == "quote_expired"


@pytest.mark.parametrize("price", [0, 100])
def test_add_on_that_was_ordered_after_the_quote_is_not_ended_unseen(subscription, sales_agent, price):
    """An order is charged as of the moment of its page, which may be before that of the quote."""
    offer = sold(category="add_on", tags=[f"Requires:{subscription.offer.sku}"], unit_price=Decimal(price))
    shown = cancellation(subscription, moment=LATER + timedelta(minutes=5))
    with time_machine.travel(LATER + timedelta(minutes=6), tick=False):
        place_order(
            draft_for(sales_agent, subscription.customer),
            lines=[Line(offer, 7, base=subscription)],
            relationship=subscription.relationship,
            actor=sales_agent.user,
            moment=LATER,
        )

    with time_machine.travel(LATER + timedelta(minutes=7), tick=False):
        code = refusal_of(lambda: cancel(subscription, membership=sales_agent, agreed=shown.quote.agreement))

    assert (shown.add_ons, code) == ([], "quote_expired")
    assert set(Subscription.objects.values_list("status", flat=True)) == {"active"}
    cancel_at(LATER + timedelta(minutes=8), subscription, sales_agent, quoted=LATER + timedelta(minutes=8))
    assert set(Subscription.objects.values_list("status", flat=True)) == {"cancelled"}


def test_add_on_that_came_after_the_quote_and_is_not_charged_is_not_ended_unseen(subscription, provider_admin):
    shown = cancellation(subscription, moment=LATER)
    add_on = SubscriptionFactory(
        relationship=subscription.relationship, base=subscription, created_at=LATER + timedelta(minutes=1)
    )

    with time_machine.travel(LATER + timedelta(minutes=2), tick=False):
        code = refusal_of(lambda: cancel(subscription, membership=provider_admin, agreed=shown.quote.agreement))

    add_on.refresh_from_db()
    assert (code, add_on.status) == ("quote_expired", "active")


def test_add_on_that_came_and_went_since_the_quote_is_no_reason_to_ask_again(subscription, provider_admin):
    came = LATER + timedelta(minutes=1)
    fields = {"base": subscription, "created_at": came, "status": "cancelled", "ended_at": came}
    SubscriptionFactory(relationship=subscription.relationship, **fields)

    cancel_at(LATER + timedelta(minutes=2), subscription, provider_admin, quoted=LATER)

    subscription.refresh_from_db()
    assert subscription.status == "cancelled"
