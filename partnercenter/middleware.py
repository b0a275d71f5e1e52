"""Around every request: a reference for the log, the reader's language and time zone, an honest sign-in redirect."""

import logging
import secrets
import zoneinfo
from collections.abc import Callable
from contextvars import ContextVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

_GetResponse = Callable[[HttpRequest], HttpResponse]
_reference: ContextVar[str] = ContextVar("reference", default="-")


class ReferenceMiddleware:
    """Gives every request a short reference that stands in the log, in a header, and on every error page."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reference = secrets.token_hex(4)
        request.reference = reference  # type: ignore[attr-defined]  # declared on PortalRequest
        token = _reference.set(reference)
        try:
            response = self.get_response(request)
        finally:
            _reference.reset(token)
        response["X-Reference"] = reference
        return response


class ReferenceFilter(logging.Filter):
    """Puts the request's reference into each of its log lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.reference = _reference.get()
        return True


class ReaderMiddleware:
    """Speaks the person's language, unless the cookie says otherwise, and tells times in the person's zone."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(language)
            request.LANGUAGE_CODE = language
        with timezone.override(zoneinfo.ZoneInfo(getattr(request.user, "time_zone", "UTC"))):
            response = self.get_response(request)
        response["Content-Language"] = translation.get_language()
        return response


class SignInRedirectMiddleware:
    """Sends the whole page to sign-in when a session has ended, and from there back to the page, not to a part of it.

    What a button sent, or the part of a page that was asked for, has an address that shows nothing by itself.
    """

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 302 or request.user.is_authenticated:
            return response
        if response["Location"] == _sign_in(request.get_full_path()) and (request.htmx or request.method != "GET"):  # type: ignore[attr-defined]  # set by HtmxMiddleware
            response["Location"] = _sign_in(_page_of(request))
        return HttpResponseClientRedirect(response["Location"]) if request.htmx else response  # type: ignore[attr-defined]  # set by HtmxMiddleware


def _sign_in(back: str) -> str:
    return f"{resolve_url(settings.LOGIN_URL)}?{urlencode({REDIRECT_FIELD_NAME: back}, safe='/')}"


def _page_of(request: HttpRequest) -> str:
    """The page that the reader looked at, as the browser says; else the one that was asked for, or the overview."""
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return request.get_full_path() if request.method == "GET" else reverse("overview")
    return urlunsplit(("", "", *urlsplit(came_from)[2:4], ""))
