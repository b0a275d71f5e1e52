"""Random lives of a base with add-ons, a reseller of record and several products, beside family_model.py.

No illegal state, no add-on that outlives its base, no money that does not add up on either side, no past that is
rewritten. LIVES=5000 makes other ones, and more than those of every run.
"""

import os
import random
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from subscriptions.renewals import run_due
from tests.subscriptions.families_world import MARKUPS, PRICES, SCOPES, SHAPES, World
from tests.subscriptions.family_model import Household
from tests.subscriptions.market_model import WINDOW, AgainstTheRulesError
from tests.subscriptions.random_lives import draw, failure, shortened, step

STARTS = [
    datetime(2027, 12, 31, 23, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2026, 6, 15, tzinfo=UTC),
]
HOUR, DAY = 3600, 86400
GAPS = [0, 0, 0, 0, 0, 59, HOUR, DAY, 3 * DAY, 45 * DAY]  # seconds until the next step
WAITS = [HOUR, 3 * DAY, 7 * DAY - 1, 20 * DAY, 45 * DAY, 400 * DAY]
THINKS = [None, None, None, None, 0, 60, 899, 901]  # seconds before what was quoted is submitted
MORE = [-300, -12, -5, -2, -1, 1, 2, 5, 13, 300]
COUNTS = [1, 2, 7, 10, 33, 300, 301]
WHICH = ["BASE", "BASE", "ADD", "ONCE"]
RESELLERS = ["", "A", "A", "B"]
HOLDS_FOR = timedelta(minutes=15)
AMOUNTS = ("licences", "amount", "resale_amount")
ADDED = [(), (), ("ADD",), ("ONCE",), ("ADD", "ONCE")]


def first(rnd):
    """What is bought first: the product, how many, the reseller, and what is added at once."""
    return rnd.choice(["STD", "STD", "TRY"]), rnd.randint(1, 20), rnd.choice(RESELLERS), rnd.choice(ADDED)


