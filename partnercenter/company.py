"""What Account settings show of one's own organisation: its profile, numbers, agreement, people, and what roles do."""

from typing import Any

from accounts.models import Membership
from accounts.roles import Kind, Permission, Role, labels, listed, roles_with
from providers.regions import region_name, region_of
from resellers.eligibility import has_agreement
from resellers.models import PartnerAccount, PartnerAgreement
from staff.roles import ROLE_HELP, offered, role_table

A_FEW = 5

_PARTS = {Kind.PROVIDER: "account_settings/_provider.html", Kind.RESELLER: "account_settings/_reseller.html"}


def settings_of(membership: Membership) -> dict[str, Any]:
    """The context of the page Account settings."""
    organisation, kind = membership.organisation, membership.kind
    region = region_of(str(organisation.country))
    return {
        "organisation": organisation,
        "region": region_name(region or ""),
        "global_admins": _global_admins(membership),
        "may_manage": membership.can(Permission.MANAGE_STAFF),
        "own_roles": listed(labels(Role(role) for role in membership.roles)),
        "roles": [(role.label, ROLE_HELP[kind][role]) for role in offered(kind)],
        "role_table": role_table(kind),
        "accounts": _accounts(membership),
        "part": _PARTS.get(kind),
        **(_agreement(membership) if kind == Kind.RESELLER else {}),
    }


def _global_admins(membership: Membership) -> list[str]:
    """Whom to ask, when only a Global admin can do it."""
    admins = Membership.objects.active().visible_to(membership).filter(roles__contains=[Role.GLOBAL_ADMIN])
    return [each.user.get_full_name() for each in admins.select_related("user").order_by("pk")[:A_FEW]]


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
