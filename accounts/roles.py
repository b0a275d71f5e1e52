"""Who may do what: one table in code for each kind of organisation, reviewed like any other change.

Source: design.md §5, domain.md §1. Roles add up; the setting ROLE_RESTRICTIONS may narrow a permission, never widen it.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What an organisation is to the others."""

    PROVIDER = "provider", _("Indirect provider")
    RESELLER = "reseller", _("Indirect reseller")
    CUSTOMER = "customer", _("Customer")


class Role(models.TextChoices):
    GLOBAL_ADMIN = "global_admin", _("Global admin")
    USER_ADMIN = "user_admin", _("User management admin")
    ADMIN_AGENT = "admin_agent", _("Admin agent")
    SALES_AGENT = "sales_agent", _("Sales agent")
    HELPDESK_AGENT = "helpdesk_agent", _("Helpdesk agent")
    BILLING_ADMIN = "billing_admin", _("Billing admin")


class Permission(models.TextChoices):
    VIEW = "view", _("see resellers, customers, subscriptions and orders")
    REQUEST_PARTNERSHIP = "request_partnership", _("request a partnership")
    REMOVE_PARTNERSHIP = "remove_partnership", _("remove a partnership")
    PLACE_ORDERS = "place_orders", _("add customers and submit orders")
    EDIT_SUBSCRIPTIONS = "edit_subscriptions", _("change licenses, nickname and auto-renew")
    SUSPEND_SUBSCRIPTIONS = "suspend_subscriptions", _("suspend and reactivate subscriptions")
    CANCEL_SUBSCRIPTIONS = "cancel_subscriptions", _("cancel subscriptions")
    CHANGE_CREDIT = "change_credit", _("change Reseller (MPN ID)")
    DESIGNATE_SUPPORT = "designate_support", _("designate the support contact")
    EDIT_CUSTOMERS = "edit_customers", _("edit a customer's account and reset its temporary password")
    SEE_PRICES = "see_prices", _("see prices")
    SEE_BILLS = "see_bills", _("see statements, incentives and what resellers pay")
    SET_MARKUPS = "set_markups", _("set markups")
    REQUEST_RELATIONSHIP = "request_relationship", _("request a reseller relationship")
    END_RELATIONSHIP = "end_relationship", _("remove a reseller relationship")
    GRANT_ACCESS = "grant_access", _("give and withdraw a partner's access")
    ASSIGN_LICENCES = "assign_licences", _("manage a customer's users and their licenses")
    REQUEST_SUPPORT = "request_support", _("ask for support")
    ANSWER_SUPPORT = "answer_support", _("answer support requests")
    MANAGE_STAFF = "manage_staff", _("manage the organization's users and their roles")
    ACT_FOR_COMPANY = "act_for_company", _("accept partnerships, sign the partner agreement and edit the company")


_EVERYONE = frozenset(Role)
_SEED = frozenset({Role.GLOBAL_ADMIN, Role.USER_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT})

_PROVIDER: dict[Permission, frozenset[Role]] = {
    Permission.VIEW: _EVERYONE,
    Permission.REQUEST_PARTNERSHIP: _SEED,
    Permission.REMOVE_PARTNERSHIP: _SEED,
    Permission.PLACE_ORDERS: _SEED,
    Permission.EDIT_SUBSCRIPTIONS: _SEED | {Role.HELPDESK_AGENT},
    Permission.SUSPEND_SUBSCRIPTIONS: _SEED - {Role.USER_ADMIN},
    Permission.CANCEL_SUBSCRIPTIONS: _SEED - {Role.USER_ADMIN},
    Permission.CHANGE_CREDIT: _SEED,
    Permission.DESIGNATE_SUPPORT: _SEED | {Role.HELPDESK_AGENT},
    Permission.EDIT_CUSTOMERS: _SEED - {Role.USER_ADMIN} | {Role.HELPDESK_AGENT},
    Permission.SEE_PRICES: frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT, Role.BILLING_ADMIN}),
    Permission.SEE_BILLS: frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT, Role.BILLING_ADMIN}),
    Permission.SET_MARKUPS: frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.BILLING_ADMIN}),
    Permission.REQUEST_RELATIONSHIP: _SEED,
    Permission.END_RELATIONSHIP: frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT}),
    Permission.GRANT_ACCESS: frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT}),
    Permission.ASSIGN_LICENCES: _SEED - {Role.USER_ADMIN} | {Role.HELPDESK_AGENT},
    Permission.ANSWER_SUPPORT: frozenset({Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT}),
    Permission.MANAGE_STAFF: frozenset({Role.GLOBAL_ADMIN, Role.USER_ADMIN}),
    Permission.ACT_FOR_COMPANY: frozenset({Role.GLOBAL_ADMIN}),
}
# A reseller looks after the customers entrusted to it; ordering, credit and the support contact are the provider's.
_RESELLER = {
    permission: _PROVIDER[permission]
    for permission in (
        Permission.VIEW,
        Permission.EDIT_SUBSCRIPTIONS,
        Permission.SUSPEND_SUBSCRIPTIONS,
        Permission.SEE_BILLS,
        Permission.EDIT_CUSTOMERS,
        Permission.REQUEST_RELATIONSHIP,
        Permission.ASSIGN_LICENCES,
        Permission.ANSWER_SUPPORT,
        Permission.MANAGE_STAFF,
        Permission.ACT_FOR_COMPANY,
    )
}
# A customer has no sales to do: its Global admin decides about partners, and its administrators about its people.
_CUSTOMER = {
    Permission.VIEW: _EVERYONE,
    Permission.GRANT_ACCESS: frozenset({Role.GLOBAL_ADMIN}),
    Permission.ASSIGN_LICENCES: frozenset({Role.GLOBAL_ADMIN, Role.USER_ADMIN}),
    Permission.REQUEST_SUPPORT: _EVERYONE,
    Permission.MANAGE_STAFF: frozenset({Role.GLOBAL_ADMIN, Role.USER_ADMIN}),
    Permission.ACT_FOR_COMPANY: frozenset({Role.GLOBAL_ADMIN}),
}

PERMISSIONS: dict[Kind, dict[Permission, frozenset[Role]]] = {
    Kind.PROVIDER: _PROVIDER,
    Kind.RESELLER: _RESELLER,
    Kind.CUSTOMER: _CUSTOMER,
}


def roles_with(permission: Permission, kind: Kind) -> frozenset[Role]:
    """The roles that hold a permission in an organisation of this kind; none when the kind never has it."""
    roles = PERMISSIONS[kind].get(permission, frozenset())
    restriction = settings.ROLE_RESTRICTIONS.get(permission.value)
    return roles if restriction is None else roles & frozenset(Role(role) for role in restriction)


def allows(kind: Kind, roles: Iterable[str], permission: Permission) -> bool:
    """Whether someone with these roles, taken together, may do this in an organisation of this kind."""
    return not roles_with(permission, kind).isdisjoint(Role(role) for role in roles)


def labels(roles: Iterable[Role]) -> list[str]:
    """The roles' names for a sentence, in the order in which the roles are listed everywhere."""
    wanted = set(roles)
    return [str(role.label) for role in Role if role in wanted]


def listed(words: Iterable[str]) -> str:
    """Words in a row, with the comma of the reader's language."""
    return gettext(", ").join(words)


def who_may(permission: Permission, kind: Kind) -> str:
    """The roles that hold the permission, by name in a row, for whoever has none of them."""
    return listed(labels(roles_with(permission, kind)))
