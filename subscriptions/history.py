"""What has become of a subscription: what changed in it, what was charged for it, whom it credited, who supported it.

A page shows the latest of each kind, and the whole of one kind on pages of its own (issue 4 point 8).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership, User
from activity.models import Activity
from activity.verbs import Verb
from subscriptions.models import Charge, LicenceChange, ResellerOfRecord, Subscription
from subscriptions.sides import Bill, Reader

LATEST = 5
# Both kinds that the log has come out of one query: so many of it are looked through.
_READ = 10 * LATEST
LIFE = (
    *(Verb.NICKNAME_CHANGED, Verb.AUTO_RENEW_CHANGED, Verb.SUBSCRIPTION_SUSPENDED, Verb.SUBSCRIPTION_REACTIVATED),
    *(Verb.SUBSCRIPTION_CANCELLED, Verb.SUBSCRIPTION_EXPIRED, Verb.SUBSCRIPTION_RENEWED, Verb.SUBSCRIPTION_UPGRADED),
    *(Verb.TRIAL_CONVERTED, Verb.RENEWAL_SCHEDULED, Verb.RENEWAL_UNSCHEDULED),
)
SUPPORT = (Verb.SUPPORT_CONTACT_CHANGED,)


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
    parties = ("partner_account__organisation__reseller__organisation", "set_by")
    return subscription.resellers_of_record.select_related(*parties).order_by("-starts_at", "-pk")


def licence_changes(subscription: Subscription) -> QuerySet[LicenceChange]:
    """Licences bought and given back, the latest first."""
    return subscription.licence_changes.select_related("changed_by").order_by("-changed_at", "-pk")


def activities_of(subscription: Subscription, membership: Membership, verbs: Iterable[Verb]) -> QuerySet[Activity]:
    """What the member's organisation was there for, the latest first: whoever comes later does not read it."""
    return (
        Activity.objects.visible_to(membership)
        .filter(
            affected=subscription.customer_id,
            verb__in=list(verbs),
            result=Activity.Result.DONE,
            details__subscription=str(subscription.code),
        )
        .select_related("actor")
        .order_by("-happened_at", "-pk")
    )


def charges_of(subscription: Subscription, membership: Membership) -> QuerySet[Charge]:
    """What was charged, the latest first: to a provider everything, to a reseller what it was billed."""
    charges = Charge.objects.visible_to(membership).filter(subscription=subscription)
    return charges.select_related("reseller__organisation").order_by("-posted_at", "-pk")


def licence_event(change: LicenceChange) -> Event:
    count = abs(change.difference)
    if change.difference > 0:
        what = ngettext("%(count)s license added", "%(count)s licenses added", count)
    else:
        what = ngettext("%(count)s license given back", "%(count)s licenses given back", count)
    return Event(change.changed_at, what % {"count": count}, by=_name(change.changed_by))


def activity_event(activity: Activity) -> Event:
    before, after = (_words(activity.details.get(name, "")) for name in ("old", "new"))
    return Event(activity.happened_at, activity.get_verb_display(), before, after, _name(activity.actor))


class History:
    """The latest of each kind, as the member may see them; what is not asked for is not read."""

    def __init__(self, subscription: Subscription, membership: Membership) -> None:
        self.subscription, self.membership = subscription, membership
        self._reader = Reader(membership)

    @property
    def licences(self) -> list[Event]:
        return [licence_event(each) for each in self._licences[:LATEST]]

    @property
    def changes(self) -> list[Event]:
        """What else became of it."""
        return self._events(LIFE)

    @property
    def support(self) -> list[Event]:
        return self._events(SUPPORT)

    @property
    def periods(self) -> list[ResellerOfRecord]:
        return self._credits[:LATEST]

    @cached_property
    def bill(self) -> Bill | None:
        """What was charged; None for whose business it is not."""
        return self._reader.charges(self._charges[:LATEST]) if self._reader.sees_charges else None

    @property
    def more(self) -> dict[str, bool]:
        """Of which kinds there is more than is shown."""
        # What is said of one kind may lie behind so much of the other that it was not read.
        is_cut = len(self._log) == _READ
        return {
            "licenses": len(self._licences) > LATEST,
            "changes": is_cut or self._count(LIFE) > LATEST,
            "charges": self._reader.sees_charges and len(self._charges) > LATEST,
            "credit": len(self._credits) > LATEST,
            "support": is_cut or self._count(SUPPORT) > LATEST,
        }

    @property
    def current_credit(self) -> ResellerOfRecord | None:
        """The period that runs now: it began last."""
        return next((period for period in self._credits if period.ends_at is None), None)

    def _events(self, verbs: tuple[Verb, ...]) -> list[Event]:
        return [activity_event(each) for each in self._log if each.verb in verbs][:LATEST]

    def _count(self, verbs: tuple[Verb, ...]) -> int:
        return sum(each.verb in verbs for each in self._log)

    @cached_property
    def _licences(self) -> list[LicenceChange]:
        return list(licence_changes(self.subscription)[: LATEST + 1])

    @cached_property
    def _log(self) -> list[Activity]:
        return list(activities_of(self.subscription, self.membership, (*LIFE, *SUPPORT))[:_READ])

    @cached_property
    def _credits(self) -> list[ResellerOfRecord]:
        return list(credit_periods(self.subscription)[: LATEST + 1])

    @cached_property
    def _charges(self) -> list[Charge]:
        return list(charges_of(self.subscription, self.membership)[: LATEST + 1])


def _name(user: User | None) -> str:
    return user.get_full_name() if user else ""


def _words(value: str | bool) -> str:
    if isinstance(value, bool):
        return _("On") if value else _("Off")
    return value
