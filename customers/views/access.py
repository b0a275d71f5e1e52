"""Access that customers give: *Partner relationships*, and *User settings* of the Azure service portal."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, requires
from accounts.roles import Kind, Permission
from customers.column import customer_steps
from customers.delegations import (
    DELEGATED_ADMIN,
    TENANT_OWNER,
    as_known_to,
    grant,
    has_azure_plan,
    may_withdraw_owner,
    possible_administrators,
    withdraw,
)
from customers.forms.access import OwnerForm
from customers.listing import relationship_with
from customers.models import Delegation, Relationship
from customers.partners import partners_of
from customers.ways import ways_to_change

_OWNERS_BY = (Kind.PROVIDER, Kind.CUSTOMER)


@requires(Permission.VIEW, Kind.CUSTOMER)
def partner_list(request: PortalRequest) -> HttpResponse:
    """Every partner of the customer, and what each may do."""
    may_grant = request.membership.can(Permission.GRANT_ACCESS)
    context = {"cards": partners_of(request.membership), "may_grant": may_grant}
    return render(request, "customers/partners.html", context)


@requires(Permission.GRANT_ACCESS, Kind.CUSTOMER)
def administration_give(request: PortalRequest, partner: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    customer = request.membership.organisation.customer
    organisation = get_object_or_404(possible_administrators(customer), pk=partner)
    if request.method != "POST":
        return render(request, "customers/administration_give.html", {"partner": organisation})
    return _act(
        request,
        lambda: grant(customer, organisation, DELEGATED_ADMIN, membership=request.membership),
        _("%(company)s can administer your account now.") % {"company": organisation.name},
        reverse("customers:partners"),
    )


@requires(Permission.GRANT_ACCESS, Kind.CUSTOMER)
def administration_withdraw(request: PortalRequest, partner: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    delegation = _delegation(request, request.membership.organisation_id, partner, DELEGATED_ADMIN)
    if request.method != "POST":
        return render(request, "customers/administration_withdraw.html", {"partner": delegation.partner})
    return _act(
        request,
        lambda: withdraw(delegation, membership=request.membership),
        _("%(company)s cannot administer your account any more.") % {"company": delegation.partner.name},
        reverse("customers:partners"),
    )


@requires(Permission.VIEW)
def user_settings(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Who is tenant owner of the customer's Azure plan."""
    return render(request, "customers/user_settings.html", _settings(request, _relationship(request, pk)))


@requires(Permission.GRANT_ACCESS, *_OWNERS_BY)
def owner_grant(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Make a reseller tenant owner; a refusal stands beside it on the page of the user settings."""
    relationship = _relationship(request, pk)
    customer = relationship.customer
    form = OwnerForm(request.POST or None, customer=customer, membership=request.membership)
    if form.is_valid():
        reseller = form.cleaned_data["reseller"]
        try:
            grant(customer, reseller.organisation, TENANT_OWNER, membership=request.membership)
        except ValidationError as refusal:
            form.add_error("reseller", refusal)
        else:
            messages.success(request, _("%(company)s is a tenant owner now.") % {"company": reseller})
            return redirect("customers:user_settings", pk)
    return render(request, "customers/user_settings.html", _settings(request, relationship, form))


@requires(Permission.GRANT_ACCESS, *_OWNERS_BY)
def owner_withdraw(request: PortalRequest, pk: UUID, partner: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    relationship = _relationship(request, pk)
    delegation = _delegation(request, pk, partner, TENANT_OWNER)
    if request.method != "POST":
        steps = customer_steps(pk, "user settings")
        context = {"relationship": relationship, "partner": delegation.partner, "steps": steps}
        return render(request, "customers/owner_withdraw.html", context)
    return _act(
        request,
        lambda: withdraw(delegation, membership=request.membership),
        _("%(company)s is not a tenant owner any more.") % {"company": delegation.partner.name},
        reverse("customers:user_settings", args=[pk]),
    )


def _relationship(request: PortalRequest, customer: UUID) -> Relationship:
    return get_object_or_404(relationship_with(customer, request.membership))


def _delegation(request: PortalRequest, customer: UUID, partner: UUID, privilege: str) -> Delegation:
    """The access that this partner has, or had last: that it has ended meanwhile is for the domain to say."""
    given = Delegation.objects.visible_to(request.membership).filter(customer=customer, partner=partner)
    latest = given.filter(privilege=privilege).order_by("-granted_at", "-pk")
    return get_object_or_404(latest.select_related("customer__organisation", "partner")[:1])


def _act(request: PortalRequest, act: Callable[[], Any], done: str, page: str) -> HttpResponse:
    try:
        act()
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, done)
    return redirect(page)


def _settings(request: PortalRequest, relationship: Relationship, form: OwnerForm | None = None) -> dict[str, Any]:
    customer, membership = relationship.customer, request.membership
    owners = Delegation.objects.visible_to(membership).active().filter(customer=customer, privilege=TENANT_OWNER)
    has_plan = has_azure_plan(customer, membership)
    may_grant = membership.kind in _OWNERS_BY and membership.can(Permission.GRANT_ACCESS)
    if may_grant and has_plan and form is None:
        form = OwnerForm(customer=customer, membership=membership)
    return {
        "relationship": relationship,
        "owners": as_known_to(owners, membership),
        "has_azure_plan": has_plan,
        "may_grant": may_grant,
        "may_withdraw": may_grant and (has_plan or may_withdraw_owner(customer, membership)),
        "way": ways_to_change(relationship, membership, has_azure_plan=True)["owner"],
        "may_order": membership.can(Permission.PLACE_ORDERS),
        "form": form,
        "steps": customer_steps(relationship.customer_id, "user settings"),
    }
