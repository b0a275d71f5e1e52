"""The two doors: every view is either @public or @requires a permission. A test walks the URLs to prove it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxDetails

from accounts.models import Membership, User
from accounts.roles import Kind, Permission, labels, roles_with

View = Callable[..., HttpResponseBase]


class PortalRequest(HttpRequest):
    """A request by someone who has signed in and acts for an organisation."""

    user: User
    membership: Membership
    memberships: list[Membership]
    htmx: HtmxDetails
    reference: str


class VisitorRequest(HttpRequest):
    """A request to a public page: by somebody who has signed in, and acts for an organisation, or not."""

    membership: Membership | None
    memberships: list[Membership]


class RoleMissing(PermissionDenied):
    """Refused because of the role: names the roles that could, for the page that says so."""

    def __init__(self, permission: Permission, kind: Kind) -> None:
        self.permission = permission
        self.needed_roles = labels(roles_with(permission, kind))
        super().__init__(f"needs {permission.value}")


class MembershipMissing(PermissionDenied):
    """Refused because the person acts for no organisation."""


def public(view: View) -> View:
    """Open to everybody, signed in or not."""
    view.access = "public"  # type: ignore[attr-defined]  # read by tests/test_access.py
    return login_not_required(view)


def signed_in(view: View) -> View:
    """Open to whoever has signed in, even without an organisation: one's own language, switching, enrolling."""
    view.access = "signed in"  # type: ignore[attr-defined]  # read by tests/test_access.py
    return view


def requires(permission: Permission, *kinds: Kind) -> Callable[[View], View]:
    """Open to members whose roles hold the permission; 404 for the other kinds of organisation when kinds are given."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            check(request.membership, permission, kinds)
            return view(request, *args, **kwargs)

        guarded.access = permission  # type: ignore[attr-defined]  # read by tests/test_access.py
        return guarded

    return decorate


def check(membership: Membership | None, permission: Permission, kinds: tuple[Kind, ...] = ()) -> None:
    """Raise Http404 for the wrong kind of organisation and RoleMissing for the wrong role."""
    if membership is None:
        raise MembershipMissing
    if kinds and membership.kind not in kinds:
        raise Http404
    if not membership.can(permission):
        raise RoleMissing(permission, membership.kind)
