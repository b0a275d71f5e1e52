"""What the overview tells each kind of organisation: what waits for it, in a few lines, and nothing counted."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Kind, Permission
from customers.models import Relationship
from partnercenter.plots import weeks_ahead
from resellers.eligibility import has_agreement
from resellers.models import PartnerAgreement, Partnership, PartnershipRequest
from subscriptions.models import OrderDraft, Subscription

A_FEW = 5
SOON = timedelta(days=30)
# How many renewals are read for the plot at most: a week that would need more is left out, with those after it.
MOST_RENEWALS = 2000


def overview_of(membership: Membership) -> dict[str, Any]:
    """The template and its context for the organisation that one acts for."""
    match membership.kind:
        case Kind.PROVIDER:
            return {"part": "overview/_provider.html", **_for_provider(membership)}
        case Kind.RESELLER:
            return {"part": "overview/_reseller.html", **_for_reseller(membership)}
    return {"part": "overview/_customer.html", **_for_customer(membership)}


def _for_provider(membership: Membership) -> dict[str, Any]:
    partnerships = Partnership.objects.visible_to(membership).active()
    has_customers = Relationship.objects.visible_to(membership).exists()
    return {
        "has_partners": partnerships.exists(),
        "has_customers": has_customers,
        "can_order": membership.can(Permission.PLACE_ORDERS),
        "can_request": membership.can(Permission.REQUEST_PARTNERSHIP),
        "drafts": _drafts(membership),
        "requests": _open_requests(membership),
        "unsigned": _unsigned(membership),
        "ending": list(_ending(membership).select_related("customer__organisation")[:A_FEW]),
        "plot": weeks_ahead(_ending_moments(membership), most=MOST_RENEWALS) if has_customers else None,
    }


def _drafts(membership: Membership) -> list[OrderDraft]:
    if not membership.can(Permission.PLACE_ORDERS):
        return []
    drafts = OrderDraft.objects.open().visible_to(membership)
    return list(drafts.select_related("customer__organisation", "created_by").order_by("-changed_at")[:A_FEW])


def _open_requests(membership: Membership) -> list[PartnershipRequest]:
    """Links that can still be accepted, newest first."""
    requests = PartnershipRequest.objects.visible_to(membership).filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
        Q(max_uses=None) | Q(uses__lt=F("max_uses")),
        withdrawn_at=None,
        declined_at=None,
    )
    return list(requests.select_related("email").order_by("-created_at", "-id")[:A_FEW])


def _unsigned(membership: Membership) -> list[Partnership]:
    """Partners whose agreement has ended: until they sign again, they cannot be credited."""
    region = membership.organisation.provider.region or ""
    signed = PartnerAgreement.objects.filter(organisation=OuterRef("reseller"), region=region, ended_at=None)
    partnerships = Partnership.objects.visible_to(membership).active().filter(~Exists(signed))
    return list(partnerships.select_related("reseller__organisation").order_by("reseller__organisation__name")[:A_FEW])


def _ending(membership: Membership, within: timedelta = SOON) -> Any:
    """Active subscriptions whose term ends soon, the next one first."""
    now = timezone.now()
    rows = Subscription.objects.visible_to(membership).filter(
        status=Subscription.Status.ACTIVE, ends_or_never__gte=now, ends_or_never__lt=now + within
    )
    return rows.order_by("ends_or_never", "pk")


def _ending_moments(membership: Membership) -> list[Any]:
    return list(_ending(membership, timedelta(weeks=9)).values_list("ends_or_never", flat=True)[:MOST_RENEWALS])


def _for_reseller(membership: Membership) -> dict[str, Any]:
    reseller = membership.organisation.reseller
    partnerships = Partnership.objects.visible_to(membership).active().select_related("provider__organisation")
    customers = Relationship.objects.visible_to(membership).select_related("provider__organisation")
    return {
        "reseller": reseller,
        "is_signed": has_agreement(reseller),
        "may_sign": membership.can(Permission.ACT_FOR_COMPANY),
        "partnerships": list(partnerships.order_by("-started_at", "-pk")[:A_FEW]),
        "customers": list(customers.order_by("sort_name", "pk")[:A_FEW]),
        "ending": list(_ending(membership).select_related("customer__organisation")[:A_FEW]),
    }


def _for_customer(membership: Membership) -> dict[str, Any]:
    subscriptions = Subscription.objects.visible_to(membership).select_related(
        "provider__organisation", "support_contact__organisation"
    )
    partners = Relationship.objects.visible_to(membership).select_related(
        "provider__organisation", "reseller__organisation"
    )
    return {
        "subscriptions": list(subscriptions.order_by("-created_at", "-pk")[: 2 * A_FEW]),
        "partners": list(partners.order_by("pk")[:A_FEW]),
    }
