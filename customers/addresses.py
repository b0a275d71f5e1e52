"""What an address and a phone number look like, country by country (domain.md §4.4).

Nothing here asks the database: the checks take what was typed, and say all that is wrong with it at once (domain.md
§4.5).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from customers.models import Customer
from customers.postal_data import PostalFacts, postal_facts

FIELDS = ("address_line1", "address_line2", "city", "state", "postal_code")

_FULL_OR_HALF_WIDTH = re.compile(r"[\u3000\uff01-\uffee]+")
_DASH_IN_NUMBER = re.compile(r"(?<=\d) ?[ー−‐‑‒–—―] ?(?=\d)")
_SEPARATORS = re.compile(r"[\W_]+")
_COUNTRY_PREFIX = re.compile(r"^[A-Z]{1,3}-")  # CH-8001, D-10115

_MISSING = {
    "address_line1": _("Enter the street and number."),
    "city": _("Enter the city."),
    "state": _("Enter the state, province or prefecture."),
    "postal_code": _("Enter the ZIP or postal code, such as %(example)s."),
}


@dataclass(frozen=True)
class AddressRules:
    """What a country asks of an address, with its states named for one reader."""

    country: str
    required: frozenset[str]
    unused: frozenset[str]
    """Fields that the country's addresses do not have: not to be shown, and dropped when given."""
    states: tuple[tuple[str, str], ...]
    """What to choose from, as stored and as shown; empty where any text will do."""
    postal_code_example: str

    def example_of(self, field: str) -> str:
        """A right value for the field, empty where none is known."""
        if field == "state":
            return self.states[0][1] if self.states else ""
        return self.postal_code_example if field == "postal_code" else ""


def rules_for(country: str, language: str | None = None) -> AddressRules:
    """The country's rules for a reader of the language, by default the active one.

    Who reads the country's own language sees the local names of its states (東京都), everybody else the Latin ones.
    A country that nobody knows asks for a street and a city.
    """
    facts = postal_facts(country)
    return AddressRules(
        country=country,
        required=facts.required,
        unused=facts.unused,
        states=tuple(facts.states(language or get_language() or "en").items()),
        postal_code_example=facts.examples[0] if facts.examples else "",
    )


def tidy_address(country: str, answers: Mapping[str, str]) -> dict[str, str]:
    """The five fields as they are to be stored.

    Half-width, spaced once, the state by its code, the postal code without 〒 and in the country's own form, and
    nothing in fields that the country's addresses do not have.
    """
    facts = postal_facts(country)
    tidied = {field: tidy_text(answers.get(field) or "") for field in FIELDS}
    tidied["state"] = _code_of_state(facts, tidied["state"])
    tidied["postal_code"] = _tidy_postal_code(facts, tidied["postal_code"])
    return tidied | dict.fromkeys(facts.unused, "")


def check_address(country: str, answers: Mapping[str, str]) -> dict[str, list[ValidationError]]:
    """Everything that is wrong with the address, by field; empty when nothing is.

    The codes are required, state, postal_code and postal_code_state.
    """
    rules = rules_for(country)
    address = tidy_address(country, answers)
    problems = {field: _missing(field, rules) for field in FIELDS if field in rules.required and not address[field]}
    if problem := _state_problem(address["state"], rules):
        problems["state"] = problem
    if problem := _postal_code_problem(address, rules):
        problems["postal_code"] = problem
    return {field: [problem] for field, problem in problems.items()}


def address_lines(customer: Customer) -> list[str]:
    """The postal address in lines, without names and country: in Japanese it begins with 〒100-0001."""
    country = str(customer.organisation.country)
    states = dict(rules_for(country).states)
    parts = {
        "%A": "%n".join(filter(None, (customer.address_line1, customer.address_line2))),
        "%C": customer.city,
        "%S": states.get(customer.state, customer.state),
        "%Z": customer.postal_code,
    }
    text = postal_facts(country).layout(get_language() or "en")
    # A part that the country's format does not know is shown nevertheless: it was asked for and given.
    text = "%n".join([text, *(part for part in parts if part not in text)])
    for part, value in parts.items():
        text = text.replace(part, value)
    lines = (re.sub(r"(?:, )+(?=, |$)", "", line).strip(" ,-〒") and line.strip(" ,-") for line in text.split("%n"))
    return [line for line in lines if line]


