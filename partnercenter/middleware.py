"""Around every request: a reference for the log, the reader's language and time zone, an honest sign-in redirect."""

import logging
import secrets
import zoneinfo
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
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
    """Sends the whole page to sign-in when a session has ended, instead of swapping sign-in into a table."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.htmx and response.status_code == 302 and not request.user.is_authenticated:  # type: ignore[attr-defined]  # set by HtmxMiddleware
            return HttpResponseClientRedirect(response["Location"])
        return response
