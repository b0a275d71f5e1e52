"""How each of the four facts is changed, for one reader: where, or whom to ask (design.md §3, domain.md §14 no. 9)."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.roles import Kind, Permission, who_may
from customers.models import Relationship


@dataclass(frozen=True)
class Way:
    """A sentence, and the page where it is done, if this reader has one."""

    text: str
    url: str = ""
    label: str = ""


def ways_to_change(relationship: Relationship, membership: Membership, *, has_azure_plan: bool) -> dict[str, Way]:
    """By fact: administration, owner, credit and support."""
    return {
        "administration": _administration(relationship, membership),
        "owner": _owner(relationship, membership, has_azure_plan=has_azure_plan),
        "credit": _on_subscription(
            relationship,
            membership,
            Permission.CHANGE_CREDIT,
            _("Choose another Reseller (MPN ID) on the subscription."),
        ),
        "support": _on_subscription(
            relationship,
            membership,
            Permission.DESIGNATE_SUPPORT,
            _("Choose another designated support contact on the subscription."),
        ),
    }


def _administration(relationship: Relationship, membership: Membership) -> Way:
    if membership.kind != Kind.CUSTOMER:
        return Way(
            _("A Global admin of %(company)s gives and withdraws it, on the page Partner relationships.")
            % {"company": relationship.company_name}
        )
    page, label = reverse("customers:partners"), _("Partner relationships")
    if membership.can(Permission.GRANT_ACCESS):
        return Way(_("You give and withdraw it."), page, label)
    return Way(_needed(membership, Permission.GRANT_ACCESS), page, label)


def _owner(relationship: Relationship, membership: Membership, *, has_azure_plan: bool) -> Way:
    if not has_azure_plan:
        return Way(_("It takes an active Azure plan, and this customer has none."))
    page, label = reverse("customers:user_settings", args=[relationship.customer_id]), _("User settings")
    if membership.kind == Kind.RESELLER:
        text = _("%(provider)s, or a Global admin of %(company)s, gives and withdraws it.") % _names(relationship)
        return Way(text, page, label)
    if membership.can(Permission.GRANT_ACCESS):
        return Way(_("Give and withdraw it on the Azure service portal."), page, label)
    return Way(_needed(membership, Permission.GRANT_ACCESS), page, label)


def _on_subscription(relationship: Relationship, membership: Membership, permission: Permission, text: str) -> Way:
    page, label = reverse("subscriptions:customer", args=[relationship.customer_id]), _("View subscriptions")
    if membership.kind != Kind.PROVIDER:
        return Way(_("Only the indirect provider, %(provider)s, can change this.") % _names(relationship))
    if membership.can(permission):
        return Way(text, page, label)
    return Way(_needed(membership, permission), page, label)


def _needed(membership: Membership, permission: Permission) -> str:
    return _("Roles that can change this: %(roles)s.") % {"roles": who_may(permission, membership.kind)}


def _names(relationship: Relationship) -> dict[str, str]:
    return {"provider": str(relationship.provider), "company": relationship.company_name}
