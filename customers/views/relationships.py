"""The end of a reseller relationship."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, requires
from accounts.models import Membership
from accounts.roles import Kind, Permission, who_may
from customers.column import customer_steps
from customers.endings import end_relationship, ending_of
from customers.listing import relationship_with
from customers.models import Relationship


def ending_context(relationship: Relationship, membership: Membership) -> dict[str, Any]:
    """For the provider: what stands in the way of removing the relationship, and who may remove it."""
    if membership.kind != Kind.PROVIDER:
        return {}
    return {
        "ending": ending_of(relationship),
        "may_end": membership.can(Permission.END_RELATIONSHIP),
        "roles_that_end": who_may(Permission.END_RELATIONSHIP, Kind.PROVIDER),
    }


@requires(Permission.END_RELATIONSHIP, Kind.PROVIDER)
def relationship_end(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Remove reseller relationship: what stands in the way, or what ends with it, is said first; Yes ends it."""
    relationship = get_object_or_404(relationship_with(pk, request.membership))
    if request.method == "POST":
        try:
            end_relationship(relationship, actor=request.user)
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
            return redirect("customers:end", pk)
        names = {"company": relationship.company_name}
        messages.success(request, _("The reseller relationship with %(company)s is removed.") % names)
        return redirect("customers:list")
    context = {
        "relationship": relationship,
        "ending": ending_of(relationship),
        "steps": customer_steps(pk, "account", request.membership),
    }
    return render(request, "customers/end.html", context)
