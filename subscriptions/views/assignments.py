"""A subscription's licences: who has one, who gets one, and taking one back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import PortalRequest, requires
from accounts.models import Membership
from accounts.paging import paginate, sort_links, sorting_from
from accounts.roles import Permission, who_may
from activity.exports import export_list
from customers.column import customer_steps
from customers.delegations import administers, no_delegation
from staff.listing import search
from subscriptions.assignments import assign_to, users_of, with_assigned, withdraw_licence
from subscriptions.forms.assignments import ChooseUsersForm, SearchFilter
from subscriptions.lists import assignments as lists
from subscriptions.models import LicenceAssignment, Subscription


@requires(Permission.VIEW)
@vary_on_headers("HX-Request")
def licence_list(request: PortalRequest, code: UUID) -> HttpResponse:
    """How many of its licences are assigned, and to whom; the names are for whoever administers the account."""
    subscription, filters = _subscription(request, code), SearchFilter(request.GET)
    sort, sorting = sorting_from(request, lists.HOLDERS)
    rows = lists.search_holders(lists.holders_of(subscription, request.membership), filters.words)
    context = {
        **_context(request, subscription),
        "filters": filters,
        "page": paginate(rows, request, sorting),
        "sort": sort,
        "sorts": sort_links(request, lists.HOLDERS),
    }
    template = "subscriptions/licences/_holders.html" if request.htmx else "subscriptions/licences/list.html"
    return render(request, template, context)


@requires(Permission.VIEW)
def licence_export(request: PortalRequest, code: UUID) -> StreamingHttpResponse:
    subscription = _subscription(request, code)
    _sort, sorting = sorting_from(request, lists.HOLDERS)
    rows = lists.holders_of(subscription, request.membership).order_by(*sorting.order_by())
    lines = lists.holders_lines(lists.search_holders(rows, SearchFilter(request.GET).words))
    title = _("Licenses of %(subscription)s") % {"subscription": subscription}
    return export_list(request, "licenses", title, lists.holders_header(), lines)


@requires(Permission.ASSIGN_LICENCES)
@vary_on_headers("HX-Request")
def licence_assign(request: PortalRequest, code: UUID) -> HttpResponse:
    """Tick who gets a licence. Who cannot is named with the reason, and stays ticked; the others have it by then."""
    subscription = _subscription(request, code)
    users = users_of(subscription.customer, request.membership)
    form = ChooseUsersForm(request.POST if request.method == "POST" else None, offered=users)
    if form.is_valid():
        done, refused = assign_to(subscription, form.cleaned_data["users"], membership=request.membership)
        if done:
            messages.success(request, assigned(len(done)))
        if not refused:
            return redirect("subscriptions:licences", code)
        form.refuse(refused)
        subscription = _subscription(request, code)
    template = "subscriptions/licences/_users.html" if request.htmx else "subscriptions/licences/assign.html"
    return render(request, template, {**_context(request, subscription), **_candidates(request, subscription, form)})


@requires(Permission.ASSIGN_LICENCES)
@require_POST
def licence_withdraw(request: PortalRequest, code: UUID, pk: int) -> HttpResponse:
    """Take a licence back, and return to the page of the subscription or, with back=user, of the user."""
    rows = LicenceAssignment.objects.visible_to(request.membership).select_related("membership__user")
    names = rows.select_related("subscription__customer__organisation")
    assignment = get_object_or_404(names, subscription__code=code, pk=pk)
    try:
        withdraw_licence(assignment, membership=request.membership)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        name = assignment.membership.user.get_full_name()
        messages.success(request, _("License taken back from %(person)s.") % {"person": name})
    if request.POST.get("back") == "user":
        return redirect("subscriptions:user_licences", assignment.membership_id)
    return redirect("subscriptions:licences", code)


def _subscription(request: PortalRequest, code: UUID) -> Subscription:
    """What these pages show of it. Not with_parties(): PostgreSQL plans its fifteen tables longer than all the rest."""
    visible = Subscription.objects.visible_to(request.membership)
    has_plan = Exists(visible.azure_plans().filter(customer=OuterRef("customer")))
    rows = with_assigned(visible).annotate(has_plan=has_plan)
    return get_object_or_404(rows.select_related("offer", "relationship", "customer__organisation"), code=code)


def _context(request: PortalRequest, subscription: Subscription) -> dict[str, Any]:
    membership, offer = request.membership, subscription.offer
    is_administered = administers(membership, subscription.customer)
    may = membership.can(Permission.ASSIGN_LICENCES) and is_administered and not offer.is_usage_based
    is_active = subscription.status == Subscription.Status.ACTIVE
    return {
        "subscription": subscription,
        "steps": customer_steps(subscription.customer_id, "subscriptions", azure=subscription.has_plan),  # type: ignore[attr-defined]  # annotated
        "is_full": subscription.assigned >= subscription.licences,  # type: ignore[attr-defined]  # annotated
        "no_access": "" if is_administered else no_delegation().messages[0],
        "may_assign": may and is_active,
        "may_withdraw": may and subscription.can_change,
        "may_ask": membership.can(Permission.REQUEST_SUPPORT),
        "roles_that_assign": roles_that_assign(membership),
    }


def _candidates(request: PortalRequest, subscription: Subscription, form: ChooseUsersForm) -> dict[str, Any]:
    filters = SearchFilter(request.GET)
    sort, sorting = sorting_from(request, lists.USERS)
    rows = search(lists.without_licence(subscription, request.membership), filters.words)
    page = paginate(rows, request, sorting)
    return {
        "form": form,
        "filters": filters,
        "page": page,
        "choices": lists.choices(page, form.ticked),
        "sort": sort,
        "sorts": sort_links(request, lists.USERS),
    }


def assigned(count: int) -> str:
    return ngettext("%(count)s license assigned.", "%(count)s licenses assigned.", count) % {"count": count}


def roles_that_assign(membership: Membership) -> str:
    """Who could, for somebody who may not; otherwise nothing."""
    if membership.can(Permission.ASSIGN_LICENCES):
        return ""
    return who_may(Permission.ASSIGN_LICENCES, membership.kind)
