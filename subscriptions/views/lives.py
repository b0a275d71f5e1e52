"""Moves in the life of a subscription: suspend, reactivate and cancel, each of which says first what it means."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, FilteredRelation, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, requires
from accounts.roles import Kind, Permission
from customers.column import customer_steps
from subscriptions.assignments import with_assigned
from subscriptions.cancelling import cancel, cancellation
from subscriptions.changes import reactivate, suspend
from subscriptions.models import RenewalPlan, Subscription
from subscriptions.quotes import Agreement, Quote
from subscriptions.sides import Bill, Reader

PARTNERS = (Kind.PROVIDER, Kind.RESELLER)


@requires(Permission.SUSPEND_SUBSCRIPTIONS, *PARTNERS)
def subscription_suspend(request: PortalRequest, code: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    return _move(request, code, suspend, "subscriptions/suspend.html", done=_("Subscription suspended."))


@requires(Permission.SUSPEND_SUBSCRIPTIONS, *PARTNERS)
def subscription_reactivate(request: PortalRequest, code: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    return _move(request, code, reactivate, "subscriptions/reactivate.html", done=_("Subscription reactivated."))


@requires(Permission.CANCEL_SUBSCRIPTIONS, Kind.PROVIDER)
def subscription_cancel(request: PortalRequest, code: UUID) -> HttpResponse:
    """Says until when it is possible, what is given back and what ends with it; POST does what was shown."""
    subscription, (agreed, notices) = subscription_of(request, code), agreement(request)
    if agreed:
        try:
            cancel(subscription, membership=request.membership, agreed=agreed)
        except ValidationError as refusal:
            notices = refusal.messages
        else:
            messages.success(request, _("Subscription canceled."))
            return redirect(subscription)
    found = cancellation(subscription, moment=timezone.now())
    context = page_of(request, subscription) | {
        "cancellation": found,
        "bill": bill_for(request, found.quote),
        "notices": notices,
    }
    return render(request, "subscriptions/cancel.html", context)


def agreement(request: PortalRequest) -> tuple[Agreement | None, list[str]]:
    """What was agreed to by Submit: nothing before prices were shown. With a notice when that was too long ago."""
    token = request.POST.get("quote", "")
    if request.method != "POST" or not token:
        return None, []
    try:
        return Agreement.of(token), []
    except ValidationError as refusal:
        return None, refusal.messages


def bill_for(request: PortalRequest, quote: Quote) -> Bill:
    """What would be charged, as the reader may see it."""
    return Reader(request.membership).postings(quote.postings, quote.reseller_id)


def page_of(request: PortalRequest, subscription: Subscription) -> dict[str, Any]:
    """What every page of a subscription shows around it."""
    azure = bool(subscription.has_plan)  # type: ignore[attr-defined]  # from subscription_of()
    steps = customer_steps(subscription.customer_id, "subscriptions", azure=azure)
    return {"subscription": subscription, "steps": steps}


def subscription_of(request: PortalRequest, code: UUID) -> Subscription:
    """What its pages show of it, with its open renewal plan, and no join besides."""
    visible = Subscription.objects.visible_to(request.membership)
    has_plan = Exists(visible.azure_plans().filter(customer=OuterRef("customer")))
    is_open = Q(renewal_plans__applied_at=None, renewal_plans__withdrawn_at=None)
    parties = ("provider__organisation", "support_contact__organisation")
    rows = with_assigned(visible).annotate(plan=FilteredRelation("renewal_plans", condition=is_open))
    of_it = ("offer", "relationship", "base", "plan__offer", "order_line__order")
    rows = rows.select_related(*of_it, *parties)
    return get_object_or_404(rows.annotate(has_plan=has_plan), code=code)


def plan_of(subscription: Subscription) -> RenewalPlan | None:
    """Its open renewal plan, which subscription_of() has read with it: without one there is no such attribute."""
    return getattr(subscription, "plan", None)


def _move(request: PortalRequest, code: UUID, move: Callable[..., None], template: str, *, done: str) -> HttpResponse:
    subscription = subscription_of(request, code)
    if request.method != "POST":
        add_ons = subscription.add_ons.visible_to(request.membership).not_ended().order_by("pk")
        return render(request, template, page_of(request, subscription) | {"add_ons": add_ons})
    try:
        move(subscription, membership=request.membership)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, done)
    return redirect(subscription)
