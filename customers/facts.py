"""What the reseller can do: the facts of its tie to a customer, side by side (design.md §3)."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, FilteredRelation, Q, QuerySet

from accounts.models import Membership
from customers.models import Delegation, Relationship

_ENDED = ("cancelled", "expired")


@dataclass(frozen=True)
class Share:
    """A company, and for how many of the customer's subscriptions it is the one."""

    name: str
    subscriptions: int
    mpn_id: str = ""


@dataclass(frozen=True)
class Facts:
    """Three separate facts, and the access that the customer's account holds besides."""

    administration: Delegation | None
    credit: list[Share]
    uncredited: int
    support: list[Share]
    delegations: list[Delegation]


def facts_of(relationship: Relationship, membership: Membership) -> Facts:
    """As they are now, for subscriptions that have not ended. Only what the member may see is counted."""
    delegations = list(
        Delegation.objects.visible_to(membership)
        .active()
        .filter(customer=relationship.customer_id)
        .select_related("partner", "granted_by")
        .order_by("granted_at", "pk")
    )
    subscriptions = relationship.subscriptions.visible_to(membership).exclude(status__in=_ENDED)
    credit = _credit(subscriptions)
    return Facts(
        administration=next((each for each in delegations if _is_administration(each, relationship)), None),
        credit=[share for share in credit if share.mpn_id],
        uncredited=sum(share.subscriptions for share in credit if not share.mpn_id),
        support=_support(subscriptions, relationship),
        delegations=delegations,
    )


def _is_administration(delegation: Delegation, relationship: Relationship) -> bool:
    return (
        delegation.partner_id == relationship.reseller_id
        and delegation.privilege == Delegation.Privilege.DELEGATED_ADMIN
    )


def _credit(subscriptions: QuerySet[Any]) -> list[Share]:
    """By the MPN ID that is credited now; the share without one is what nobody is credited for."""
    current = FilteredRelation("resellers_of_record", condition=Q(resellers_of_record__ends_at=None))
    account = "credit__partner_account"
    counted = (
        subscriptions.annotate(credit=current)
        .values_list(f"{account}__organisation__name", f"{account}__number")
        .annotate(count=Count("pk"))
        .order_by(f"{account}__organisation__name", f"{account}__number")
    )
    return [Share(name or "", count, number or "") for name, number, count in counted]


def _support(subscriptions: QuerySet[Any], relationship: Relationship) -> list[Share]:
    """By the designated support contact; where nobody is designated, it is the provider itself."""
    counted = (
        subscriptions.values_list("support_contact__organisation__name")
        .annotate(count=Count("pk"))
        .order_by("support_contact__organisation__name")
    )
    return [Share(name or relationship.provider.organisation.name, count) for name, count in counted]