def check_phone(country: str, text: str) -> str:
    """The number in E.164 form, from the country's own notation or an international one; an empty one stays empty.

    Raises ValidationError with the code phone.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        raise _wrong_phone(country, text) from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise _wrong_phone(country, text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def tidy_text(text: str) -> str:
    """The text in half-width letters and digits, full-width katakana, and single spaces."""
    # NFKC over the whole text would turn the street number 221½ into 2211⁄2.
    text = _FULL_OR_HALF_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    composed = unicodedata.normalize("NFC", text)
    # A few letters become two by it; what was short enough when it was typed has to fit into its column.
    text = composed if len(composed) <= len(text) else text
    return _DASH_IN_NUMBER.sub("-", " ".join(text.split()))


def _tidy_postal_code(facts: PostalFacts, text: str) -> str:
    text = "".join(_ascii_digit(char) for char in text.replace("〒", "").upper().strip())
    for candidate in (text, _COUNTRY_PREFIX.sub("", text)):
        for example in facts.examples:
            if _shape(candidate) == _shape(example):
                return _written_like(example, _SEPARATORS.sub("", candidate))
    return text


def _ascii_digit(char: str) -> str:
    return str(unicodedata.digit(char)) if char.isdigit() else char


def _shape(code: str) -> str:
    return "".join("9" if char.isdigit() else "A" for char in _SEPARATORS.sub("", code))


def _written_like(example: str, code: str) -> str:
    chars = iter(code)
    return "".join(next(chars) if char.isalnum() else char for char in example)


def _code_of_state(facts: PostalFacts, text: str) -> str:
    """The code of a state given by any of its names; the text itself when there is none."""
    for names in facts.state_names.values():
        for code, name in names.items():
            if text.casefold() in (code.casefold(), name.casefold()):
                return code
    return text


def _missing(field: str, rules: AddressRules) -> ValidationError:
    message = _MISSING[field]
    if field == "state" and rules.states:
        message = _("Choose the state, province or prefecture, such as %(example)s.")
    return ValidationError(message, code="required", params={"example": rules.example_of(field)})


def _state_problem(state: str, rules: AddressRules) -> ValidationError | None:
    if not state or not rules.states or state in dict(rules.states):
        return None
    return ValidationError(
        _("“%(value)s” is not in the list for %(country)s. Choose from the list, such as %(example)s."),
        code="state",
        params={"value": state, "country": _name_of(rules.country), "example": rules.example_of("state")},
    )


def _postal_code_problem(address: Mapping[str, str], rules: AddressRules) -> ValidationError | None:
    facts = postal_facts(rules.country)
    code, state = address["postal_code"], address["state"]
    if not code:
        return None
    if facts.postal_code and not facts.postal_code.fullmatch(code):
        return ValidationError(
            _("“%(value)s” is not a postal code of %(country)s. Enter one such as %(example)s."),
            code="postal_code",
            params={"value": code, "country": _name_of(rules.country), "example": rules.postal_code_example},
        )
    if state in facts.state_prefixes and not facts.state_prefixes[state].match(code):
        return ValidationError(
            _("The postal code %(value)s is not in %(state)s. Correct the one that is wrong."),
            code="postal_code_state",
            params={"value": code, "state": dict(rules.states)[state]},
        )
    return None


def _wrong_phone(country: str, text: str) -> ValidationError:
    example = phonenumbers.example_number(country) if country else None
    national = example and phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    return ValidationError(
        _(
            "“%(value)s” is not a phone number. Enter one such as %(example)s, or one that starts with + and the "
            "country code. Leave out the extension."
        ),
        code="phone",
        params={"value": text, "example": national or "+81 3-1234-5678"},
    )


def _name_of(country: str) -> str:
    return str(countries.name(country)) or country
