"""The end of a reseller relationship, and what ends with it (design.md §6, domain.md §5 and §14 #9)."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.roles import Permission
from activity.log import attempt
from activity.verbs import Verb
from customers.models import Delegation, Relationship
from customers.registration import parties
from outbox.notices import notify
from outbox.subjects import Subject
from resellers.models import Partnership

_A_FEW = 10


@dataclass(frozen=True)
class Ending:
    """What stands in the way of removing a relationship, and what would end with it."""

    active: list[Any]
    """Subscriptions that have not ended, at most a few of them."""
    has_more: bool
    delegations: list[Delegation]

    @property
    def is_possible(self) -> bool:
        return not self.active


def ending_of(relationship: Relationship) -> Ending:
    """As it is now, for the page to say before anybody presses a button."""
    active = list(relationship.subscriptions.not_ended().order_by("pk")[: _A_FEW + 1])
    delegations = _with_it(relationship).select_related("partner").order_by("partner__name", "privilege")
    return Ending(active[:_A_FEW], len(active) > _A_FEW, [] if active else list(delegations))


def end_relationship(relationship: Relationship, *, actor: User) -> Relationship:
    """End it, and the access that was given through it; open support requests stay.

    Refused with relationship_ended, and with subscriptions_active: a relationship ends when every subscription has.
    place_order() holds the same row, so an order and an end never both happen.
    """
    seen_by = parties(relationship)
    customer = relationship.customer.organisation
    with attempt(Verb.RELATIONSHIP_ENDED, relationship, actor=actor, seen_by=seen_by, affected=customer) as line:
        locked = Relationship.objects.select_for_update(of=("self",)).get(pk=relationship.pk)
        _check(locked)
        locked.ended_at, locked.ended_by = timezone.now(), actor
        delegations = list(_with_it(locked).select_related("partner").order_by("pk"))
        locked.save(update_fields=["ended_at", "ended_by"])
        line.details["delegations"] = [f"{each.partner}: {each.get_privilege_display()}" for each in delegations]
        Delegation.objects.active().filter(pk__in=[each.pk for each in delegations]).update(
            withdrawn_at=locked.ended_at, withdrawn_by=actor
        )
        _tell(relationship, actor)
    return locked


def _check(relationship: Relationship) -> None:
    if relationship.ended_at:
        raise ValidationError(_("This reseller relationship has been removed already."), "relationship_ended")
    if relationship.subscriptions.not_ended().exists():
        raise ValidationError(
            _("%(company)s has subscriptions that have not ended. Cancel them, or wait until they expire."),
            "subscriptions_active",
            {"company": relationship.company_name},
        )


def _with_it(relationship: Relationship) -> QuerySet[Delegation]:
    """The access that rests on this relationship: the provider's own, that of the reseller the customer was added for,
    and that of the provider's other resellers. What a reseller holds through another provider stays.
    """
    partners = Partnership.objects.filter(provider=relationship.provider_id)
    through_this = Q(partner__in=[relationship.provider_id, relationship.reseller_id]) | Q(
        partner__in=partners.values("reseller")
    )
    others = Relationship.objects.filter(customer=relationship.customer_id, ended_at=None).exclude(pk=relationship.pk)
    active = Partnership.objects.active().filter(reseller=OuterRef("partner"))
    through_another = Exists(others.filter(reseller=OuterRef("partner"))) | Exists(
        active.filter(provider__in=others.values("provider"))
    )
    found = Delegation.objects.active().filter(through_this, customer=relationship.customer_id)
    return found.exclude(through_another)


def _tell(relationship: Relationship, actor: User) -> None:
    """The provider's own people, the reseller's and the customer's: each reads the other's name."""
    customer, provider = relationship.company_name, relationship.provider.organisation
    told = [
        (provider, Permission.END_RELATIONSHIP, "customers:list", customer),
        (relationship.customer.organisation, Permission.GRANT_ACCESS, "overview", provider.name),
    ]
    if relationship.reseller:
        reseller = relationship.reseller.organisation
        told.append((reseller, Permission.REQUEST_RELATIONSHIP, "customers:list", customer))
    for organisation, holding, page, company in told:
        path = reverse(page)
        notify(Subject.RELATIONSHIP_ENDED, organisation, holding=holding, path=path, actor=actor, company=company)
