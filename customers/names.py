"""What a customer may be called: company name, domain, contact address, registration number (domain.md §4.2, §4.3).

Every check takes what was typed and returns what is to be stored, or raises ValidationError.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from customers.addresses import tidy_text
from customers.models import DOMAIN_SUFFIX

REGISTRATION_NUMBER_COUNTRIES = frozenset(
    (
        *("AE", "AM", "AZ", "BR", "BY", "HU", "IN", "IQ", "KG", "KZ", "MD", "MM"),
        *("PL", "RU", "SA", "SS", "TH", "TJ", "TR", "UA", "UZ", "VE", "VN", "ZA"),
    )
)

_FAMILY_NAME_FIRST = frozenset({"ja"})
_LEGAL_FORMS = frozenset((Path(__file__).parent / "data" / "legal_forms.txt").read_text(encoding="utf-8").split())
_FILLERS = frozenset(("&", "+", "and", "e", "et", "i", "und", "y"))
_DOMAIN_PREFIX = re.compile(r"[a-z][a-z0-9]{0,26}")
_REGISTRATION_NUMBER = re.compile(r"(?=.*\d)[^\W_](?:[ ./-]?[^\W_])*")


def in_name_order(fields: Iterable[str]) -> list[str]:
    """A form's fields as its reader expects them: in Japanese the family name stands before the given name."""
    ordered = list(fields)
    if get_language() in _FAMILY_NAME_FIRST:
        for given in [name for name in ordered if name.endswith("first_name")]:
            family = given.replace("first_name", "last_name")
            ordered.remove(family)
            ordered.insert(ordered.index(given), family)
    return ordered


def check_company_name(text: str) -> str:
    """The legal name of a company. Codes: name_symbols, name_too_short, name_legal_form."""
    name = tidy_text(text)
    characters = [char for char in name if char.isalnum()]
    if not characters:
        raise ValidationError(_("A company name has letters or digits, such as Contoso Ltd."), "name_symbols")
    if len(characters) == 1:
        raise ValidationError(
            _("“%(name)s” is too short. Enter the full legal name, such as Contoso Ltd."),
            "name_too_short",
            {"name": name},
        )
    if _is_legal_form(name):
        raise ValidationError(
            _("“%(name)s” is only a legal form. Enter the full legal name, such as Contoso Ltd."),
            "name_legal_form",
            {"name": name},
        )
    return name


def check_domain_prefix(text: str) -> str:
    """What stands before .onmicrosoft.com, in lower case; the whole name is understood too. Code: domain_prefix."""
    prefix = unicodedata.normalize("NFKC", text).strip().lower().removesuffix(f".{DOMAIN_SUFFIX}")
    if not _DOMAIN_PREFIX.fullmatch(prefix):
        raise ValidationError(
            _("Use 1 to 27 letters from a to z and digits, beginning with a letter, such as contoso."), "domain_prefix"
        )
    return prefix


def check_contact_email(text: str, *, partner_domain: str) -> str:
    """The contact's address, which is the customer's own: not at the partner, not at microsoft.com, nor below them.

    Code: partner_email.
    """
    email = unicodedata.normalize("NFKC", text).strip()
    host = email.rpartition("@")[2].lower().rstrip(".")
    for domain in filter(None, (partner_domain.lower(), "microsoft.com")):
        if host == domain or host.endswith(f".{domain}"):
            raise ValidationError(
                _("Enter an address of the customer's own. Addresses at %(domain)s are not accepted."),
                "partner_email",
                {"domain": domain},
            )
    return email


def check_registration_number(country: str, text: str) -> str:
    """The number under which the authorities know the company; some countries want one. Codes: required,
    registration_number.
    """
    number = tidy_text(text)
    if not number and country in REGISTRATION_NUMBER_COUNTRIES:
        raise ValidationError(_("Enter the organization's registration number; this country requires it."), "required")
    if number and not _REGISTRATION_NUMBER.fullmatch(number):
        raise ValidationError(
            _("“%(number)s” is not a registration number. Use digits and letters, such as 12.345.678/0001-95."),
            "registration_number",
            {"number": number},
        )
    return number


def _is_legal_form(name: str) -> bool:
    """Whether nothing but legal forms is in the name: Inc., Co., Ltd., GmbH & Co. KG, (株)."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    words = re.findall(r"[^\W_]+|[&+]", plain.replace(".", ""))
    meaning = set(words) - _FILLERS
    return "".join(words) in _LEGAL_FORMS or (bool(meaning) and meaning <= _LEGAL_FORMS)
