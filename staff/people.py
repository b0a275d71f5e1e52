"""The people of an organisation: added, given roles, suspended, removed (design.md §5, domain.md §11.5).

Whoever calls has checked MANAGE_STAFF, or ASSIGN_LICENCES for a customer that is looked after; seen_by then names the
partner, which reads the line in its activity log beside the organisation itself.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import GIVEN_OUT, Membership, Organisation, User
from accounts.passwords import Credentials, issue_temporary
from accounts.profile import open_account
from accounts.roles import Kind, Role
from activity.log import attempt
from activity.verbs import Verb
from outbox.notices import tell
from outbox.subjects import Subject
from staff.rules import (
    acting,
    check_grant,
    locked,
    refuse_for_last_global_admin,
    refuse_to_touch,
    refuse_unless,
)

REMEMBERED = timedelta(days=30)
"""For how long somebody who was removed is told so."""


def add_person(
    organisation: Organisation,
    *,
    account_name: str,
    name: str,
    language: str,
    roles: Iterable[Role],
    password: str,
    by: Membership,
    seen_by: Iterable[Organisation] = (),
) -> Membership:
    """Open an account that signs in with a temporary password, and make it a member.

    Refused with account_taken when somebody signs in with that name already, with wrong_domain when it is not the
    organisation's to give out, and with global_admin_only when a role is not the caller's to grant.
    """
    wanted = sorted(set(roles))
    with attempt(
        Verb.STAFF_ADDED,
        account_name,
        actor=by.user,
        seen_by=[organisation, *seen_by],
        affected=organisation,
        roles=wanted,
        name=name,
    ):
        check_grant(set(), set(wanted), by=acting(by, organisation), organisation=organisation)
        _check_name(account_name, organisation)
        try:
            with transaction.atomic():
                country = str(organisation.country)
                user = open_account(
                    account_name, password, name=name, language=language, country=country, temporary=True
                )
        except IntegrityError:
            raise account_taken(account_name) from None
        return Membership.objects.create(user=user, organisation=organisation, roles=wanted)


def change_roles(membership: Membership, roles: Iterable[Role], *, by: Membership) -> Membership:
    """Set somebody's roles, and tell. Refused with global_admin_only, last_global_admin, and wrong_state."""
    wanted = sorted(set(roles))
    organisation = membership.organisation
    with attempt(
        Verb.STAFF_ROLES_CHANGED, membership.user, actor=by.user, seen_by=[organisation], affected=organisation
    ) as line:
        by = acting(by, organisation)
        membership = locked(membership)
        line.details |= {"old": sorted(membership.roles), "new": wanted}
        refuse_unless(membership.ended_at is None)
        check_grant(set(membership.roles), set(wanted), by=by, organisation=organisation)
        if Role.GLOBAL_ADMIN not in wanted:
            refuse_for_last_global_admin(membership)
        if sorted(membership.roles) == wanted:
            line.is_written = True
            return membership
        membership.roles = wanted
        membership.save(update_fields=["roles"])
        if membership.user_id != by.user_id:
            tell_roles(membership)
    return membership


def tell_roles(membership: Membership) -> None:
    """Tell a person which roles somebody else has just given."""
    tell(
        Subject.ROLES_CHANGED,
        [membership],
        path=reverse("account_settings"),
        company=membership.organisation.name,
        roles=" ".join(membership.roles),  # outbox/sentences.py says them in the reader's language
    )


def suspend_person(membership: Membership, *, by: Membership, seen_by: Iterable[Organisation] = ()) -> None:
    """Keep somebody out until reactivated. Refused with yourself, global_admin_only, last_global_admin, wrong_state."""
    with _changing(Verb.STAFF_SUSPENDED, membership, by, seen_by) as (membership, by):
        refuse_unless(membership.suspended_at is None and membership.ended_at is None)
        refuse_to_touch(membership, by)
        refuse_for_last_global_admin(membership)
        membership.suspended_at = timezone.now()
        membership.save(update_fields=["suspended_at"])


