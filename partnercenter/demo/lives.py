"""What becomes of some of the demo's subscriptions: one is upgraded, and one renews with more licenses."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from accounts.models import Membership
from subscriptions.models import Subscription
from subscriptions.models.subscriptions import SubscriptionQuerySet
from subscriptions.plans import plan_renewal
from subscriptions.upgrades import upgrade, upgrade_targets


def events(staff: Mapping[str, Membership]) -> Iterator[tuple[float, Callable[[], object]]]:
    """Each so many days ago."""
    yield 70, partial(_upgrade, staff["kita"])
    yield 20, partial(_plan, staff["kita"])


def _upgrade(membership: Membership) -> None:
    """The oldest that can become something else does."""
    for subscription in _active(membership).order_by("pk"):
        if targets := upgrade_targets(subscription, membership):
            upgrade(subscription, targets[0], membership=membership)
            return


def _plan(membership: Membership) -> None:
    """The next one to renew takes five licenses more then."""
    renewing = _active(membership).filter(auto_renew=True, base=None, trial_of="").exclude(ends_at=None)
    subscription = renewing.order_by("ends_at", "pk")[0]
    plan_renewal(subscription, offer=subscription.offer, licences=subscription.licences + 5, membership=membership)


def _active(membership: Membership) -> SubscriptionQuerySet:
    rows = Subscription.objects.visible_to(membership).with_parties()
    return rows.filter(status=Subscription.Status.ACTIVE, add_ons=None)
