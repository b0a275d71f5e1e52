"""What always holds about an organisation's people (design.md §5): who may give what, and that somebody stays.

Only a Global admin of the same organisation gives or takes away Global admin, and the last one stays. The
organisation's row is locked while that is decided, so that two at once cannot both be the last but one.
"""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation
from accounts.roles import Kind, Permission, Role, who_may


def acting(by: Membership, organisation: Organisation) -> Membership:
    """The caller as of now, with the organisation's row held: roles may have been taken away while this waited.

    Refused with role_missing. One's own organisation takes MANAGE_STAFF; a customer that one looks after takes
    ASSIGN_LICENCES, and whether one does look after it is for whoever calls.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    now = Membership.objects.active().select_related("user", "organisation").filter(pk=by.pk).first()
    is_own = by.organisation_id == organisation.pk
    permission = Permission.MANAGE_STAFF if is_own else Permission.ASSIGN_LICENCES
    if now is None or not now.can(permission):
        raise ValidationError(
            _("This takes one of these roles: %(roles)s. Yours have changed meanwhile."),
            "role_missing",
            {"roles": who_may(permission, Kind(by.organisation.kind))},
        )
    return now


def locked(membership: Membership) -> Membership:
    """The membership as it is now, held until the transaction ends. Its organisation has been locked first."""
    return (
        Membership.objects.select_for_update(of=("self",)).select_related("user", "organisation").get(pk=membership.pk)
    )


def may_grant(roles: set[str], *, by: Membership, organisation: Organisation) -> bool:
    """Whether this person can give somebody these roles in that organisation."""
    is_admin = by.organisation_id == organisation.pk and Role.GLOBAL_ADMIN in by.roles
    return is_admin or Role.GLOBAL_ADMIN not in roles


def check_grant(before: set[str], after: set[str], *, by: Membership, organisation: Organisation) -> None:
    """Refuse a change of Global admin by anybody but a Global admin of the same organisation: global_admin_only."""
    if not may_grant(before ^ after, by=by, organisation=organisation):
        raise ValidationError(
            {
                "roles": ValidationError(
                    _("Only a Global admin can give or take away the role Global admin."), "global_admin_only"
                )
            }
        )


def refuse_to_touch(membership: Membership, by: Membership) -> None:
    """Nobody shuts out, or gets the password of, oneself or a Global admin without being one."""
    if membership.user_id == by.user_id:
        raise ValidationError(_("You cannot do this to yourself. Ask a colleague with the role."), "yourself")
    check_grant(set(membership.roles), set(), by=by, organisation=membership.organisation)


def refuse_for_last_global_admin(membership: Membership) -> None:
    if Role.GLOBAL_ADMIN not in membership.roles or membership.suspended_at:
        return
    admins = Membership.objects.active().filter(
        organisation=membership.organisation_id, roles__contains=[Role.GLOBAL_ADMIN]
    )
    if not admins.exclude(pk=membership.pk).exists():
        raise ValidationError(
            {
                "roles": ValidationError(
                    _("%(person)s is the last Global admin: make somebody else Global admin first."),
                    "last_global_admin",
                    {"person": membership.user.get_full_name()},
                )
            }
        )


def refuse_unless(is_possible: bool) -> None:
    if not is_possible:
        raise ValidationError(_("Somebody has changed this user meanwhile. Look at the list again."), "wrong_state")
