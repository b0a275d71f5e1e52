"""Answers while one types: is the domain free, what does this country ask for, whose number is this."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, requires
from accounts.roles import Kind, Permission
from customers.names import check_domain_prefix
from customers.partner_choice import Partners
from customers.registration import domain_is_free, domain_taken
from subscriptions.credit import Verification
from subscriptions.forms.orders import AccountInfoForm, typed_account

_places_orders = requires(Permission.PLACE_ORDERS, Kind.PROVIDER)


@require_GET
@_places_orders
def domain_check(request: PortalRequest) -> HttpResponse:
    """Says beside the field whether a domain is free at this moment. Submit decides again."""
    context: dict[str, object] = {}
    try:
        context["prefix"] = prefix = check_domain_prefix(request.GET.get("domain_prefix", "").replace("\0", ""))
        if not domain_is_free(prefix):
            raise domain_taken(prefix)
    except ValidationError as refusal:
        context["problem"] = refusal.messages[0]
    return render(request, "orders/_domain.html", context)


@require_GET
@_places_orders
def address_fields(request: PortalRequest) -> HttpResponse:
    """The fields that a country asks for, with what was typed in them before."""
    form = AccountInfoForm(initial=typed_account(request.GET), membership=request.membership)
    return render(request, "orders/_address.html", {"form": form})


@require_GET
@_places_orders
def mpn_id_verify(request: PortalRequest) -> HttpResponse:
    """Says whose MPN ID this is, or why it cannot be credited."""
    typed = [str(text) for name, text in request.GET.items() if name.endswith("mpn_id")]
    found = Verification.of("".join(typed[:1]), request.membership.organisation.provider)
    label = found.account.label if found.account else ""
    return render(request, "orders/_verified.html", {"label": label, "problems": found.problems})


@require_GET
@requires(Permission.VIEW, Kind.PROVIDER)
def partner_suggestions(request: PortalRequest) -> HttpResponse:
    """Partners whose name or MPN ID has what is typed in the one box that asks; ?for=credit: those with an MPN ID."""
    typed = [str(text) for name, text in request.GET.items() if name != "for"]
    partners = Partners(request.membership, is_credit=request.GET.get("for") == "credit")
    return render(request, "orders/_partners.html", {"labels": partners.like("".join(typed[:1]))})
