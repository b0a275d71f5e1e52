"""The demo's people: somebody new, somebody suspended, somebody who left, and invitations by link."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from accounts.models import Membership
from accounts.passwords import new_password
from accounts.roles import Role
from partnercenter.demo.people import colleague, person
from staff.invitations import decline, invite, join
from staff.models import StaffInvitation
from staff.people import add_person, remove_person, suspend_person

_Event = tuple[float, Callable[[], object]]


def events(staff: Mapping[str, Membership]) -> Iterator[_Event]:
    """What happens, and how many days ago; who acts for a provider appears in the mapping before it does."""
    yield 300, partial(_suspend_later, staff)
    yield 80, partial(_join, staff)
    yield 29, partial(_decline, staff)
    yield 6, partial(_add, staff)
    yield 4, partial(_invite, staff, "keiko.sato@kita.example", Role.ADMIN_AGENT, Role.HELPDESK_AGENT)
    yield 1.5, partial(_invite, staff, "yamada@kita.example", Role.GLOBAL_ADMIN)


def _invite(staff: Mapping[str, Membership], recipient: str, *roles: Role) -> StaffInvitation:
    by = staff["kita"]
    return invite(by.organisation, recipient=recipient, roles=roles, language=by.user.language, by=by)


def _add(staff: Mapping[str, Membership]) -> None:
    """Has not signed in yet, so the temporary password is still to be changed; nobody knows it."""
    add_person(
        staff["kita"].organisation,
        account_name="new-colleague@kita.example",
        name="木下 みらい",
        language="ja",
        roles=[Role.SALES_AGENT],
        password=new_password(),
        by=staff["kita"],
    )


def _suspend_later(staff: Mapping[str, Membership]) -> None:
    by = staff["kita"]
    away = colleague(by.organisation, person("on-leave@kita.example", "Olivia Leave"), Role.BILLING_ADMIN)
    suspend_person(away, by=by)
    gone = colleague(by.organisation, person("former@kita.example", "古川 純", language="ja"), Role.SALES_AGENT)
    remove_person(gone, by=by)


def _join(staff: Mapping[str, Membership]) -> None:
    invitation = _invite(staff, "billing@kita.example", Role.BILLING_ADMIN, Role.USER_ADMIN)
    join(invitation, user=person("billing@kita.example", "Bill Hashimoto"))


def _decline(staff: Mapping[str, Membership]) -> None:
    invitation = _invite(staff, "freelancer@elsewhere.example", Role.HELPDESK_AGENT)
    decline(invitation, user=None, reason="別の会社で働きます。")
