"""Error pages: what happened, what to do, and a reference that is in the log."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template import loader

from accounts.access import RoleMissing
from accounts.models import Membership
from activity.log import record
from activity.verbs import Verb
from staff.roles import offered

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Names the roles that could; what was tried with a button is in the activity log."""
    membership = getattr(request, "membership", None)
    roles = _roles_that_could(exception, membership) if membership and isinstance(exception, RoleMissing) else []
    if membership and request.method == "POST" and isinstance(exception, RoleMissing):
        record(
            Verb.ACCESS_REFUSED,
            str(exception.permission.label),
            actor=membership.user,
            seen_by=[membership.organisation],
            refusal="role_missing",
            path=request.path,
        )
    return _page(request, 403, needed_roles=roles)


def _roles_that_could(refusal: RoleMissing, membership: Membership) -> list[str]:
    """Only such as can be given in this kind of organisation: nobody is a Sales agent of a customer."""
    names = {str(role.label) for role in offered(membership.kind, membership.roles)}
    return [name for name in refusal.needed_roles if name in names]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    logger.warning("CSRF check failed: %s", reason)
    return render(request, "403_csrf.html", {"reference": _reference(request)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


class OwnPagesMiddleware:
    """Under DEBUG, what is not found has its own page as well, where Django would list every address.

    It is the innermost one: the page needs to know who reads it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.DEBUG:
            raise MiddlewareNotUsed  # Django asks not_found() itself
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_nowhere = response.status_code == 404 and request.resolver_match is None
        return not_found(request, Http404()) if is_nowhere else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return not_found(request, exception) if isinstance(exception, Http404) else None


class OnlyByButtonMiddleware:
    """Who opens the address of a button, from the history or a bookmark, reads what to do instead of an empty page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.method != "GET":
            return response
        page = _page(request, 405)
        page["Allow"] = response["Allow"]
        return page


def _page(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    logger.info("answered %s for %s", status, request.path)
    context["reference"] = _reference(request)
    if status == 500:
        # Without the request: its context processors may be what failed.
        return HttpResponse(loader.render_to_string("500.html", context), status=500)
    return render(request, f"{status}.html", context, status=status)


def _reference(request: HttpRequest) -> str:
    return getattr(request, "reference", "-")
