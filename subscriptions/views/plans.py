"""Changes that a subscription is to renew with: scheduled, changed and withdrawn until its term ends."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, requires
from accounts.roles import Permission
from subscriptions.credit import current_credit
from subscriptions.forms.lives import RenewalForm
from subscriptions.models import Offer, Subscription
from subscriptions.plans import plan_renewal, renewal_choices, withdraw_plan
from subscriptions.sides import Reader
from subscriptions.views.lives import PARTNERS, page_of, plan_of, subscription_of


@requires(Permission.EDIT_SUBSCRIPTIONS, *PARTNERS)
def renewal_plan(request: PortalRequest, code: UUID) -> HttpResponse:
    """Licenses, product, term and billing frequency from the renewal on; the price will be that of the day.

    What the licenses come to is shown while they are typed, or by the button for that, before anything is scheduled.
    """
    subscription = subscription_of(request, code)
    form = _form(request, subscription, _choices(request, subscription))
    if request.htmx:
        return render(request, "subscriptions/_offers.html", {"form": form})
    if request.POST.get("action") != "update" and form.is_valid():
        licences = form.cleaned_data["licences"]
        try:
            plan_renewal(subscription, offer=form.chosen, licences=licences, membership=request.membership)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Changes scheduled for the renewal."))
            return redirect(subscription)
    return render(request, "subscriptions/plan.html", page_of(request, subscription) | {"form": form})


@requires(Permission.EDIT_SUBSCRIPTIONS, *PARTNERS)
@require_POST
def renewal_plan_withdraw(request: PortalRequest, code: UUID) -> HttpResponse:
    """Renew as it is."""
    subscription = subscription_of(request, code)
    try:
        withdraw_plan(subscription, membership=request.membership)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        messages.success(request, _("Scheduled changes withdrawn."))
    return redirect(subscription)


def _choices(request: PortalRequest, subscription: Subscription) -> list[Offer]:
    """What it could renew as; to whoever may not order, only as what it is."""
    choices = renewal_choices(subscription, request.membership)
    if request.membership.can(Permission.PLACE_ORDERS):
        return choices
    return [offer for offer in choices if offer.item == subscription.offer.item]


def _form(request: PortalRequest, subscription: Subscription, offers: list[Offer]) -> RenewalForm:
    plan, period = plan_of(subscription), current_credit(subscription)
    return RenewalForm(
        subscription,
        offers,
        reader=Reader(request.membership),
        credited=period.partner_account.organisation_id if period else None,
        data=request.POST if request.method == "POST" else None,
        initial={"offer": _kept(subscription, offers), "licences": plan.licences if plan else subscription.licences},
    )


def _kept(subscription: Subscription, offers: list[Offer]) -> str:
    """The line by which it would renew now: that of the plan or, of what it is, the one on sale."""
    plan = plan_of(subscription)
    wanted = plan.offer if plan else subscription.offer
    return next((str(offer.code) for offer in offers if offer.item == wanted.item), "")
