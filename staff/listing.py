"""People in a list: their state, how the list is narrowed and sorted, and what is exported of it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, MembershipQuerySet
from accounts.paging import Sorting
from accounts.roles import Permission, Role, labels, listed
from staff.invitations import backs
from staff.models import StaffInvitation
from staff.rules import may_grant

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
SORTINGS = {
    "name": Sorting(("user__name", "pk")),
    "account": Sorting(("user__email", "pk")),
    "seen": Sorting(("seen_at", "pk"), descending=True),
}
HEADER = (_("Name"), _("Account"), _("Roles"), _("Last sign-in"), _("State"), _("Since"))


class PersonState(models.TextChoices):
    """Whether somebody can come in now, and if not, why."""

    ACTIVE = "active", _("Active")
    PASSWORD = "password", _("Must choose a password")  # a word, not a secret
    SUSPENDED = "suspended", _("Suspended")
    CLOSED = "closed", _("Account closed")
    REMOVED = "removed", _("Removed")


_KINDS = {
    PersonState.ACTIVE: "good",
    PersonState.PASSWORD: "neutral",
    PersonState.SUSPENDED: "warn",
    PersonState.CLOSED: "bad",
    PersonState.REMOVED: "neutral",
}
# The first that holds is somebody's state.
_CONDITIONS = {
    PersonState.REMOVED: Q(ended_at__isnull=False),
    PersonState.SUSPENDED: Q(suspended_at__isnull=False),
    PersonState.CLOSED: Q(user__is_active=False),
    PersonState.PASSWORD: Q(user__must_change_password=True),
    PersonState.ACTIVE: Q(),
}


@dataclass(frozen=True)
class InvitationRow:
    """An invitation as a list shows it."""

    row: StaffInvitation
    roles: list[str]
    may_handle: bool
    """Whether the reader may see the link, send it and withdraw it."""
    is_backed: bool
    """Whether its author may still give these roles; nobody can join otherwise."""


@dataclass(frozen=True)
class Person:
    """A member as a list shows one."""

    membership: Membership
    roles: list[str]
    state: PersonState

    @property
    def kind(self) -> str:
        """The look of the state's badge."""
        return _KINDS[self.state]

    @property
    def is_current(self) -> bool:
        return self.state != PersonState.REMOVED


def state_of(membership: Membership) -> PersonState:
    """in_state(), for one."""
    if membership.ended_at:
        return PersonState.REMOVED
    if membership.suspended_at:
        return PersonState.SUSPENDED
    if not membership.user.is_active:
        return PersonState.CLOSED
    return PersonState.PASSWORD if membership.user.must_change_password else PersonState.ACTIVE


def in_state(rows: MembershipQuerySet, state: str) -> MembershipQuerySet:
    """Those whose state this is."""
    for each, condition in _CONDITIONS.items():
        if each == state:
            return rows.filter(condition)
        rows = rows.exclude(condition)
    return rows.none()


def search(rows: MembershipQuerySet, text: str) -> MembershipQuerySet:
    """Those with every word in the name or the account."""
    for word in text.split():
        rows = rows.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    return rows


def with_users(rows: QuerySet[Membership]) -> Any:
    """With what a list shows and sorts by."""
    return rows.select_related("user").annotate(seen_at=Coalesce("user__last_login", Value(NEVER)))


def people(rows: Iterable[Membership]) -> list[Person]:
    """The rows of with_users() as a list shows them."""
    return [person(each) for each in rows]


def person(membership: Membership) -> Person:
    return Person(membership, labels(Role(role) for role in membership.roles), state_of(membership))


def invitation_rows(rows: Sequence[StaffInvitation], membership: Membership) -> list[InvitationRow]:
    """The invitations as a list shows them to this member."""
    authors = Membership.objects.active().visible_to(membership).filter(user__in={row.created_by_id for row in rows})
    backers = {each.user_id: each for each in authors.select_related("organisation")}
    return [_invitation_row(row, membership, backers.get(row.created_by_id)) for row in rows]


def invitation_row(row: StaffInvitation, membership: Membership) -> InvitationRow:
    """One invitation, for its own page."""
    return invitation_rows([row], membership)[0]


def _invitation_row(row: StaffInvitation, membership: Membership, author: Membership | None) -> InvitationRow:
    may_handle = membership.can(Permission.MANAGE_STAFF) and may_grant(
        set(row.roles), by=membership, organisation=membership.organisation
    )
    return InvitationRow(
        row, labels(Role(role) for role in row.roles), may_handle, author is not None and backs(author, row)
    )


def export_lines(rows: Iterable[Membership]) -> Iterator[tuple[Any, ...]]:
    """What the list shows, as text."""
    for each in people(rows):
        user = each.membership.user
        yield (
            user.name,
            user.email,
            listed(each.roles),
            timezone.localtime(user.last_login).isoformat(timespec="seconds") if user.last_login else "",
            each.state.label,
            timezone.localtime(each.membership.created_at).isoformat(timespec="seconds"),
        )
