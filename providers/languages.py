"""Languages that people speak with each other, as codes in rows and by name on pages."""

from collections.abc import Iterable
from functools import lru_cache

from babel import Locale
from django.conf import settings
from django.utils.translation import get_language, to_locale

# What can be chosen: the portal's own, and those that are spoken where resellers and their customers are.
CODES = (
    *("ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja"),
    *("ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "vi"),
    *("zh-hans", "zh-hant"),
)


def language_name(code: str) -> str:
    """The language's name in the reader's language; a code that nobody knows stays what it is."""
    return _name(code, get_language() or settings.LANGUAGE_CODE)


def language_names(codes: Iterable[str]) -> list[str]:
    """The names, in the order of the reader's alphabet."""
    return sorted(language_name(code) for code in codes)


def language_choices() -> list[tuple[str, str]]:
    """Every language with its name, for a form."""
    return sorted(((code, language_name(code)) for code in CODES), key=lambda choice: choice[1])


@lru_cache(maxsize=512)
def _name(code: str, reader: str) -> str:
    known: dict[str, str] = dict(Locale.parse(to_locale(reader)).languages)
    return known.get(to_locale(code), code)
