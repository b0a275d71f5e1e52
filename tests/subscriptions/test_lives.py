"""Random lives of a subscription, beside a small model of the rules that shares no code with ours (design.md §7).

No illegal state, no lost or invented licence, no money that does not add up, no past that is rewritten.
LIVES=5000 makes other ones, and more than the 25 of every run.
"""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.roles import Role
from subscriptions.cancelling import cancel
from subscriptions.changes import Changes, reactivate, submit_changes, suspend
from subscriptions.ledger import post, purchase
from subscriptions.models import Offer, RenewalPlan, Subscription
from subscriptions.plans import plan_renewal, withdraw_plan
from subscriptions.renewals import run_due
from subscriptions.returns import returnable
from subscriptions.terms import months_later
from tests.factories import OfferFactory, ProviderFactory, RelationshipFactory, SubscriptionFactory, member
from tests.subscriptions.life_model import AgainstTheRulesError, Life

STARTS = [
    datetime(2027, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 6, 15, tzinfo=UTC),
]
PRICES = [999, 1000, 7, 12345]


class Lives(RuleBasedStateMachine):
    """One subscription; every step is done to it and to the model."""

    def __init__(self):
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.past = []

    def teardown(self):
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @initialize(start=st.sampled_from(STARTS), count=st.integers(1, 20), price=st.sampled_from(PRICES))
    def buy(self, start, count, price):
        self.now = start
        with time_machine.travel(start, tick=False):
            provider = ProviderFactory()
            self.member = member(provider.organisation, Role.GLOBAL_ADMIN)
            self.offer = OfferFactory(unit_price=Decimal(price), max_licences=300)
            self.subscription = SubscriptionFactory(
                relationship=RelationshipFactory(provider=provider),
                offer=self.offer,
                licences=count,
                starts_at=start,
                ends_at=months_later(start, 12),
                charged_until=months_later(start, 1),
                due_at=months_later(start, 1),
                created_at=start,
            )
            post([purchase(self.subscription, self.subscription.order_line.order)], actor=None)
        self.life = Life(start, count, [(start, price)])

    @rule(hours=st.one_of(st.integers(1, 200), st.integers(1, 9000)), run=st.booleans())
    def wait(self, hours, run):
        """Time passes; the schedule may come at once, or later, or together with somebody's change."""
        self.now += timedelta(hours=hours, seconds=hours % 7)
        if run:
            with time_machine.travel(self.now, tick=False):
                run_due(self.now)

    @rule(count=st.integers(1, 400))
    def add(self, count):
        self.both(
            lambda now: self.submit(licences=self.current.licences + count),
            lambda now: self.life.add(count, now),
        )

    @rule(count=st.integers(1, 25))
    def give_back(self, count):
        self.both(
            lambda now: self.submit(licences=self.current.licences - count),
            lambda now: self.life.give_back(count, now),
        )

    @rule()
    def cancel(self):
        self.both(lambda now: cancel(self.current, membership=self.member), lambda now: self.life.cancel(now))

    @rule()
    def suspend(self):
        self.both(lambda now: suspend(self.current, membership=self.member), lambda now: self.life.suspend())

    @rule()
    def reactivate(self):
        self.both(lambda now: reactivate(self.current, membership=self.member), lambda now: self.life.reactivate())

    @rule(renews=st.booleans())
    def auto_renew(self, renews):
        self.both(lambda now: self.submit(auto_renew=renews), lambda now: self.life.set_renewal(renews))

    @rule(count=st.integers(1, 310))
    def plan(self, count):
        self.both(
            lambda now: plan_renewal(
                self.current, offer=self.current.offer_now, licences=count, membership=self.member
            ),
            lambda now: self.life.plan(count),
        )

    @rule()
    def unplan(self):
        self.both(lambda now: withdraw_plan(self.current, membership=self.member), lambda now: self.life.unplan())

    @rule(days=st.integers(0, 500), price=st.sampled_from(PRICES))
    def new_price(self, days, price):
        """A line of the price list follows the last one, from some day on."""
        last = Offer.objects.filter(item=self.offer.item).latest("effective_from")
        since = max(self.now, last.effective_from) + timedelta(days=days, seconds=1)
        Offer.objects.filter(pk=last.pk).update(effective_to=since)
        OfferFactory(
            product_id=last.product_id, sku_title=last.sku_title, unit_price=Decimal(price), effective_from=since
        )
        self.life.prices.append((since, price))

    @invariant()
    def it_is_as_the_model_says(self):
        if not hasattr(self, "life"):
            return
        self.life.pass_time(self.now)
        with time_machine.travel(self.now, tick=False):
            run_due(self.now)
            one, life = self.current, self.life
            back = sum(lot.licences for lot in returnable(one)) if not life.is_over else 0
        charges = list(one.charges.order_by("pk").values_list("pk", "kind", "amount", "licences", "period_start"))
        assert (one.status, one.licences, one.unit_price) == (life.status, life.count, life.price)
        assert one.ends_at == life.end
        assert [int(amount) for _pk, _kind, amount, _licences, _start in charges] == life.ledger
        assert charges[: len(self.past)] == self.past
        self.past = charges
        assert sum(kind == "renewal" for _pk, kind, *_rest in charges) == life.renewals
        assert sum(life.ledger) >= 0
        if not life.is_over:
            assert (one.charged_until, one.due_at, back) == (
                life.paid_until,
                life.paid_until,
                life.returnable(self.now),
            )
        planned = RenewalPlan.objects.open().filter(subscription=one).values_list("licences", flat=True)
        assert list(planned) == ([life.planned] if life.planned else [])

    @property
    def current(self):
        one = Subscription.objects.with_parties().get(pk=self.subscription.pk)
        one.offer_now = Offer.objects.on_sale(self.now).get(item=self.offer.item)
        return one

    def submit(self, **wanted):
        one = self.current
        values = {"nickname": one.nickname, "licences": one.licences, "auto_renew": one.auto_renew} | wanted
        changes = Changes(**values, mpn_id="", support_contact=None)
        submit_changes(one, changes, revision=one.revision, membership=self.member)

    def both(self, ours, theirs):
        """Do it to both, or to neither; nobody does two things at the very same moment."""
        self.now += timedelta(seconds=1)
        self.life.pass_time(self.now)
        refused = denied = False
        with time_machine.travel(self.now, tick=False):
            run_due(self.now)
            try:
                ours(self.now)
            except ValidationError:
                refused = True
        try:
            theirs(self.now)
        except AgainstTheRulesError:
            denied = True
        assert refused == denied


@pytest.mark.django_db
def test_lives_follow_the_rules():
    lives = os.environ.get("LIVES")
    shape = settings(
        max_examples=int(lives or 25),
        stateful_step_count=20,
        deadline=None,
        derandomize=not lives,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(Lives, settings=shape)
