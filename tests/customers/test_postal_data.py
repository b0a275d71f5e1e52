import csv

import pytest
from django.utils import translation

from customers.addresses import rules_for
from customers.postal_data import postal_facts
from providers.regions import DATA

COUNTRIES = [fact["country"] for fact in csv.DictReader(DATA.read_text(encoding="utf-8").splitlines())]


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("country", "required", "unused"),
    [
        ("JP", {"address_line1", "city", "state", "postal_code"}, set()),
        ("DE", {"address_line1", "city", "postal_code"}, {"state"}),
        ("US", {"address_line1", "city", "state", "postal_code"}, set()),
        ("GB", {"address_line1", "city", "postal_code"}, {"state"}),
        ("FR", {"address_line1", "city", "postal_code"}, {"state"}),
        ("IE", {"address_line1", "city"}, set()),
        ("HK", {"address_line1", "state"}, {"postal_code"}),
        ("SG", {"address_line1", "postal_code"}, {"state"}),
    ],
)
def test_rules_say_what_is_required_and_what_is_not_used(country, required, unused):
    rules = rules_for(country)

    assert (rules.required, rules.unused) == (required, unused)


@pytest.mark.parametrize("country", ["", "XX", "ZZ", "jp", "all", "../../etc"])
def test_rules_of_an_unknown_country_ask_for_street_and_city(country):
    rules = rules_for(country)

    assert rules.required == {"address_line1", "city"}
    assert rules.states == ()
    assert rules.postal_code_example == ""


def test_rules_know_every_country_of_the_programme():
    nameless = [country for country in COUNTRIES if not postal_facts(country).required]

    assert nameless == []


@pytest.mark.parametrize(
    ("country", "language", "state"),
    [
        ("JP", "ja", ("東京都", "東京都")),
        ("JP", "en", ("東京都", "Tokyo")),
        ("JP", "de", ("東京都", "Tokyo")),
        ("US", "ja", ("CA", "California")),
        ("CA", "en", ("BC", "British Columbia")),
        ("CA", "fr", ("BC", "Colombie-Britannique")),
        ("CA", "fr-ca", ("BC", "Colombie-Britannique")),
        ("HK", "zh-hant", ("Kowloon", "九龍")),
        ("HK", "ja", ("Kowloon", "Kowloon")),
        ("KR", "ko", ("서울특별시", "서울")),
        ("KR", "ja", ("서울특별시", "Seoul")),
    ],
)
def test_states_are_named_for_the_reader(country, language, state):
    assert state in rules_for(country, language).states


def test_states_are_named_in_the_active_language():
    with translation.override("ja"):
        assert rules_for("JP").states == rules_for("JP", "ja").states

    assert rules_for("JP").states == rules_for("JP", "en").states != rules_for("JP", "ja").states


def test_states_are_named_in_latin_letters_where_no_language_is_active():
    with translation.override(None):
        assert rules_for("JP").states == rules_for("JP", "en").states


def test_states_are_in_the_order_that_readers_look_for():
    japanese = [name for _, name in rules_for("JP", "ja").states]
    english = [name for _, name in rules_for("JP", "en").states]

    assert japanese[:2] == ["北海道", "青森県"]
    assert english == sorted(english)
    assert len(japanese) == len(english) == 47


def test_states_have_the_same_codes_in_every_language():
    codes_of = {c: {frozenset(states) for states in postal_facts(c).state_names.values()} for c in COUNTRIES}

    assert [country for country, codes in codes_of.items() if len(codes) > 1] == []


def test_rules_give_an_example_of_a_postal_code():
    examples = {country: rules_for(country).postal_code_example for country in ("JP", "DE", "IE", "HK")}

    assert examples == {"JP": "154-0023", "DE": "26133", "IE": "A65 F4E2", "HK": ""}
