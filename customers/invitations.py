"""What stands in the way of somebody who opens a relationship request's link, and what to do about it.

Sources: domain.md §5, §3.4 and §14 (#4, #25, #27); design.md §5.
"""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.roles import Kind, Permission, who_may
from customers.models import Relationship, RelationshipRequest
from outbox import landing
from outbox.landing import Explanation, Words
from outbox.requests import closed
from providers.regions import region_name, region_of
from resellers.models import Partnership

_WORDS: Words = {
    "already_related": (
        _("You have this relationship already"),
        _("There is nothing left to do: your partners, and what each of them may do, are in Partner Center."),
    ),
    "own_company": (
        _("This is your own company's link"),
        _("Only a customer can accept it. To see what became of it, open Requests under Customers."),
    ),
    "wrong_kind": (
        _("This link is for customers"),
        _(
            "It asks a company that uses the services for a reseller relationship; a partnership between an indirect "
            "provider and an indirect reseller has a link of its own. If you also work for the customer, switch to it, "
            "or sign in with the account that you use there."
        ),
    ),
    "partnership_ended": (
        _("The companies that ask are not partners any more"),
        _("Ask the one that you want to work with for a new link."),
    ),
    "wrong_region": (
        _("You are not in the same region"),
        _("Ask the provider for its company in your region, or look for a provider there."),
    ),
    "role_missing": (
        _("Your role does not allow this"),
        _("Send this link to a colleague who holds the role, or ask a Global admin of your company for it."),
    ),
}


def obstacles(request: RelationshipRequest, membership: Membership | None) -> list[ValidationError]:
    """Everything that keeps this person from accepting, for the page to say before anybody presses a button."""
    if membership and _are_related(request, membership):
        names = {"company": membership.organisation.name, "provider": str(request.provider)}
        sentence = _("%(company)s is a customer of %(provider)s already.")
        return [ValidationError(sentence, "already_related", names)]
    if not request.is_open:
        return [closed(request)]
    if not are_partners(request):
        return [_partnership_ended(request)]
    if membership is None:
        return []
    if membership.organisation_id in (request.provider_id, request.reseller_id):
        return [ValidationError(_("This is your own company's link. Send it to the customer."), "own_company")]
    if membership.kind != Kind.CUSTOMER:
        sentence = _("%(company)s is not a customer, so it cannot accept.")
        return [ValidationError(sentence, "wrong_kind", {"company": membership.organisation.name})]
    return _problems_of(request, membership)


def explain(problems: Iterable[ValidationError]) -> list[Explanation]:
    """One explanation for each problem that obstacles() found, in its order."""
    return landing.explain(problems, _WORDS)


def can_answer(membership: Membership | None) -> bool:
    """Whether this person may say yes or no for a customer."""
    return membership is not None and membership.kind == Kind.CUSTOMER and membership.can(Permission.GRANT_ACCESS)


def not_allowed(membership: Membership) -> ValidationError:
    """That somebody else in the company, or another company, has to answer."""
    return ValidationError(
        _("Only a %(roles)s of %(company)s can answer. Ask one of them to open this link."),
        "role_missing",
        {
            "roles": who_may(Permission.GRANT_ACCESS, Kind.CUSTOMER),
            "company": membership.organisation.name,
        },
    )


def are_partners(request: RelationshipRequest) -> bool:
    """Whether the two that ask are partners now; a provider that asks alone needs nobody."""
    if request.reseller_id is None:
        return True
    return Partnership.objects.active().filter(provider=request.provider, reseller=request.reseller_id).exists()


def _are_related(request: RelationshipRequest, membership: Membership) -> bool:
    current = Relationship.objects.filter(provider=request.provider, ended_at=None)
    return current.filter(customer=membership.organisation_id).exists()


def _partnership_ended(request: RelationshipRequest) -> ValidationError:
    return ValidationError(
        _("The partnership of %(provider)s and %(reseller)s has ended, so they cannot serve you together."),
        "partnership_ended",
        {"provider": str(request.provider), "reseller": str(request.reseller)},
    )


def _problems_of(request: RelationshipRequest, membership: Membership) -> list[ValidationError]:
    problems = []
    country = str(membership.organisation.country)
    if country not in request.provider.markets:
        names = {
            "company": membership.organisation.name,
            "region": region_name(region_of(country) or ""),
            "provider": str(request.provider),
            "other_region": region_name(request.provider.region or ""),
        }
        sentence = _("%(company)s is in the CSP region %(region)s and %(provider)s is in %(other_region)s.")
        problems.append(ValidationError(sentence, "wrong_region", names))
    return problems if can_answer(membership) else [*problems, not_allowed(membership)]
