"""Whom a customer deals with, and what each of them may do: the page *Partner relationships* (design.md §5, §6).

Whom its subscriptions credit is between the partners, and left out.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Membership, Organisation
from accounts.roles import Kind
from customers.delegations import DELEGATED_ADMIN, TENANT_OWNER
from customers.models import Delegation, Relationship
from resellers.support_profiles import PARTS, SupportContact, profile_of

MOST_NAMED = 5  # subscriptions that a partner's card names
_MOST_READ = 200


@dataclass(frozen=True)
class PartnerCard:
    """A partner from its customer's side: what it is here, what it may do, and how to reach it."""

    organisation: Organisation
    relationships: list[Relationship]
    """Those in which it is the provider, or the reseller that the customer was added for."""
    administration: Delegation | None
    last_administration: Delegation | None
    """How it last ended, when there is none now."""
    owner: Delegation | None
    supported: list[Any]
    others_supported: int
    contact: SupportContact

    @property
    def is_provider(self) -> bool:
        return self.organisation.kind == Kind.PROVIDER

    @property
    def may_be_given(self) -> bool:
        """Whether account administration could be given now."""
        return not self.administration and bool(self.relationships)


def partners_of(membership: Membership) -> list[PartnerCard]:
    """The customer's providers, then its resellers, each by name. Five queries, however many there are."""
    ties: dict[UUID, list[Relationship]] = defaultdict(list)
    for tie in _relationships(membership):
        ties[tie.provider_id].append(tie)
        if tie.reseller_id:
            ties[tie.reseller_id].append(tie)
    given: dict[UUID, list[Delegation]] = defaultdict(list)
    for delegation in _delegations(membership):
        given[delegation.partner_id].append(delegation)
    counts, named = _supported(membership)
    active = {partner for partner, access in given.items() if any(not each.withdrawn_at for each in access)}
    partners = Organisation.objects.filter(pk__in={*ties, *active, *counts}).select_related(*PARTS)
    return [
        PartnerCard(
            organisation=each,
            relationships=ties[each.pk],
            administration=_current(given[each.pk], DELEGATED_ADMIN),
            last_administration=_last(given[each.pk], DELEGATED_ADMIN),
            owner=_current(given[each.pk], TENANT_OWNER),
            supported=named[each.pk],
            others_supported=counts.get(each.pk, 0) - len(named[each.pk]),
            contact=profile_of(each),
        )
        for each in sorted(partners, key=lambda each: (each.kind != Kind.PROVIDER, each.name, str(each.pk)))
    ]


def _relationships(membership: Membership) -> Iterable[Relationship]:
    rows = Relationship.objects.visible_to(membership)
    return rows.select_related("provider__organisation", "reseller__organisation").order_by("created_at", "pk")


def _delegations(membership: Membership) -> Iterable[Delegation]:
    rows = Delegation.objects.visible_to(membership).select_related("granted_by", "withdrawn_by")
    return rows.order_by("granted_at", "pk")


def _supported(membership: Membership) -> tuple[dict[UUID, int], dict[UUID, list[Any]]]:
    """How many subscriptions each partner supports, and the first few of them. Nobody designated: the provider."""
    current = membership.organisation.customer.subscriptions.visible_to(membership).not_ended()
    rows: QuerySet[Any] = current.annotate(supporter=Coalesce("support_contact", "provider"))
    counts = dict(rows.order_by().values_list("supporter").annotate(Count("pk")))
    named: dict[UUID, list[Any]] = defaultdict(list)
    for subscription in rows.order_by("nickname", "pk")[:_MOST_READ]:
        if len(named[subscription.supporter]) < MOST_NAMED:
            named[subscription.supporter].append(subscription)
    return counts, named


def _current(access: list[Delegation], privilege: str) -> Delegation | None:
    return next((each for each in access if each.privilege == privilege and not each.withdrawn_at), None)


def _last(access: list[Delegation], privilege: str) -> Delegation | None:
    ended = [each for each in access if each.privilege == privilege and each.withdrawn_at]
    return max(ended, key=lambda each: each.withdrawn_at or each.granted_at, default=None)
