"""Cancelling: within 168 hours of the purchase or the renewal, with a refund of what is not used (design.md §7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Permission
from activity.verbs import Verb
from subscriptions.acting import acting, foreseen
from subscriptions.families import Family
from subscriptions.ledger import Posting
from subscriptions.models import Subscription
from subscriptions.plans import withdraw_open_plan
from subscriptions.quotes import Agreement, Quote, quote
from subscriptions.returns import RETURN_WINDOW, unused, utc
from subscriptions.states import CANCEL


@dataclass(frozen=True)
class Cancellation:
    """What cancelling would mean at a moment: until when it is possible, what is given back, what ends with it."""

    until: datetime | None  # None: at any time, as what is billed by use
    quote: Quote
    add_ons: Sequence[Subscription]

    @property
    def is_possible(self) -> bool:
        return self.until is None or self.quote.moment < self.until

    @property
    def utc(self) -> str:
        """Until when, in the time that everybody has."""
        return utc(self.until) if self.until else ""


def cancellation(subscription: Subscription, *, moment: datetime) -> Cancellation:
    """What cancelling the subscription at the moment would mean, possible or not."""
    with foreseen(subscription, moment) as family:
        current = family.member(subscription.pk)
        ending = _ending(family, current)
        postings = _refunds(ending, moment)
        return Cancellation(_until(current), quote(current, postings, moment=moment), ending[1:])


def cancel(subscription: Subscription, *, membership: Membership, agreed: Agreement | None = None) -> None:
    """End it now, or as was agreed to, with its add-ons, and give back what is not used.

    Users keep no access, whoever has its licences; who had them stays on record. An add-on can be cancelled alone.
    Refused with wrong_state, and with cancel_window (saying until when it was possible) after the 168 hours.
    """
    permission = Permission.CANCEL_SUBSCRIPTIONS
    with acting(Verb.SUBSCRIPTION_CANCELLED, subscription, membership, permission=permission, agreed=agreed) as act:
        current = act.subscription
        CANCEL.check(current.status)
        until = _until(current)
        if until and act.moment >= until:
            raise ValidationError(
                _("This subscription could be canceled until %(until)s. It can be kept from renewing."),
                "cancel_window",
                {"until": utc(until)},
            )
        ending = _ending(act.family, current)
        act.postings += _refunds(ending, act.moment)
        for each in ending:
            end(each, act.moment)
            withdraw_open_plan(act, each)
            act.note(Verb.SUBSCRIPTION_CANCELLED, each, costs=True)


def end(subscription: Subscription, moment: datetime) -> None:
    """Cancelled from the moment on: nothing more is charged."""
    subscription.status, subscription.ended_at = CANCEL.goal, timezone.now()
    if subscription.charged_until:
        subscription.charged_until = moment


def _until(subscription: Subscription) -> datetime | None:
    return None if subscription.offer.is_usage_based else subscription.starts_at + RETURN_WINDOW


def _ending(family: Family, subscription: Subscription) -> list[Subscription]:
    """The subscription, and those of its add-ons that end with it."""
    if subscription.base_id:
        return [subscription]
    return [subscription, *(each for each in family.add_ons if not each.ended_at)]


def _refunds(ending: Sequence[Subscription], moment: datetime) -> list[Posting]:
    return [posting for each in ending for posting in unused(each, moment=moment)]
