"""Subscriptions: over all customers, those of one, and the page of one of them with what may change there."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, RoleMissing, check, requires
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Kind, Permission
from activity.exports import export_list
from activity.log import codes_of
from customers.column import customer_steps
from customers.delegations import no_delegation
from customers.listing import relationship_with
from resellers.support_profiles import profile_of
from subscriptions.assignments import with_assigned
from subscriptions.changes import reactivate, submit_changes, suspend
from subscriptions.credit import Verification
from subscriptions.filters import SubscriptionFilter
from subscriptions.forms.subscriptions import SubscriptionForm
from subscriptions.history import credit_periods, events_of
from subscriptions.lists.subscriptions import SORTINGS, export_header, export_lines, with_names
from subscriptions.models import Subscription
from subscriptions.returns import returnable
from subscriptions.support import answered_by
from subscriptions.views.credited import tabs

_CHANGING = (Permission.EDIT_SUBSCRIPTIONS, Permission.CHANGE_CREDIT, Permission.DESIGNATE_SUPPORT)
_PARTNERS = (Kind.PROVIDER, Kind.RESELLER)


@requires(Permission.VIEW)
@vary_on_headers("HX-Request")
def subscription_list(request: PortalRequest) -> HttpResponse:
    """Those of all customers that one may see."""
    filters = SubscriptionFilter(request.GET, membership=request.membership)
    rows = filters.apply(with_names(Subscription.objects.visible_to(request.membership), request.membership))
    sort, sorting = sorting_from(request, SORTINGS)
    is_reseller = request.membership.kind == Kind.RESELLER  # whose customers come one by one, in no order of theirs
    context = {
        "filters": filters,
        "page": paginate(rows, request, sorting, keys_first=is_reseller),
        "sort": sort,
        "sorts": sort_links(request, SORTINGS),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
        "tabs": tabs("subscriptions:list") if is_reseller else [],
    }
    return render(request, "subscriptions/_table.html" if request.htmx else "subscriptions/list.html", context)


@requires(Permission.VIEW)
def subscription_export(request: PortalRequest) -> StreamingHttpResponse:
    filters = SubscriptionFilter(request.GET, membership=request.membership)
    rows = filters.apply(Subscription.objects.visible_to(request.membership))
    _sort, sorting = sorting_from(request, SORTINGS)
    lines = export_lines(rows.order_by(*sorting.order_by()))
    return export_list(request, "subscriptions", _("Subscriptions"), export_header(), lines)


@requires(Permission.VIEW)
def customer_subscriptions(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One customer's: what it has licenses for, and what it pays by use."""
    relationship = get_object_or_404(relationship_with(pk, request.membership))
    rows = Subscription.objects.visible_to(request.membership).filter(customer=pk)
    page = paginate(with_names(rows, request.membership), request, SORTINGS["newest"])
    context = {
        "relationship": relationship,
        "page": page,
        "license_based": [each for each in page if not each.offer.is_usage_based],
        "usage_based": [each for each in page if each.offer.is_usage_based],
        "steps": customer_steps(pk, "subscriptions", request.membership),
        "may_order": request.membership.can(Permission.PLACE_ORDERS),
    }
    return render(request, "subscriptions/customer.html", context)


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
            check(request.membership, Permission.CHANGE_CREDIT)
            verification = Verification.of(request.POST.get("mpn_id", ""), request.membership.organisation.provider)
        elif form.is_valid() and _submit(request, subscription, form):
            return redirect(subscription)
        subscription = _subscription(request, code)
    no_access = "" if form.is_allowed else no_delegation().messages[0]
    context = _detail(request, subscription) | {"form": form, "verification": verification, "no_access": no_access}
    return render(request, "subscriptions/detail.html", context)


@requires(Permission.SUSPEND_SUBSCRIPTIONS, *_PARTNERS)
def subscription_suspend(request: PortalRequest, code: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    return _move(request, code, suspend, "subscriptions/suspend.html", done=_("Subscription suspended."))


@requires(Permission.SUSPEND_SUBSCRIPTIONS, *_PARTNERS)
def subscription_reactivate(request: PortalRequest, code: UUID) -> HttpResponse:
    """Says what it means, and on POST does it."""
    return _move(request, code, reactivate, "subscriptions/reactivate.html", done=_("Subscription reactivated."))


@requires(Permission.CHANGE_CREDIT, Kind.PROVIDER)
def mpn_id_verify(request: PortalRequest) -> HttpResponse:
    """Whose an MPN ID is and whether it may be credited: a fragment. Nothing is changed."""
    verification = Verification.of(request.GET.get("mpn_id", ""), request.membership.organisation.provider)
    return render(request, "subscriptions/_verification.html", {"verification": verification})


def _move(request: PortalRequest, code: UUID, move: Callable[..., None], template: str, *, done: str) -> HttpResponse:
    subscription = _subscription(request, code)
    if request.method != "POST":
        steps = customer_steps(subscription.customer_id, "subscriptions", request.membership)
        return render(request, template, {"subscription": subscription, "steps": steps})
    try:
        move(subscription, membership=request.membership)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, done)
    return redirect(subscription)


def _subscription(request: PortalRequest, code: UUID) -> Subscription:
    """What its page shows of it, and no join besides."""
    visible = Subscription.objects.visible_to(request.membership)
    has_plan = Exists(visible.azure_plans().filter(customer=OuterRef("customer")))
    parties = ("provider__organisation", "support_contact__organisation")
    rows = with_assigned(visible).select_related("offer", "relationship", "order_line__order", *parties)
    return get_object_or_404(rows.annotate(has_plan=has_plan), code=code)


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
        "steps": customer_steps(subscription.customer_id, "subscriptions", azure=subscription.has_plan),  # type: ignore[attr-defined]  # annotated
        "returnable": returnable(subscription) if may(Permission.EDIT_SUBSCRIPTIONS) else [],
        "periods": credit_periods(subscription),
        "events": events_of(subscription, request.membership),
        "contact": profile_of(answered_by(subscription)),
        "may_assign": may(Permission.ASSIGN_LICENCES),
        "may_ask": may(Permission.REQUEST_SUPPORT),
        "may_suspend": may(Permission.SUSPEND_SUBSCRIPTIONS),
        "may_see_prices": may(Permission.SEE_PRICES),
    }
