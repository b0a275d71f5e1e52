"""Upgrade now, and Convert trial to paid subscription: choose, see what it costs, submit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access import PortalRequest, requires
from accounts.models import Membership
from accounts.roles import Kind, Permission
from activity.log import codes_of
from subscriptions.conversions import conversion_targets, convert, quote_conversion
from subscriptions.credit import current_credit
from subscriptions.forms.lives import LicensedOfferForm, OfferForm
from subscriptions.models import Offer, Subscription
from subscriptions.quotes import Agreement, Quote
from subscriptions.sides import Reader
from subscriptions.upgrades import quote_upgrade, upgrade, upgrade_targets
from subscriptions.views.lives import agreement, bill_for, page_of, subscription_of


@dataclass(frozen=True)
class Move:
    """To another product: to which, what it costs, and the doing of it."""

    name: str
    title: str | Promise
    done: str | Promise
    form: type[OfferForm]
    targets: Callable[[Subscription, Membership], list[Offer]]
    quote: Callable[[Subscription, OfferForm, datetime], Quote]
    act: Callable[[Subscription, OfferForm, Membership, Agreement], Any]


def _quote_upgrade(subscription: Subscription, form: OfferForm, moment: datetime) -> Quote:
    return quote_upgrade(subscription, form.chosen, moment=moment)


def _upgrade(subscription: Subscription, form: OfferForm, membership: Membership, agreed: Agreement) -> None:
    upgrade(subscription, form.chosen, membership=membership, agreed=agreed)


def _quote_conversion(subscription: Subscription, form: OfferForm, moment: datetime) -> Quote:
    return quote_conversion(subscription, form.chosen, form.cleaned_data["licences"], moment=moment)


def _convert(subscription: Subscription, form: OfferForm, membership: Membership, agreed: Agreement) -> None:
    convert(subscription, form.chosen, form.cleaned_data["licences"], membership=membership, agreed=agreed)


UPGRADE = Move(
    "upgrade", _("Upgrade now"), _("Subscription upgraded."), OfferForm, upgrade_targets, _quote_upgrade, _upgrade
)
CONVERT = Move(
    "convert",
    _("Convert trial to paid subscription"),
    _("Trial converted to a paid subscription."),
    LicensedOfferForm,
    conversion_targets,
    _quote_conversion,
    _convert,
)


@requires(Permission.PLACE_ORDERS, Kind.PROVIDER)
def subscription_upgrade(request: PortalRequest, code: UUID) -> HttpResponse:
    """To a product that the price list allows, for the rest of the term."""
    return _page(request, code, UPGRADE)


@requires(Permission.PLACE_ORDERS, Kind.PROVIDER)
def trial_convert(request: PortalRequest, code: UUID) -> HttpResponse:
    """To what the price list lets a trial become, with a term that begins now."""
    return _page(request, code, CONVERT)


def _page(request: PortalRequest, code: UUID, move: Move) -> HttpResponse:
    subscription = subscription_of(request, code)
    form = _form(request, subscription, move)
    agreed, notices = agreement(request)
    if "edit" not in request.POST and form.is_valid():
        try:
            if agreed is None:
                return _review(request, subscription, move, form, notices)
            return _done(request, subscription, move, form, agreed)
        except ValidationError as refusal:
            form.add_error(None, refusal)
    context = page_of(request, subscription) | {"form": form, "move": move}
    return render(request, "subscriptions/targets.html", context)


def _done(
    request: PortalRequest, subscription: Subscription, move: Move, form: OfferForm, agreed: Agreement
) -> HttpResponse:
    try:
        move.act(subscription, form, request.membership, agreed)
    except ValidationError as refusal:
        if codes_of(refusal) != "quote_expired":
            raise
        return _review(request, subscription, move, form, refusal.messages)
    messages.success(request, str(move.done))
    return redirect(subscription)


def _review(
    request: PortalRequest, subscription: Subscription, move: Move, form: OfferForm, notices: list[str]
) -> HttpResponse:
    quote = move.quote(subscription, form, timezone.now())
    context = page_of(request, subscription) | {
        "action": reverse(f"subscriptions:{move.name}", args=[subscription.code]),
        "title": move.title,
        "offer": form.chosen,
        "licences": form.cleaned_data.get("licences", subscription.licences),
        "sent": form.sent(),
        "bill": bill_for(request, quote),
        "quote": quote,
        "notices": notices,
    }
    return render(request, "subscriptions/review.html", context)


def _form(request: PortalRequest, subscription: Subscription, move: Move) -> OfferForm:
    offers, period = move.targets(subscription, request.membership), current_credit(subscription)
    initial = {"offer": str(offers[0].code) if len(offers) == 1 else "", "licences": subscription.licences}
    return move.form(
        subscription,
        offers,
        reader=Reader(request.membership),
        credited=period.partner_account.organisation_id if period else None,
        data=request.POST if request.method == "POST" else None,
        initial=initial,
    )
