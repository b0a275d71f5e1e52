"""The page of a subscription: what it is, what may change there and what that costs, and what has become of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, RoleMissing, check, requires
from accounts.roles import Kind, Permission
from activity.log import codes_of
from customers.delegations import no_delegation
from resellers.support_profiles import profile_of
from subscriptions.changes import quote_changes, submit_changes
from subscriptions.credit import Verification
from subscriptions.forms.subscriptions import SubscriptionForm
from subscriptions.history import History
from subscriptions.models import Subscription
from subscriptions.quotes import Quote
from subscriptions.returns import returnable
from subscriptions.sides import Reader
from subscriptions.support import answered_by
from subscriptions.views.lives import agreement, bill_for, page_of, subscription_of

_CHANGING = (Permission.EDIT_SUBSCRIPTIONS, Permission.CHANGE_CREDIT, Permission.DESIGNATE_SUPPORT)


@requires(Permission.VIEW)
def subscription_detail(request: PortalRequest, code: UUID) -> HttpResponse:
    """The page of a subscription; POST submits its form, or looks up the MPN ID that was typed."""
    subscription = subscription_of(request, code)
    history = History(subscription, request.membership)
    form = SubscriptionForm(subscription, request.membership, request.POST or None, period=history.current_credit)
    verification = None
    if request.method == "POST":
        if not any(request.membership.can(permission) for permission in _CHANGING):
            raise RoleMissing(Permission.EDIT_SUBSCRIPTIONS, request.membership.kind)
        if "verify" in request.POST:
            check(request.membership, Permission.CHANGE_CREDIT)
            verification = Verification.of(request.POST.get("mpn_id", ""), request.membership.organisation.provider)
        elif "edit" not in request.POST and form.is_valid():
            if answer := _submit(request, subscription, form):
                return answer
            subscription = subscription_of(request, code)
    no_access = "" if form.is_allowed else no_delegation().messages[0]
    shown = {"form": form, "history": history, "verification": verification, "no_access": no_access}
    return render(request, "subscriptions/detail.html", _detail(request, subscription, history) | shown)


def _submit(request: PortalRequest, subscription: Subscription, form: SubscriptionForm) -> HttpResponse | None:
    """The page that says what it costs, or the way back once it is done; nothing when it is refused."""
    revision, (agreed, notices) = form.cleaned_data["revision"], agreement(request)
    if agreed is None and (quote := _quote(subscription, form)):
        return _review(request, subscription, form, quote, notices)
    try:
        done = submit_changes(
            subscription, form.changes(), revision=revision, membership=request.membership, agreed=agreed
        )
    except ValidationError as refusal:
        return _refused(request, subscription, form, refusal)
    messages.success(request, _("Subscription saved.") if done else _("Nothing was changed."))
    return redirect(subscription)


def _refused(
    request: PortalRequest, subscription: Subscription, form: SubscriptionForm, refusal: ValidationError
) -> HttpResponse | None:
    """Prices that are not those that were shown are shown again; other refusals stand in the form."""
    code = codes_of(refusal)
    if code == "quote_expired" and (quote := _quote(subscription_of(request, subscription.code), form)):
        return _review(request, subscription, form, quote, refusal.messages)
    form.refuse(refusal)
    if code == "changed_meanwhile":
        form.catch_up(subscription_of(request, subscription.code))
    return None


def _quote(subscription: Subscription, form: SubscriptionForm) -> Quote | None:
    """What the change costs; None when that is nothing, or when Submit is going to refuse it anyway and say why."""
    if not form.is_worth_a_quote:
        return None
    try:
        quote = quote_changes(subscription, form.changes(), moment=timezone.now())
    except ValidationError:
        return None  # all that is wrong is said at once, by submit_changes()
    return quote if any(posting.cost.amount for posting in quote.postings) else None


def _review(
    request: PortalRequest, subscription: Subscription, form: SubscriptionForm, quote: Quote, notices: list[str]
) -> HttpResponse:
    context = page_of(request, subscription) | {
        "action": subscription.get_absolute_url(),
        "title": _("Review"),
        "changes": form.differences(),
        "sent": form.sent(),
        "bill": bill_for(request, quote),
        "quote": quote,
        "notices": notices,
    }
    return render(request, "subscriptions/review.html", context)


def _detail(request: PortalRequest, subscription: Subscription, history: History) -> dict[str, Any]:
    may, period = request.membership.can, history.current_credit
    credited = period.partner_account.organisation_id if period else None
    is_provider = request.membership.kind == Kind.PROVIDER
    return page_of(request, subscription) | {
        "returnable": returnable(subscription) if may(Permission.EDIT_SUBSCRIPTIONS) else [],
        "contact": profile_of(answered_by(subscription)),
        "add_ons": _add_ons(request, subscription),
        "price": Reader(request.membership).own_price(subscription, credited),
        "may_assign": may(Permission.ASSIGN_LICENCES),
        "may_ask": may(Permission.REQUEST_SUPPORT),
        "may_suspend": may(Permission.SUSPEND_SUBSCRIPTIONS),
        "may_cancel": is_provider and may(Permission.CANCEL_SUBSCRIPTIONS),
        "may_order": is_provider and may(Permission.PLACE_ORDERS),
        "may_plan": may(Permission.EDIT_SUBSCRIPTIONS),
        "may_see_prices": may(Permission.SEE_PRICES),
    }


def _add_ons(request: PortalRequest, subscription: Subscription) -> list[Subscription]:
    """What was added to it, the running ones first. An add-on has none itself."""
    if subscription.base_id:
        return []
    visible = Subscription.objects.visible_to(request.membership).filter(base=subscription)
    return list(visible.order_by("status", "pk")[:100])
