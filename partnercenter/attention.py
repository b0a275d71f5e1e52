"""What the overview tells each kind of organisation: what waits for it, in a few lines, and nothing counted."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q
from django.utils import timezone

from accounts.models import Membership, Organisation
from accounts.roles import Kind, Permission, Role, who_may
from customers.models import Relationship
from partnercenter.plots import week_ends, weeks_ahead
from providers.models import Provider
from providers.regions import region_of
from resellers.checklist import missing_for, program_of
from resellers.models import PartnerAgreement, Partnership, PartnershipRequest
from resellers.support_profiles import PARTS, profile_of
from subscriptions.lists.assignments import own_licences
from subscriptions.lists.support import waiting_for
from subscriptions.models import OrderDraft, Subscription, SupportRequest
from subscriptions.support import answered_by

A_FEW = 5
SOON = timedelta(days=30)
# How many renewals are counted for the plot at most: a week that would need more is left out, with those after it.
MOST_RENEWALS = 2000


def overview_of(membership: Membership) -> dict[str, Any]:
    """The template and its context for the organisation that one acts for."""
    match membership.kind:
        case Kind.PROVIDER:
            return {"part": "overview/_provider.html", **_for_provider(membership)}
        case Kind.RESELLER:
            return {"part": "overview/_reseller.html", **_for_reseller(membership)}
    if not membership.can(Permission.VIEW):
        return {"part": "overview/_plain_user.html", **_for_plain_user(membership)}
    return {"part": "overview/_customer.html", **_for_customer(membership)}


def _for_provider(membership: Membership) -> dict[str, Any]:
    has_partners, has_customers = _begun(membership)
    return {
        "has_partners": has_partners,
        "has_customers": has_customers,
        "can_order": membership.can(Permission.PLACE_ORDERS),
        "can_request": membership.can(Permission.REQUEST_PARTNERSHIP),
        "can_remove": membership.can(Permission.REMOVE_PARTNERSHIP),
        "drafts": _drafts(membership),
        "requests": _open_requests(membership),
        "unsigned": _unsigned(membership),
        "leaving": _leaving(membership),
        "questions": _questions(membership, Permission.ANSWER_SUPPORT),
        "ending": list(_ending(membership).select_related("customer__organisation")[:A_FEW]),
        "plot": weeks_ahead(_ended_by_week(membership), most=MOST_RENEWALS) if has_customers else None,
    }


def _begun(membership: Membership) -> tuple[bool, bool]:
    """Whether the provider has a partner, and whether it has a customer: one question to the database for both."""
    partnerships = Partnership.objects.visible_to(membership).active()
    relationships = Relationship.objects.visible_to(membership)
    own = Provider.objects.visible_to(membership)
    has_partners, has_customers = own.values_list(Exists(partnerships), Exists(relationships)).get()
    return has_partners, has_customers


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
    region = region_of(str(membership.organisation.country)) or ""
    signed = PartnerAgreement.objects.filter(organisation=OuterRef("reseller"), region=region, ended_at=None)
    partnerships = Partnership.objects.visible_to(membership).active().filter(~Exists(signed))
    return list(partnerships.select_related("reseller__organisation").order_by("reseller__organisation__name")[:A_FEW])


def _leaving(membership: Membership) -> list[Partnership]:
    """Resellers that ask to leave, and wait for an answer; the longest first."""
    rows = Partnership.objects.visible_to(membership).active().exclude(leave_requested_at=None)
    return list(rows.select_related("reseller__organisation").order_by("leave_requested_at", "pk")[:A_FEW])


def _questions(membership: Membership, permission: Permission) -> list[SupportRequest]:
    """Support requests that wait for this company, if the reader may write in them."""
    return list(waiting_for(membership)[:A_FEW]) if membership.can(permission) else []


def _ending(membership: Membership, within: timedelta = SOON) -> Any:
    """Active subscriptions whose term ends soon, the next one first."""
    now = timezone.now()
    rows = Subscription.objects.visible_to(membership).filter(
        status=Subscription.Status.ACTIVE, ends_or_never__gte=now, ends_or_never__lt=now + within
    )
    return rows.order_by("ends_or_never", "pk")


def _ended_by_week(membership: Membership) -> list[int]:
    """How many of the next subscriptions to end will have ended by the end of each week of the plot."""
    ends = week_ends()
    soonest = _ending(membership, ends[-1] - timezone.now())[:MOST_RENEWALS]
    counts = {f"week_{week}": Count("pk", filter=Q(ends_or_never__lt=end)) for week, end in enumerate(ends)}
    return list(soonest.aggregate(**counts).values())


def _for_reseller(membership: Membership) -> dict[str, Any]:
    partnerships = Partnership.objects.visible_to(membership).active().select_related("provider__organisation")
    customers = Relationship.objects.visible_to(membership).select_related("provider__organisation")
    return {
        "program": program_of(membership.organisation.reseller),
        "missing": missing_for(membership),
        "may_act": membership.can(Permission.ACT_FOR_COMPANY),
        "roles_that_act": who_may(Permission.ACT_FOR_COMPANY, Kind.RESELLER),
        "partnerships": list(partnerships.order_by("-started_at", "-pk")[:A_FEW]),
        "leaving": list(partnerships.exclude(leave_requested_at=None).order_by("leave_requested_at", "pk")[:A_FEW]),
        "customers": list(customers.order_by("-created_at", "-pk")[:A_FEW]),
        "questions": _questions(membership, Permission.ANSWER_SUPPORT),
        "ending": list(_ending(membership).select_related("customer__organisation")[:A_FEW]),
    }


def _for_customer(membership: Membership) -> dict[str, Any]:
    organisations = Organisation.objects.select_related(*PARTS)
    subscriptions = list(
        Subscription.objects.visible_to(membership)
        .not_ended()
        .select_related("offer", "provider", "support_contact")
        .prefetch_related(
            Prefetch("provider__organisation", organisations), Prefetch("support_contact__organisation", organisations)
        )
        .order_by("-created_at", "-pk")[: 2 * A_FEW]
    )
    partners = Relationship.objects.visible_to(membership).select_related(
        "provider__organisation", "reseller__organisation"
    )
    return {
        "subscriptions": subscriptions,
        "questions": _questions(membership, Permission.REQUEST_SUPPORT),
        "contacts": [profile_of(each) for each in dict.fromkeys(map(answered_by, subscriptions))],
        "partners": list(partners.order_by("pk")[:A_FEW]),
        "licences": own_licences(membership),
    }


def _for_plain_user(membership: Membership) -> dict[str, Any]:
    """The licences of somebody without a role, and whom that person can turn to."""
    admins = Membership.objects.visible_to(membership).active().filter(roles__contains=[Role.GLOBAL_ADMIN])
    return {
        "licences": own_licences(membership),
        "admins": list(admins.select_related("user").order_by("created_at", "pk")[:A_FEW]),
    }
