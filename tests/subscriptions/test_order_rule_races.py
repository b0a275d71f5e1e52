"""The rules of an order against somebody who is quicker, on real connections."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from subscriptions.changes import submit_changes
from subscriptions.models import Charge, Order, Subscription
from subscriptions.ordering import place_order
from subscriptions.ordering.holdings import Holdings
from subscriptions.ordering.lines import Line
from subscriptions.ordering.steps import submit_draft
from tests.factories import OfferFactory, RelationshipFactory, SubscriptionFactory, member
from tests.subscriptions.order_answers import draft_for, line
from tests.subscriptions.submitting import as_it_is
from tests.threads import at_once, fresh, held_up, hold

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def colleague(provider_admin):
    return provider_admin


def submit(draft, membership):
    return partial(submit_draft, type(draft).objects.get(pk=draft.pk), membership=fresh(membership))


def test_two_orders_for_the_last_licences_do_not_both_get_them(sales_agent, colleague, relationship):
    offer = OfferFactory(tags=["Limit:25"])
    drafts = [draft_for(each, relationship.customer, line(offer, 15)) for each in (sales_agent, colleague)]

    results = sorted(at_once(*[submit(each, sales_agent) for each in drafts]))

    assert results in (["done", "too_many_altogether"], ["done", "unfinished"])
    assert [each.licences for each in Subscription.objects.all()] == [15]


def test_an_order_counts_what_the_one_before_it_has_bought(sales_agent, relationship):
    """The rules have been asked when the first order is not there yet; they are asked again under the lock."""
    offer = OfferFactory(tags=["Limit:25"])
    draft = draft_for(sales_agent, relationship.customer)

    refusal = held_up(
        partial(place_order, draft, lines=[Line(offer, 15)], relationship=relationship, actor=sales_agent.user),
        by=lambda: hold(relationship),
        meanwhile=lambda: SubscriptionFactory(relationship=relationship, offer=offer, licences=15),
    )

    assert (refusal, Order.objects.filter(draft=draft).count()) == ("too_many_altogether", 0)


def growing(subscription, membership):
    row = Subscription.objects.get(pk=subscription.pk)
    changes = as_it_is(row, licences=20)
    return partial(submit_changes, row, changes, revision=row.revision, membership=fresh(membership))


def ordering(offer, relationship, membership):
    draft = draft_for(membership, relationship.customer)
    return partial(place_order, draft, lines=[Line(offer, 10)], relationship=relationship, actor=membership.user)


@pytest.mark.parametrize("first", ["growing", "ordering"])
def test_an_order_and_a_change_wait_for_each_other_below_a_limit(sales_agent, colleague, relationship, first):
    offer = OfferFactory(tags=["Limit:25"])
    subscription = SubscriptionFactory(relationship=relationship, offer=offer)
    acts = [growing(subscription, colleague), ordering(offer, relationship, sales_agent)]
    if first == "ordering":
        acts.reverse()

    refusal = held_up(acts[1], by=acts[0])

    assert refusal == "too_many_altogether"
    assert sum(Subscription.objects.values_list("licences", flat=True)) == 20


def test_an_order_and_a_change_at_once_stay_within_a_limit(sales_agent, colleague, relationship):
    offer = OfferFactory(tags=["Limit:25"])
    subscription = SubscriptionFactory(relationship=relationship, offer=offer)

    results = at_once(growing(subscription, colleague), ordering(offer, relationship, sales_agent))

    assert sorted(results) == ["done", "too_many_altogether"]
    assert sum(Subscription.objects.values_list("licences", flat=True)) == 20


def test_two_providers_do_not_both_sell_a_trial(sales_agent, relationship, stranger):
    """They hold different relationships: it is the database that lets one of them pass."""
    trials = [
        OfferFactory(product_id=f"CFQ7TRIAL{number}", category="trial", term="P1M", unit_price=0) for number in (1, 2)
    ]
    elsewhere = RelationshipFactory(provider=stranger.organisation.provider, customer=relationship.customer)
    orders = [
        partial(
            place_order,
            draft_for(seller, relationship.customer),
            lines=[Line(each, 1) for each in offers],
            relationship=row,
            actor=seller.user,
        )
        for seller, row, offers in ((sales_agent, relationship, trials), (stranger, elsewhere, trials[::-1]))
    ]

    results = sorted(at_once(*orders))

    assert results == ["done", "one_trial"]
    assert (Subscription.objects.count(), Order.objects.count(), Charge.objects.count()) == (2, 1, 2)


def test_a_trial_that_somebody_takes_after_the_rules_were_asked_is_refused(
    sales_agent, relationship, stranger, monkeypatch
):
    trial = OfferFactory(category="trial", term="P1M", unit_price=0)
    elsewhere = RelationshipFactory(provider=stranger.organisation.provider, customer=relationship.customer)
    taken = SubscriptionFactory(relationship=elsewhere, offer=trial)

    refusal = held_up(
        partial(
            place_order,
            draft_for(sales_agent, relationship.customer),
            lines=[Line(trial, 1)],
            relationship=relationship,
            actor=sales_agent.user,
        ),
        by=lambda: Subscription.objects.filter(pk=taken.pk).update(trial_of=trial.sku),
    )

    assert refusal == "one_trial"
    assert list(Subscription.objects.all()) == [taken]


@pytest.mark.parametrize(
    ("status", "code"), [("suspended", "base_not_active"), ("cancelled", "base_wrong"), ("expired", "base_wrong")]
)
def test_an_add_on_waits_for_what_becomes_of_its_base(sales_agent, relationship, status, code):
    suite = OfferFactory(product_id="CFQ7SUITE")
    phone = OfferFactory(category="add_on", tags=["Requires:CFQ7SUITE:0001"])
    base = SubscriptionFactory(relationship=relationship, offer=suite, ends_at=timezone.now() + timedelta(days=90))
    draft = draft_for(sales_agent, relationship.customer, line(phone))
    ended_at = timezone.now() if status != "suspended" else None

    refusal = held_up(
        submit(draft, sales_agent),
        by=lambda: hold(base),
        meanwhile=lambda: Subscription.objects.filter(pk=base.pk).update(status=status, ended_at=ended_at),
    )

    assert (refusal, Subscription.objects.get().base) == (code, None)


def test_an_add_on_is_there_for_whoever_holds_its_base_next(sales_agent, relationship):
    suite = OfferFactory(product_id="CFQ7SUITE")
    base = SubscriptionFactory(relationship=relationship, offer=suite, ends_at=timezone.now() + timedelta(days=90))
    phones = [OfferFactory(category="add_on", tags=["Requires:CFQ7SUITE:0001"]) for _each in range(2)]
    drafts = [draft_for(sales_agent, relationship.customer, line(each)) for each in phones]

    results = at_once(*[submit(each, sales_agent) for each in drafts])

    assert results == ["done", "done"]
    assert set(Subscription.objects.filter(base=base).values_list("offer", flat=True)) == {each.pk for each in phones}
    due = Subscription.objects.filter(base=base).order_by("charged_until").values_list("charged_until", flat=True)
    assert Subscription.objects.get(pk=base.pk).due_at == due[0]


def test_what_another_customer_has_is_no_holding(sales_agent, relationship):
    other = RelationshipFactory(provider=relationship.provider)
    offer = OfferFactory()
    SubscriptionFactory(relationship=other, offer=offer)

    assert Holdings.of(relationship.customer_id, relationship.provider_id, [offer]) == Holdings([], {}, ())
    assert member(other.customer.organisation).organisation == other.customer.organisation
