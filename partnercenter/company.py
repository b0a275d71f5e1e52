"""What Account settings show of one's own organisation: its profile, numbers, agreement, people, and what roles do."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.paging import Sorting, paginate
from accounts.roles import PERMISSIONS, Kind, Permission, Role, labels, roles_with
from providers.regions import region_name, region_of
from resellers.eligibility import has_agreement
from resellers.models import PartnerAccount, PartnerAgreement

A_FEW = 5
BY_ADDRESS = Sorting(("user__email",))

_PARTS = {Kind.PROVIDER: "account_settings/_provider.html", Kind.RESELLER: "account_settings/_reseller.html"}
# In a few words; the table beneath says it exactly (domain.md §1.2).
ROLE_HELP: dict[Role, str | Promise] = {
    Role.GLOBAL_ADMIN: _("Acts for the company: agreements, partnerships and everything the other roles can do."),
    Role.USER_ADMIN: _("Works with resellers, adds customers and submits orders."),
    Role.ADMIN_AGENT: _("Looks after customers and subscriptions in every way."),
    Role.SALES_AGENT: _("Adds customers, submits orders and works with resellers."),
    Role.HELPDESK_AGENT: _("Helps customers: their account, licenses and support contact."),
    Role.BILLING_ADMIN: _("Sees orders and prices."),
}


@dataclass(frozen=True)
class RoleLine:
    """A row of the table of roles: something that may be done, and for each role, by name, whether it may."""

    label: str | Promise
    cells: list[tuple[str | Promise, bool]]


@dataclass(frozen=True)
class Person:
    """A colleague with the names of the roles."""

    membership: Membership
    roles: list[str]


def role_table(kind: Kind) -> list[RoleLine]:
    """What each role may do in an organisation of this kind, as it is decided for every request."""
    return [
        RoleLine(permission.label, [(role.label, role in roles_with(permission, kind)) for role in Role])
        for permission in Permission
        if permission in PERMISSIONS[kind]
    ]


def settings_of(request: HttpRequest, membership: Membership) -> dict[str, Any]:
    """The context of the page Account settings."""
    organisation, kind = membership.organisation, membership.kind
    region = region_of(str(organisation.country))
    people = Membership.objects.active().visible_to(membership).select_related("user")
    page = paginate(people, request, BY_ADDRESS)
    return {
        "organisation": organisation,
        "region": region_name(region or ""),
        "page": page,
        "people": [Person(each, labels(Role(role) for role in each.roles)) for each in page],
        "roles": [(role.label, ROLE_HELP[role]) for role in Role],
        "role_table": role_table(kind),
        "accounts": _accounts(membership),
        "part": _PARTS.get(kind),
        **(_agreement(membership) if kind == Kind.RESELLER else {}),
    }


def _accounts(membership: Membership) -> list[PartnerAccount]:
    """One's own MPN IDs, the associated one first."""
    own = PartnerAccount.objects.visible_to(membership).filter(organisation=membership.organisation_id)
    return list(own.order_by("-is_associated", "kind", "pk"))


def _agreement(membership: Membership) -> dict[str, Any]:
    signed = PartnerAgreement.objects.filter(organisation=membership.organisation_id)
    reseller = membership.organisation.reseller
    return {
        "agreements": [(each, region_name(each.region)) for each in signed.order_by("-signed_at", "-pk")[:A_FEW]],
        "is_signed": has_agreement(reseller),
        "may_sign": membership.can(Permission.ACT_FOR_COMPANY),
        "signers": labels(roles_with(Permission.ACT_FOR_COMPANY, Kind.RESELLER)),
    }
