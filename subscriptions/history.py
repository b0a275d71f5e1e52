"""What has become of a subscription: whom it credited when, and everything else that changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership, User
from activity.models import Activity
from activity.verbs import Verb
from subscriptions.models import LicenceChange, ResellerOfRecord, Subscription

MOST_EVENTS = 100
_VERBS = (
    Verb.NICKNAME_CHANGED,
    Verb.AUTO_RENEW_CHANGED,
    Verb.SUPPORT_CONTACT_CHANGED,
    Verb.SUBSCRIPTION_SUSPENDED,
    Verb.SUBSCRIPTION_REACTIVATED,
)


@dataclass(frozen=True)
class Event:
    """One change: when, what, from what to what, and by whom as far as that is known."""

    moment: datetime
    what: str
    before: str = ""
    after: str = ""
    by: str = ""


def credit_periods(subscription: Subscription) -> QuerySet[ResellerOfRecord]:
    """Every period of Reseller (MPN ID), the latest first."""
    return subscription.resellers_of_record.select_related("partner_account__organisation", "set_by").order_by(
        "-starts_at"
    )


def events_of(subscription: Subscription, membership: Membership) -> list[Event]:
    """The latest hundred changes besides credit: licences, and what the member's organisation was there for."""
    found = [*_licences(subscription), *_activities(subscription, membership)]
    return sorted(found, key=lambda event: event.moment, reverse=True)[:MOST_EVENTS]


def _licences(subscription: Subscription) -> Iterator[Event]:
    changes: QuerySet[LicenceChange] = subscription.licence_changes.select_related("changed_by")
    for change in changes.order_by("-changed_at", "-pk")[:MOST_EVENTS]:
        count = abs(change.difference)
        if change.difference > 0:
            what = ngettext("%(count)s license added", "%(count)s licenses added", count)
        else:
            what = ngettext("%(count)s license given back", "%(count)s licenses given back", count)
        yield Event(change.changed_at, what % {"count": count}, by=_name(change.changed_by))


def _activities(subscription: Subscription, membership: Membership) -> Iterator[Event]:
    activities = (
        Activity.objects.visible_to(membership)
        .filter(
            affected=subscription.customer_id,
            verb__in=_VERBS,
            result=Activity.Result.DONE,
            details__subscription=str(subscription.code),
        )
        .select_related("actor")
        .order_by("-happened_at", "-pk")
    )
    for activity in activities[:MOST_EVENTS]:
        before, after = (_words(activity.details.get(name, "")) for name in ("old", "new"))
        yield Event(activity.happened_at, activity.get_verb_display(), before, after, _name(activity.actor))


def _name(user: User | None) -> str:
    return user.get_full_name() if user else ""


def _words(value: str | bool) -> str:
    if isinstance(value, bool):
        return _("On") if value else _("Off")
    return value
