"""The page of a subscription: its form, Verify, and the two buttons that suspend and reactivate."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, RoleMissing, requires
from accounts.roles import Kind, Permission
from activity.log import codes_of
from customers.column import customer_steps
from subscriptions.changes import reactivate, returnable, submit_changes, suspend
from subscriptions.history import credit_periods, events_of
from subscriptions.models import Subscription
from subscriptions.subscription_forms import SubscriptionForm, Verification

_CHANGING = (Permission.EDIT_SUBSCRIPTIONS, Permission.CHANGE_CREDIT, Permission.DESIGNATE_SUPPORT)
_PARTNERS = (Kind.PROVIDER, Kind.RESELLER)


@requires(Permission.VIEW)
def subscription_detail(request: PortalRequest, code: UUID) -> HttpResponse:
    """The page of a subscription; POST submits its form, or looks up the MPN ID that was typed."""
    subscription = _subscription(request, code)
    form = SubscriptionForm(subscription, request.membership, request.POST or None)
    verification = None
    if request.method == "POST":
        if not any(request.membership.can(permission) for permission in _CHANGING):
            raise RoleMissing(Permission.EDIT_SUBSCRIPTIONS, request.membership.kind)
        if "verify" in request.POST:
            verification = Verification.of(request.POST.get("mpn_id", ""), request.membership)
        elif form.is_valid() and _submit(request, subscription, form):
            return redirect(subscription)
        subscription = _subscription(request, code)
    context = _detail(request, subscription) | {"form": form, "verification": verification}
    return render(request, "subscriptions/detail.html", context)


@requires(Permission.SUSPEND_SUBSCRIPTIONS, *_PARTNERS)
def subscription_suspend(request: PortalRequest, code: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    subscription = _subscription(request, code)
    if request.method == "POST":
        try:
            suspend(subscription, membership=request.membership)
            messages.success(request, _("Subscription suspended."))
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
        return redirect(subscription)
    context = {
        "subscription": subscription,
        "steps": customer_steps(subscription.customer_id, "subscriptions"),
    }
    return render(request, "subscriptions/suspend.html", context)


@requires(Permission.SUSPEND_SUBSCRIPTIONS, *_PARTNERS)
def subscription_reactivate(request: PortalRequest, code: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    subscription = _subscription(request, code)
    if request.method == "POST":
        try:
            reactivate(subscription, membership=request.membership)
            messages.success(request, _("Subscription reactivated."))
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
        return redirect(subscription)
    context = {
        "subscription": subscription,
        "steps": customer_steps(subscription.customer_id, "subscriptions"),
    }
    return render(request, "subscriptions/reactivate.html", context)


@requires(Permission.CHANGE_CREDIT, Kind.PROVIDER)
def mpn_id_verify(request: PortalRequest) -> HttpResponse:
    """Whose an MPN ID is and whether it may be credited: a fragment. Nothing is changed."""
    verification = Verification.of(request.GET.get("mpn_id", ""), request.membership)
    return render(request, "subscriptions/_verification.html", {"verification": verification})


def _subscription(request: PortalRequest, code: UUID) -> Subscription:
    rows = Subscription.objects.visible_to(request.membership).select_related(
        "offer",
        "order_line__order",
        "provider__organisation",
        "customer__organisation",
        "relationship__provider__organisation",
        "relationship__customer__organisation",
        "relationship__reseller__organisation",
        "support_contact__organisation",
    )
    return get_object_or_404(rows, code=code)


def _submit(request: PortalRequest, subscription: Subscription, form: SubscriptionForm) -> bool:
    revision = form.cleaned_data["revision"]
    try:
        done = submit_changes(subscription, form.changes(), revision=revision, membership=request.membership)
    except ValidationError as refusal:
        form.refuse(refusal)
        if codes_of(refusal) == "changed_meanwhile":
            form.catch_up(_subscription(request, subscription.code))
        return False
    messages.success(request, _("Subscription saved.") if done else _("Nothing was changed."))
    return True


def _detail(request: PortalRequest, subscription: Subscription) -> dict[str, Any]:
    may = request.membership.can
    return {
        "subscription": subscription,
        "steps": customer_steps(subscription.customer_id, "subscriptions"),
        "returnable": returnable(subscription) if may(Permission.EDIT_SUBSCRIPTIONS) else [],
        "periods": credit_periods(subscription),
        "events": events_of(subscription, request.membership),
        "may_suspend": may(Permission.SUSPEND_SUBSCRIPTIONS),
        "may_see_prices": may(Permission.SEE_PRICES),
    }
