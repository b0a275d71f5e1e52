"""What the roles mean in each kind of organisation: in a few words, and exactly (domain.md §1.2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.roles import PERMISSIONS, Kind, Permission, Role, roles_with

ROLE_HELP: dict[Kind, dict[Role, str | Promise]] = {
    Kind.PROVIDER: {
        Role.GLOBAL_ADMIN: _("Acts for the company: agreements, partnerships and everything the other roles can do."),
        Role.USER_ADMIN: _("Manages the company's users. Works with resellers, adds customers and submits orders."),
        Role.ADMIN_AGENT: _("Looks after customers and subscriptions in every way."),
        Role.SALES_AGENT: _("Adds customers, submits orders and works with resellers."),
        Role.HELPDESK_AGENT: _("Helps customers: their account, licenses and support contact."),
        Role.BILLING_ADMIN: _("Sees orders and prices."),
    },
    Kind.RESELLER: {
        Role.GLOBAL_ADMIN: _("Acts for the company: agreements, partnerships and everything the other roles can do."),
        Role.USER_ADMIN: _("Manages the company's users. Changes licenses and asks customers for a relationship."),
        Role.ADMIN_AGENT: _("Looks after the customers entrusted to the company, and answers their support requests."),
        Role.SALES_AGENT: _("Looks after the customers entrusted to the company, and asks for new relationships."),
        Role.HELPDESK_AGENT: _("Helps customers: their account, licenses and support requests."),
        Role.BILLING_ADMIN: _("Sees customers, subscriptions and orders, and changes nothing."),
    },
    # A customer has no sales to do, so the roles that are about customers mean nothing there.
    Kind.CUSTOMER: {
        Role.GLOBAL_ADMIN: _("Acts for the company: decides about partners and their access, and manages users."),
        Role.USER_ADMIN: _("Manages the company's users and their licenses."),
        Role.BILLING_ADMIN: _("Sees subscriptions, orders and partners, and asks for support."),
    },
}


@dataclass(frozen=True)
class RoleLine:
    """A row of the table of roles: something that may be done, and for each role, by name, whether it may."""

    label: str | Promise
    cells: list[tuple[str | Promise, bool]]


def offered(kind: Kind, held: Iterable[str] = ()) -> list[Role]:
    """The roles that make a difference in an organisation of this kind, and those that somebody holds all the same."""
    return [role for role in Role if role in ROLE_HELP[kind] or role in held]


def role_table(kind: Kind) -> list[RoleLine]:
    """What each role may do in an organisation of this kind, as it is decided for every request."""
    return [
        RoleLine(permission.label, [(role.label, role in roles_with(permission, kind)) for role in offered(kind)])
        for permission in Permission
        if permission in PERMISSIONS[kind]
    ]
