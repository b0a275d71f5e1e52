"""Pages for everybody: in the language of their address, kept for a while by whoever stands between us and the reader.

A page is public only for readers without a session: what a member gets is the member's own. Nothing that a visitor is
sent may carry a cookie, so these pages have no CSRF token in them and change their language by a link
(docs/decisions/012).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

MAX_AGE = 300
LANGUAGE_PARAMETER = "lang"
_PERSONAL_COOKIES = {settings.SESSION_COOKIE_NAME, "messages"}
_View = Callable[..., HttpResponse]


def for_everybody(view: _View) -> _View:
    """A page that reads ?lang= and may be kept for five minutes when nobody has signed in."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if language := language_asked_for(request):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Accept-Language", "Cookie", "HX-Request"])
        if request.user.is_authenticated or _PERSONAL_COOKIES & set(request.COOKIES):
            patch_cache_control(response, private=True, no_cache=True)
        else:
            patch_cache_control(response, public=True, max_age=MAX_AGE)
        return response

    return page


def language_asked_for(request: HttpRequest) -> str:
    """The language in the address, when it is one of ours."""
    wanted = request.GET.get(LANGUAGE_PARAMETER, "")
    return wanted if wanted in dict(settings.LANGUAGES) else ""
