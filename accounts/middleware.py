"""Which hat the person wears, and whether a temporary password must be changed first."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import Membership, MembershipQuerySet, User

SESSION_KEY = "membership"
_GetResponse = Callable[[HttpRequest], HttpResponse]


class MembershipMiddleware:
    """Sets request.membership, and request.memberships for the switch; looked up anew for every request."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        memberships = self._memberships_of(request.user)
        chosen = request.session.get(SESSION_KEY) if memberships else None
        request.memberships = memberships  # type: ignore[attr-defined]  # declared on PortalRequest
        request.membership = next(  # type: ignore[attr-defined]  # declared on PortalRequest
            (each for each in memberships if each.pk == chosen), memberships[0] if memberships else None
        )
        return self.get_response(request)

    def rows(self) -> MembershipQuerySet:
        """What is read with the memberships. partnercenter.bell adds what stands in the top bar."""
        return Membership.objects.active().select_related("organisation")

    def _memberships_of(self, user: User | AnonymousUser) -> list[Membership]:
        if not isinstance(user, User):
            return []
        found = list(self.rows().filter(user=user).order_by("organisation__name", "pk"))
        for membership in found:
            membership.user = user
        return found


class TemporaryPasswordMiddleware:
    """Whoever signed in with a temporary password sees nothing before a new one is chosen (design.md §4.8)."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not getattr(request.user, "must_change_password", False):
            return self.get_response(request)
        page = reverse("accounts:new_password")
        allowed = (page, reverse("account_logout"), reverse("set_language"), f"/{settings.STATIC_URL.lstrip('/')}")
        if request.path.startswith(allowed):
            return self.get_response(request)
        return HttpResponseClientRedirect(page) if getattr(request, "htmx", False) else redirect(page)
