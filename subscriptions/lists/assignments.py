"""Who has a licence of what: rows for the pages of a subscription, of a user and of a customer, and as files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, MembershipQuerySet
from accounts.paging import Sorting
from accounts.roles import listed
from resellers.support_profiles import PARTS, SupportContact, profile_of
from staff.listing import Person, person
from subscriptions.assignments import users_of, users_visible_to, with_assigned
from subscriptions.models import LicenceAssignment, Offer, Subscription
from subscriptions.models.assignments import LicenceAssignmentQuerySet
from subscriptions.models.subscriptions import SubscriptionQuerySet
from subscriptions.support import answered_by

HOLDERS = {
    "name": Sorting(("membership__user__name", "pk")),
    "since": Sorting(("assigned_at", "pk"), descending=True),
}
USERS = {"name": Sorting(("user__name", "pk")), "account": Sorting(("user__email", "pk"))}
HELD = {"since": Sorting(("assigned_at", "pk"), descending=True)}
OFFERED = {"newest": Sorting(("created_at", "id"), descending=True)}
_MOST_OWN = 50


@dataclass(frozen=True)
class Choice:
    """A row that can be ticked: a user, or a subscription."""

    row: Any
    is_ticked: bool


@dataclass(frozen=True)
class OwnLicence:
    """A licence as its user sees it: of what, and whom to turn to."""

    subscription: Subscription
    contact: SupportContact


@dataclass(frozen=True)
class Held:
    """What a licence in a list is of, and where that is."""

    nickname: str
    url: str


@dataclass(frozen=True)
class UserRow:
    """A customer's user as a partner sees one, with the licences that are its business."""

    person: Person
    held: list[Held]


def choices(rows: Iterable[Any], ticked: Iterable[Any]) -> list[Choice]:
    """The rows, those ticked that were ticked when the page was sent."""
    wanted = {str(value) for value in ticked}
    return [Choice(row, str(row.pk) in wanted) for row in rows]


def holders_of(subscription: Subscription, membership: Membership) -> LicenceAssignmentQuerySet:
    """Who has a licence of it, for whoever may know the customer's users."""
    rows = LicenceAssignment.objects.active().filter(subscription=subscription)
    people = users_of(subscription.customer, membership)
    return rows.filter(membership__in=people).select_related("membership__user", "assigned_by")


def without_licence(subscription: Subscription, membership: Membership) -> MembershipQuerySet:
    """The customer's users who have none of it."""
    held = LicenceAssignment.objects.active().filter(subscription=subscription, membership=OuterRef("pk"))
    return users_of(subscription.customer, membership).filter(~Exists(held)).select_related("user")


def held_by(user: Membership, membership: Membership) -> LicenceAssignmentQuerySet:
    """What a user has, as far as the reader may see the subscriptions."""
    rows = LicenceAssignment.objects.visible_to(membership).active().filter(membership=user)
    return rows.select_related("subscription__offer", "assigned_by")


def offered_to(user: Membership, membership: Membership) -> SubscriptionQuerySet:
    """The subscriptions of which the user could get a licence, with how many are left."""
    held = LicenceAssignment.objects.active().filter(membership=user, subscription=OuterRef("pk"))
    rows = assignable_to(user, membership).filter(~Exists(held)).select_related("offer")
    return with_assigned(rows)


def assignable_to(user: Membership, membership: Membership) -> SubscriptionQuerySet:
    """The active subscriptions of the user's company that have licences and that the reader may see."""
    rows = Subscription.objects.visible_to(membership).filter(customer=user.organisation_id)
    return rows.filter(status=Subscription.Status.ACTIVE).exclude(offer__category=Offer.Category.USAGE)


def with_licences(people: MembershipQuerySet, membership: Membership) -> MembershipQuerySet:
    """The users with what the list shows of them, in one query: names and codes are all that it needs of licences."""
    held = LicenceAssignment.objects.visible_to(membership).active().filter(membership=OuterRef("pk"))
    pairs = held.order_by("subscription__nickname", "pk").values(
        pair=JSONObject(nickname="subscription__nickname", code="subscription__code")
    )
    return people.select_related("user").annotate(held=ArraySubquery(pairs))


def user_rows(people: Iterable[Membership]) -> Iterator[UserRow]:
    """The rows of with_licences() as a list shows them. A company has few subscriptions, and each has one address."""
    found: dict[str, Held] = {}
    for each in people:
        pairs: list[dict[str, str]] = each.held  # type: ignore[attr-defined]  # annotated
        for pair in pairs:
            if pair["code"] not in found:
                found[pair["code"]] = Held(pair["nickname"], reverse("subscriptions:detail", args=[pair["code"]]))
        yield UserRow(person(each), [found[pair["code"]] for pair in pairs])


def own_licences(membership: Membership) -> list[OwnLicence]:
    """One's own, of what has not ended, with the support contact of each. It takes no role to know them."""
    rows = LicenceAssignment.objects.visible_to(membership).active().filter(membership=membership)
    contact = (f"subscription__support_contact__organisation__{part}" for part in PARTS)
    provider = (f"subscription__provider__organisation__{part}" for part in PARTS)
    rows = rows.exclude(subscription__status__in=Subscription.ENDED)
    rows = rows.select_related("subscription__offer", *contact, *provider)
    found = [each.subscription for each in rows.order_by("subscription__nickname", "pk")[:_MOST_OWN]]
    return [OwnLicence(each, profile_of(answered_by(each))) for each in found]


def user_with_company(membership: Membership) -> MembershipQuerySet:
    """The users whose licences one may look at, each with the company."""
    return users_visible_to(membership).select_related("user", "organisation__customer")


def search_holders(rows: LicenceAssignmentQuerySet, text: str) -> LicenceAssignmentQuerySet:
    """Those with every word in the name or the account."""
    for word in text.split():
        rows = rows.filter(Q(membership__user__name__icontains=word) | Q(membership__user__email__icontains=word))
    return rows


def holders_header() -> list[str]:
    return [_("Name"), _("Account"), _("Assigned"), _("Assigned by")]


def holders_lines(rows: LicenceAssignmentQuerySet) -> Iterator[list[str]]:
    """One line a licence, under holders_header()."""
    for each in rows.iterator(chunk_size=500):
        user = each.membership.user
        by = each.assigned_by.get_full_name() if each.assigned_by else ""
        yield [user.name, user.email, timezone.localtime(each.assigned_at).isoformat(timespec="seconds"), by]


def users_header() -> list[str]:
    return [_("Name"), _("Account"), _("Licenses"), _("State"), _("Since")]


def users_lines(people: MembershipQuerySet) -> Iterator[list[str]]:
    """One line a user, under users_header()."""
    for each in user_rows(people.iterator(chunk_size=500)):
        user, since = each.person.membership.user, each.person.membership.created_at
        licences = listed(licence.nickname for licence in each.held)
        state = str(each.person.state.label)
        yield [user.name, user.email, licences, state, timezone.localtime(since).isoformat(timespec="seconds")]
