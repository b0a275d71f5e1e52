"""What the passing of time makes of subscriptions: billing periods begin, terms end and begin (design.md §7).

Nothing is read or written here: a family is taken from one moment at which something is due to the next, in their
order, and what came of it is collected. So it is the same whether the schedule came in time or days late.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from activity.log import Entry
from activity.verbs import Verb
from subscriptions.families import Family
from subscriptions.ledger import Posting, for_the_rest
from subscriptions.models import Charge, LicenceChange, Offer, RenewalPlan, Subscription
from subscriptions.renewals.outlook import Outlook
from subscriptions.states import CANCEL, EXPIRE, Status
from subscriptions.terms import next_end

_VERBS = {Status.CANCELLED: Verb.SUBSCRIPTION_CANCELLED, Status.EXPIRED: Verb.SUBSCRIPTION_EXPIRED}


@dataclass
class Passing:
    """What time makes of some families, to be written at once. What is changed in them is changed in memory only."""

    outlook: Outlook
    postings: list[Posting] = field(default_factory=list)
    licences: list[LicenceChange] = field(default_factory=list)
    applied: list[RenewalPlan] = field(default_factory=list)
    withdrawn: list[RenewalPlan] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    ended: list[tuple[Subscription, str]] = field(default_factory=list)

    def advance(self, family: Family, moment: datetime) -> None:
        """Take the family from whatever is due first to the moment, and say when it is to be looked at next."""
        postings: list[Posting] = []
        while (at := _due(family)) and at <= moment:
            for each in _living(family):  # the base comes first: add-ons follow it
                if each.charged_until == at:
                    self._step(family, each, postings)
        self.postings += postings
        family.plan_next_visit()

    def _step(self, family: Family, subscription: Subscription, postings: list[Posting]) -> None:
        """The subscription is charged up to a moment that is due: go on from there."""
        at, ends_at = subscription.charged_until, subscription.ends_at
        assert at, "it is due"
        assert ends_at, "what has no term is never due"
        if at < ends_at:
            postings.append(_charge(subscription, Charge.Kind.CYCLE, at))
        elif subscription.status != Status.ACTIVE:
            self._end(family, subscription, Status.CANCELLED, "ended_cancelled")
        elif not subscription.auto_renew:
            self._end(family, subscription, Status.EXPIRED, "ended_expired")
        elif offer := self.outlook.successor(subscription, ends_at):
            _keep_as_it_was(postings, subscription)
            self._renew(family, subscription, offer)
            postings.append(_charge(subscription, Charge.Kind.RENEWAL, ends_at))
        else:
            reason = "ended_trial" if subscription.offer.is_trial else "ended_not_offered"
            self._end(family, subscription, Status.EXPIRED, reason)

    def _renew(self, family: Family, subscription: Subscription, offer: Offer) -> None:
        """Begin the next term where the last one ended, at the prices of that moment, in step with the base."""
        assert subscription.ends_at is not None, "only a term that ends is renewed"
        start, was, verb = subscription.ends_at, _words(subscription), Verb.SUBSCRIPTION_RENEWED
        if subscription.offer.is_trial:
            verb = Verb.TRIAL_CONVERTED
        former, licences = subscription.offer, self.outlook.licences(subscription, offer)
        self._close_plan(subscription, offer)
        if licences != subscription.licences:
            difference = licences - subscription.licences
            self.licences.append(LicenceChange(subscription=subscription, difference=difference, changed_at=start))
        _take_on(subscription, offer)
        subscription.licences = licences
        subscription.markup = self.outlook.markup(subscription, offer, start)
        subscription.starts_at = start
        subscription.ends_at = family.base.ends_at if subscription.base_id else None
        if subscription.ends_at is None or subscription.ends_at <= start:
            subscription.ends_at = next_end(subscription.anchor, start, offer.term)
        subscription.revision += 1
        self.entries.append(_entry(verb, subscription, old=was, new=_words(subscription)))
        if subscription is family.base:
            self._take_along(family, former, start)

    def _take_along(self, family: Family, former: Offer, start: datetime) -> None:
        """What the next term of the base means for its add-ons, beside their own renewal.

        One that does not go with what the base has become ends with the term before. One that was charged once and for
        all ends with the base, so that its end moves with it.
        """
        base = family.base
        for each in [add_on for add_on in family.add_ons if not add_on.ended_at]:
            if self.outlook.is_left_behind(each, former, base.offer, start):
                goal = Status.EXPIRED if each.status == Status.ACTIVE else Status.CANCELLED
                self._end_one(each, start, goal, "ended_not_supported")
            elif each.charged_until is None:
                each.ends_at = base.ends_at

    def _end(self, family: Family, subscription: Subscription, goal: Status, reason: str) -> None:
        """End it with its term, however late that is noticed; what it is the base of ends at the same moment."""
        moment = subscription.ends_at
        self._end_one(subscription, moment, goal, reason)
        if subscription is family.base:
            for each in _living(family):
                # What is suspended cannot expire, nor outlive its base.
                own_goal = goal if each.status == Status.ACTIVE else Status.CANCELLED
                self._end_one(each, moment, own_goal, "ended_with_base")

    def _end_one(self, subscription: Subscription, moment: datetime | None, goal: Status, reason: str) -> None:
        (EXPIRE if goal == Status.EXPIRED else CANCEL).check(subscription.status)
        if plan := self.outlook.plans.pop(subscription.pk, None):
            self.withdrawn.append(plan)
        subscription.status, subscription.ended_at = goal, moment
        subscription.revision += 1
        self.entries.append(_entry(_VERBS[goal], subscription, old=_words(subscription), reason=reason))
        self.ended.append((subscription, reason))

    def _close_plan(self, subscription: Subscription, offer: Offer) -> None:
        """A plan is for one renewal; one for what is not on sale was not followed."""
        if plan := self.outlook.plans.pop(subscription.pk, None):
            (self.applied if plan.offer.item == offer.item else self.withdrawn).append(plan)


def parties_of(subscription: Subscription) -> list[UUID]:
    """The keys of those who are there when something happens to it: see customers.registration.parties()."""
    reseller = subscription.relationship.reseller_id
    return [subscription.provider_id, subscription.customer_id, *([reseller] if reseller else [])]


def _living(family: Family) -> Iterator[Subscription]:
    return (each for each in family if not each.ended_at)


def _due(family: Family) -> datetime | None:
    return min((each.charged_until for each in _living(family) if each.charged_until), default=None)


def _charge(subscription: Subscription, kind: Charge.Kind, at: datetime) -> Posting:
    posting = for_the_rest(subscription, kind, subscription.licences, moment=at)
    assert posting.period.end, "a term has an end"
    assert posting.period.end > at, "time moves on"
    subscription.charged_until = posting.period.end
    return posting


def _keep_as_it_was(postings: list[Posting], subscription: Subscription) -> None:
    """Let what was charged for the term that ends keep its price: a posting reads it when it is posted."""
    before = None
    for index, posting in enumerate(postings):
        if posting.subscription is subscription:
            before = before or copy(subscription)
            postings[index] = replace(posting, subscription=before)


def _take_on(subscription: Subscription, offer: Offer) -> None:
    """Be what the line of the price list says. A name that nobody chose goes with the product."""
    if subscription.nickname == subscription.offer.sku_title[:100] != offer.sku_title[:100]:
        subscription.nickname = offer.sku_title[:100]
        subscription.take_names()
    subscription.offer = offer
    subscription.term, subscription.billing = offer.term, offer.billing
    subscription.unit_price, subscription.currency = offer.unit_price, offer.currency


def _words(subscription: Subscription) -> str:
    """As the log says it to all who are there: without a price, which is the provider's business."""
    return f"{subscription.licences} × {subscription.offer.sku_title} – {subscription.ends_at:%Y-%m-%d}"


def _entry(verb: Verb, subscription: Subscription, **details: str) -> Entry:
    return Entry(
        verb,
        subscription,
        parties_of(subscription),
        affected=subscription.customer.organisation,
        details={"subscription": subscription.code, **details},
    )