def reactivate_person(membership: Membership, *, by: Membership, seen_by: Iterable[Organisation] = ()) -> None:
    """Let somebody in again. Refused with global_admin_only and wrong_state."""
    with _changing(Verb.STAFF_REACTIVATED, membership, by, seen_by) as (membership, by):
        refuse_unless(membership.suspended_at is not None and membership.ended_at is None)
        check_grant(set(), set(membership.roles), by=by, organisation=membership.organisation)
        membership.suspended_at = None
        membership.save(update_fields=["suspended_at"])


def remove_person(membership: Membership, *, by: Membership, seen_by: Iterable[Organisation] = ()) -> None:
    """End somebody's membership; the row stays, and so does the account. Refused as suspending is."""
    with _changing(Verb.STAFF_REMOVED, membership, by, seen_by) as (membership, by):
        refuse_unless(membership.ended_at is None)
        refuse_to_touch(membership, by)
        refuse_for_last_global_admin(membership)
        membership.ended_at = timezone.now()
        membership.save(update_fields=["ended_at"])


def reset_password(membership: Membership, *, by: Membership, seen_by: Iterable[Organisation] = ()) -> Credentials:
    """Give a colleague a new temporary password, which signs that person out everywhere (domain.md §1.1).

    Refused with yourself, global_admin_only, wrong_state, and with works_elsewhere for somebody whose password opens
    another company's pages, or the operator's, as well.
    """
    with _changing(Verb.PASSWORD_RESET, membership, by, seen_by) as (membership, by):
        refuse_unless(membership.suspended_at is None and membership.ended_at is None)
        refuse_to_touch(membership, by)
        # The account is held before one looks where else it works: join() holds it as well.
        user = User.objects.select_for_update(no_key=True).get(pk=membership.user_id)
        others = Membership.objects.current().filter(user=user).exclude(pk=membership.pk)
        if user.is_staff or others.exists():
            raise ValidationError(
                _("%(person)s uses this account elsewhere too. Ask that person to choose “Forgot your password?”."),
                "works_elsewhere",
                {"person": user.get_full_name()},
            )
        return issue_temporary(user)


def shut_out_of(user: User) -> list[Membership]:
    """The memberships that were suspended, or that ended lately, in companies that the person cannot act for now."""
    current = Membership.objects.active().filter(user=user).values("organisation")
    found = Membership.objects.filter(user=user).exclude(organisation__in=current).select_related("organisation")
    lately = timezone.now() - REMEMBERED
    return [
        each
        for each in found.order_by("organisation", "-pk").distinct("organisation")
        if (each.suspended_at and not each.ended_at) or (each.ended_at and each.ended_at > lately)
    ]


def account_taken(account_name: str) -> ValidationError:
    return ValidationError(
        {
            "account_name": ValidationError(
                _("Somebody already signs in as %(account)s. Choose another name, or invite that person by link."),
                "account_taken",
                {"account": account_name},
            )
        }
    )


def domain_of(organisation: Organisation) -> str:
    """The domain in which a customer gives out account names; none for partners, whose people have addresses."""
    return organisation.customer.primary_domain if organisation.kind == Kind.CUSTOMER else ""


def _check_name(account_name: str, organisation: Organisation) -> None:
    """A customer gives out names in its own domain and in no other; nobody else gives out names in such a domain."""
    domain = domain_of(organisation).lower()
    name = account_name.strip().lower()
    is_ours = name.endswith(f"@{domain}") if domain else not name.endswith(GIVEN_OUT)
    if not is_ours:
        raise ValidationError(
            {
                "account_name": ValidationError(
                    _("%(account)s is not a name that this company can give out."),
                    "wrong_domain",
                    {"account": account_name},
                )
            }
        )


@contextmanager
def _changing(
    verb: Verb, membership: Membership, by: Membership, seen_by: Iterable[Organisation]
) -> Iterator[tuple[Membership, Membership]]:
    """The membership and the caller as they are now, held, with the line in the activity log."""
    organisation = membership.organisation
    audience = [organisation, *seen_by]
    with attempt(verb, membership.user, actor=by.user, seen_by=audience, affected=organisation):
        by = acting(by, organisation)
        yield locked(membership), by