class Families:
    """One family; every step is done to it and to the model."""

    @step(
        start=STARTS,
        currency=["JPY", "USD"],
        shape=SHAPES,
        added=SHAPES,
        prices=lambda rnd: rnd.choices(range(4), k=5),
        percents=lambda rnd: rnd.choices(MARKUPS[:4], k=2),
        bought=first,
    )
    def begin(self, start, currency, shape, added, prices, percents, bought):
        self.now = start
        names = ("STD", "PRO", "TOP", "ADD", "ONCE")
        with time_machine.travel(start, tick=False):
            self.world = World(
                currency,
                shape,
                added,
                {name: PRICES[currency][number] for name, number in zip(names, prices, strict=True)},
            )
            for scope, percent in zip(SCOPES, percents, strict=False):
                self.world.set_markup(scope, percent, start)
        self.buy(*bought)

    @step(6, when=lambda self: self.family.base.is_over, bought=first)
    def buy_again(self, bought):
        """Somebody else; what the last one had is over, and stays as it is."""
        self.now += timedelta(seconds=1)
        with time_machine.travel(self.now, tick=False):
            self.world.meet()
        self.buy(*bought)

    def buy(self, product, count, reseller, added):
        self.past = []
        with time_machine.travel(self.now, tick=False):
            if self.world.market.price(product, self.now) is None:
                product = "TRY"
            self.world.order(product, count, reseller=reseller)
        self.family = Household(self.world.market, product, count, reseller, self.now)
        for each in added:
            self.order_add_on(each, count, 0)

    @step(2, gap=WAITS)
    def wait(self, gap):
        self.now += timedelta(seconds=gap)

    @step(4, what=["due", "end", "window"], early=[0, 1])
    def wait_until(self, what, early):
        """The very moment of a boundary is this one, or the next step's."""
        family = self.family
        moment = {"due": family.due, "end": family.ends_at, "window": family.base.begin + WINDOW}[what]
        self.now = max(self.now, (moment or self.now) - timedelta(seconds=early))

    @step(3, product=["ADD", "ONCE"], count=COUNTS, gap=GAPS)
    def order_add_on(self, product, count, gap):
        if any(each.product.name == product for each in self.family.living):
            return
        self.both(
            lambda _agreed: self.world.order(product, count),
            lambda now: self.family.order(product, count, now),
            gap=gap,
            is_order=True,
        )

    @step(5, which=WHICH, more=MORE, fits=[False, True], gap=GAPS, thinks=THINKS)
    def count_licences(self, which, more, fits, gap, thinks):
        """Anything, or as many as the rules allow."""
        member = self.member(which)
        if fits and more < 0:
            more = -min(-more, member.returnable(self.now))
        elif fits:
            more = min(more, member.product.most - member.count)
        self.change(which, gap, thinks, more=more)

    @step(3, reseller=RESELLERS, more=[0, 0, 3, -1], gap=GAPS, thinks=THINKS)
    def credit(self, reseller, more, gap, thinks):
        self.change("BASE", gap, thinks, reseller=reseller, more=more)

    @step(2, which=WHICH, renews=[False, False, True], gap=GAPS)
    def auto_renew(self, which, renews, gap):
        self.change(which, gap, None, renews=renews)

    @step(2, which=WHICH, gap=GAPS, thinks=THINKS)
    def cancel(self, which, gap, thinks):
        self.act(which, gap, thinks, "cancel", lambda member, now: self.family.cancel(member, now))

    @step(which=WHICH, gap=GAPS)
    def suspend(self, which, gap):
        self.act(which, gap, None, "suspend", lambda member, _now: self.family.suspend(member))

    @step(3, when=lambda self: self.family.base.status == "suspended", which=WHICH, gap=GAPS)
    def reactivate(self, which, gap):
        self.act(which, gap, None, "reactivate", lambda member, _now: self.family.reactivate(member))

    @step(3, when=lambda self: not self.family.base.product.becomes, product=["PRO", "TOP"], gap=GAPS, thinks=THINKS)
    def upgrade(self, product, gap, thinks):
        self.act("BASE", gap, thinks, "upgrade", lambda member, now: self.family.upgrade(member, product, now), product)

    @step(
        3,
        when=lambda self: self.family.base.product.becomes,
        product=["STD", "STD", "PRO"],
        count=COUNTS,
        gap=GAPS,
        thinks=THINKS,
    )
    def convert(self, product, count, gap, thinks):
        self.act(
            *("BASE", gap, thinks, "convert", lambda member, now: self.family.convert(member, product, count, now)),
            *(product, count),
        )

    @step(3, which=WHICH, is_other=[False, True], count=COUNTS, gap=GAPS)
    def plan(self, which, is_other, count, gap):
        """With itself in another number, or with what it may become."""
        own = self.member(which).product
        product = {"TRY": "STD", "STD": "PRO", "PRO": "TOP"}.get(own.name, own.name) if is_other else own.name
        self.act(
            *(which, gap, None, "plan", lambda member, now: self.family.plan(member, product, count, now)),
            *(product, count),
        )

    @step(when=lambda self: any(each.plan for each in self.family.living), which=WHICH, gap=GAPS)
    def unplan(self, which, gap):
        self.act(which, gap, None, "unplan", lambda member, _now: self.family.unplan(member))

    @step(2, scope=SCOPES, percent=MARKUPS, gap=[0, 0, *WAITS])
    def set_markup(self, scope, percent, gap):
        """Also before the schedule has seen what is due: that keeps the markup of its moment."""
        self.now += timedelta(seconds=1 + gap)
        with time_machine.travel(self.now, tick=False):
            self.world.set_markup(scope, percent, self.now)

    @step(price=[0, 1, 2, 3, None], product=["STD", "PRO", "ADD"], days=[0, 5, 30, 200])
    def new_price(self, price, product, days):
        """A line of the price list follows the last one from some day on, or none does."""
        price = None if price is None else PRICES[self.world.currency][price]
        self.now += timedelta(seconds=1)
        self.world.new_price(product, price, self.now + timedelta(days=days))

    def check(self):
        """Everything is as the model says."""
        self.family.pass_time(self.now)
        with time_machine.travel(self.now, tick=False):
            run_due(self.now)
            seen, charges = self.world.seen(self.now)
        for ours, theirs in zip(seen, self.family.members, strict=True):
            assert ours == self.family.look(theirs, self.now)
        self.check_ledger(charges)

    def check_ledger(self, charges):
        """Of nothing more is given back than was charged, on either side, and to nobody else; no line changes."""
        assert charges[: len(self.past)] == self.past
        self.past = charges
        left = {each["id"]: [each[key] or 0 for key in AMOUNTS] for each in charges if not each["undoes_id"]}
        to_whom = {each["id"]: each["reseller_id"] for each in charges}
        for each in charges:
            if each["undoes_id"]:
                assert each["reseller_id"] == to_whom[each["undoes_id"]]
                amounts = left[each["undoes_id"]]
                given = (each["licences"] * -1, each["amount"], each["resale_amount"] or 0)
                left[each["undoes_id"]] = [rest + part for rest, part in zip(amounts, given, strict=True)]
        assert all(rest >= 0 for amounts in left.values() for rest in amounts)

    def member(self, which):
        """The base, or the last that was added of a product; the base where there is none."""
        named = [each for each in self.family.add_ons if each.product.name == which]
        return named[-1] if named else self.family.base

    def change(self, which, gap, thinks, **wanted):
        """The form of the page: refused when the term that it was read in is over."""
        self.act(
            *(which, gap, thinks, "change"),
            lambda member, now: self.family.change(member, now, **wanted),
            is_read_before=True,
            **wanted,
        )

    def act(self, which, gap, thinks, verb, theirs, *args, is_read_before=False, **kwargs):
        member = self.member(which)
        number = self.family.members.index(member)
        self.both(
            lambda agreed: self.world.act(verb, number, *args, agreed=agreed, **kwargs),
            lambda now: theirs(member, now),
            gap=gap,
            quote=lambda moment: self.world.quote(verb, number, *args, moment=moment, **kwargs),
            thinks=thinks,
            read=member if is_read_before else None,
        )

    def both(self, ours, theirs, *, gap, quote=None, thinks=None, read=None, is_order=False):
        """Do it to both, or to neither, as of the moment at which it was quoted."""
        asked = self.now = self.now + timedelta(seconds=1 + gap)
        try:
            with time_machine.travel(asked, tick=False):
                agreed = None if thinks is None else quote(asked)
            self.now += timedelta(seconds=thinks or 0)
            with time_machine.travel(self.now, tick=False):
                ours(agreed and agreed())
            refused = None
        except ValidationError as refusal:
            self.now, refused = asked + timedelta(seconds=thinks or 0), refusal
        denied = self.is_denied(theirs, asked, is_quoted=thinks is not None, read=read, is_order=is_order)
        assert bool(refused) == denied, refused

    def is_denied(self, theirs, asked, *, is_quoted, read, is_order):
        family = self.family
        before, is_overdue = read and (read.begin, read.status), not family.base.is_over and family.ends_at <= asked
        family.pass_time(asked)
        is_outdated = read and (before != (read.begin, read.status) or (is_quoted and is_overdue and asked < self.now))
        is_expired = is_quoted and (self.now - asked > HOLDS_FOR or (family.due and family.due <= self.now))
        if is_outdated or is_expired or (is_order and is_overdue):
            return True
        try:
            theirs(asked)
        except AgainstTheRulesError:
            return True
        return False


@pytest.mark.django_db
def test_families_follow_the_rules():
    lives = os.environ.get("LIVES")
    begin = random.SystemRandom().randrange(10**9) if lives else 0
    for seed in range(begin, begin + int(lives or 24)):
        steps = draw(Families, seed, 40)
        if found := failure(Families, steps):
            steps, report = shortened(Families, steps, found[0])
            pytest.fail("\n".join([f"life {seed}", *map(str, steps), report or found[1]]))
