"""What the reseller can do: the facts of its tie to a customer, side by side (design.md §3)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, FilteredRelation, Min, Q, QuerySet

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from activity.models import Activity
from activity.verbs import Verb
from customers.delegations import DELEGATED_ADMIN, TENANT_OWNER, as_known_to, has_azure_plan
from customers.models import Delegation, Relationship

_LATEST = 100  # changes of support contacts that are looked through for the last of each


@dataclass(frozen=True)
class Share:
    """A company, for how many of the customer's subscriptions it is the one, since when, and who said so."""

    name: str
    subscriptions: int
    mpn_id: str = ""
    since: datetime | None = field(default=None, compare=False)
    by: str = field(default="", compare=False)


@dataclass(frozen=True)
class Lack:
    """A partner of this relationship without account administration, and how it last ended, if it ever had it."""

    partner: Organisation
    last: Delegation | None


@dataclass(frozen=True)
class Facts:
    """Four separate facts, as one reader may know them."""

    administration: Delegation | None
    administrators: list[Delegation]
    lacks: list[Lack]
    owners: list[Delegation]
    has_azure_plan: bool
    credit: list[Share]
    uncredited: int
    support: list[Share]

    @property
    def delegations(self) -> list[Delegation]:
        """All access that is given now."""
        return [*self.administrators, *self.owners]


def facts_of(relationship: Relationship, membership: Membership) -> Facts:
    """As they are now, for subscriptions that have not ended. Only what the member may see is counted."""
    of_customer = Delegation.objects.visible_to(membership).filter(customer=relationship.customer_id)
    given = as_known_to(of_customer, membership)
    administrators = [each for each in given if each.privilege == DELEGATED_ADMIN and not each.withdrawn_at]
    subscriptions = relationship.subscriptions.visible_to(membership).not_ended()
    credit = _credit(subscriptions)
    return Facts(
        administration=next((each for each in administrators if each.partner_id == relationship.reseller_id), None),
        administrators=administrators,
        lacks=_lacks(relationship, given, membership),
        owners=[each for each in given if each.privilege == TENANT_OWNER and not each.withdrawn_at],
        has_azure_plan=has_azure_plan(relationship.customer, membership),
        credit=[share for share in credit if share.mpn_id],
        uncredited=sum(share.subscriptions for share in credit if not share.mpn_id),
        support=_support(subscriptions, relationship, membership),
    )


def _lacks(relationship: Relationship, given: list[Delegation], membership: Membership) -> list[Lack]:
    """The provider and the reseller without account administration; a reseller knows that of itself only."""
    partners = [relationship.provider.organisation]
    if relationship.reseller:
        partners.append(relationship.reseller.organisation)
    if membership.kind == Kind.RESELLER:
        partners = [each for each in partners if each.pk == membership.organisation_id]
    periods = {each.pk: [one for one in given if _is_administration_by(one, each)] for each in partners}
    return [
        Lack(each, max(periods[each.pk], key=lambda one: one.withdrawn_at or one.granted_at, default=None))
        for each in partners
        if all(one.withdrawn_at for one in periods[each.pk])
    ]


def _is_administration_by(delegation: Delegation, partner: Organisation) -> bool:
    return delegation.partner_id == partner.pk and delegation.privilege == DELEGATED_ADMIN


def _credit(subscriptions: QuerySet[Any]) -> list[Share]:
    """By the MPN ID that is credited now; the share without one is what nobody is credited for."""
    current = FilteredRelation("resellers_of_record", condition=Q(resellers_of_record__ends_at=None))
    account = "credit__partner_account"
    by = "credit__set_by__name"
    counted = (
        subscriptions.annotate(credit=current)
        .values_list(f"{account}__organisation__name", f"{account}__number")
        .annotate(
            count=Count("pk"),
            since=Min("credit__starts_at"),
            by=ArrayAgg(by, filter=~Q(**{by: ""}) & Q(**{f"{by}__isnull": False}), distinct=True, default=[]),
        )
        .order_by(f"{account}__organisation__name", f"{account}__number")
    )
    return [
        Share(name or "", count, number or "", since, names[0] if len(names) == 1 else "")
        for name, number, count, since, names in counted
    ]


def _support(subscriptions: QuerySet[Any], relationship: Relationship, membership: Membership) -> list[Share]:
    """By the designated support contact; where nobody is designated, it is the provider itself.

    Since the last time that it was chosen, or else since the first of the subscriptions was bought.
    """
    counted = (
        subscriptions.values_list("support_contact__organisation__name")
        .annotate(count=Count("pk"), since=Min("created_at"))
        .order_by("support_contact__organisation__name")
    )
    chosen = _chosen(relationship, membership) if counted else {}
    shares = []
    for name, count, bought in counted:
        name = name or relationship.provider.organisation.name
        since, by = chosen.get(name, (bought, ""))
        shares.append(Share(name, count, since=since, by=by))
    return shares


def _chosen(relationship: Relationship, membership: Membership) -> dict[str, tuple[datetime, str]]:
    """When, and by whom, each company was last made the support contact of a subscription of this customer."""
    changes = (
        Activity.objects.visible_to(membership)
        .filter(affected=relationship.customer_id, verb=Verb.SUPPORT_CONTACT_CHANGED, result=Activity.Result.DONE)
        .select_related("actor")
        .order_by("-happened_at", "-pk")[:_LATEST]
    )
    latest: dict[str, tuple[datetime, str]] = {}
    for change in changes:
        by = change.actor.get_full_name() if change.actor else ""
        latest.setdefault(change.details.get("new", ""), (change.happened_at, by))
    return latest
