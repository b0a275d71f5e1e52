"""A public page's addresses as search engines need them: the canonical one, and one for each language."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import get_language, get_language_info

from providers.views.caching import LANGUAGE_PARAMETER, language_asked_for


@dataclass(frozen=True)
class Language:
    """The page in another language: its address, and the language's own name for itself."""

    code: str
    name: str
    url: str
    is_current: bool


@dataclass(frozen=True)
class Addresses:
    """What stands in the page's head, and behind its language switch."""

    canonical: str
    by_default: str
    alternates: list[Language]
    switch: list[Language]
    suffix: str
    """What links to other public pages end with, so that a language that was asked for stays."""


def addresses_of(request: HttpRequest, **kept: str) -> Addresses:
    """Of all that may be in the address, only the language and what is kept makes a page of its own."""
    page = f"{settings.PORTAL_URL}{request.path}"
    asked = language_asked_for(request)
    return Addresses(
        canonical=_with(page, kept, asked),
        by_default=_with(page, kept, ""),
        alternates=[_language(code, _with(page, kept, code)) for code, _name in settings.LANGUAGES],
        switch=[_language(code, _with(request.path, request.GET.dict(), code)) for code, _name in settings.LANGUAGES],
        suffix=f"?{LANGUAGE_PARAMETER}={asked}" if asked else "",
    )


def _language(code: str, url: str) -> Language:
    return Language(code, get_language_info(code)["name_local"], url, code == get_language())


def _with(page: str, query: dict[str, str], language: str) -> str:
    asked = {name: value for name, value in query.items() if value}
    asked.pop(LANGUAGE_PARAMETER, None)
    if language:
        asked[LANGUAGE_PARAMETER] = language
    return f"{page}?{urlencode(asked)}" if asked else page
