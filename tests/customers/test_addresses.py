import csv

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from customers.addresses import FIELDS, check_address, tidy_address, tidy_text
from customers.postal_data import postal_facts
from providers.regions import DATA

COUNTRIES = [fact["country"] for fact in csv.DictReader(DATA.read_text(encoding="utf-8").splitlines())]

TOKYO = {
    "address_line1": "丸の内1-2-3",
    "address_line2": "第一ビル 4階",
    "city": "千代田区",
    "state": "東京都",
    "postal_code": "100-0005",
}
RIGHT = [
    ("JP", TOKYO),
    ("DE", {"address_line1": "Hauptstraße 5", "city": "Köln", "postal_code": "50667"}),
    ("US", {"address_line1": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701"}),
    ("GB", {"address_line1": "10 High Street", "city": "Leeds", "postal_code": "LS1 4DY"}),
    ("FR", {"address_line1": "5 rue de la Paix", "city": "Paris", "postal_code": "75002"}),
    ("IE", {"address_line1": "1 Quay Street", "city": "Galway", "state": "Co. Galway", "postal_code": "H91 E2K3"}),
    ("IE", {"address_line1": "1 Quay Street", "city": "Galway"}),
    ("HK", {"address_line1": "88 Queensway", "city": "Admiralty", "state": "Hong Kong Island"}),
    ("SG", {"address_line1": "1 Raffles Place", "postal_code": "048616"}),
    ("FM", {"address_line1": "Main Road", "city": "Kolonia", "state": "Pohnpei", "postal_code": "96941"}),
]


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def codes(problems):
    return {field: [problem.code for problem in found] for field, found in problems.items()}


def sentences(problems):
    return {
        field: [sentence for problem in found for sentence in problem.messages] for field, found in problems.items()
    }


# Right addresses


@pytest.mark.parametrize(("country", "address"), RIGHT)
def test_right_address_has_no_problems(country, address):
    assert check_address(country, address) == {}


def test_tidy_address_makes_full_width_input_half_width():
    typed = {
        "address_line1": "丸の内　１ー２−３",
        "address_line2": "  ﾋﾞﾙ  ４Ｆ ",
        "city": "千代田区",
        "state": "東京都",
        "postal_code": "〒１００－０００５",
    }

    assert tidy_address("JP", typed) == {
        "address_line1": "丸の内 1-2-3",
        "address_line2": "ビル 4F",
        "city": "千代田区",
        "state": "東京都",
        "postal_code": "100-0005",
    }
    assert check_address("JP", typed) == {}


@pytest.mark.parametrize("text", ["221½ Baker Street", "3º andar", "センター通り", "Straße 5–7 a", "①番館"])
def test_tidy_text_leaves_alone_what_only_looks_unusual(text):
    assert tidy_text(text) == text.replace("5–7", "5-7")


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("JP", "1000005", "100-0005"),
        ("JP", "〒 100ー0005", "100-0005"),
        ("GB", "ls14dy", "LS1 4DY"),
        ("GB", "ec1a 1bb", "EC1A 1BB"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("DE", "D-50667", "50667"),
        ("CH", "CH-8001", "8001"),
        ("US", "627011234", "62701-1234"),
        ("IE", "d02 x285", "D02 X285"),
        ("EG", "١٢٤١١", "12411"),
        ("HK", "999077", ""),
        ("DE", "five", "FIVE"),
    ],
)
def test_tidy_address_writes_postal_codes_as_the_country_does(country, typed, stored):
    assert tidy_address(country, {"postal_code": typed})["postal_code"] == stored


def test_postal_codes_of_every_country_survive_careless_typing():
    examples = [(country, example) for country in COUNTRIES for example in postal_facts(country).examples]

    changed = [
        (country, typed)
        for country, example in examples
        for typed in (example, example.lower(), example.replace(" ", "").replace("-", ""), f"{country}-{example}")
        if tidy_address(country, {"postal_code": typed})["postal_code"] != example
    ]
    refused = [pair for pair in examples if "postal_code" in check_address(pair[0], {"postal_code": pair[1]})]

    assert examples
    assert changed == []
    assert refused == []


@pytest.mark.parametrize(
    ("country", "typed", "stored"),
    [
        ("JP", "tokyo", "東京都"),
        ("JP", "東京都", "東京都"),
        ("US", "california", "CA"),
        ("US", "ca", "CA"),
        ("CA", "Québec", "QC"),
        ("HK", "九龍", "Kowloon"),
        ("FM", "Pohnpei", "Pohnpei"),
        ("US", "Bavaria", "Bavaria"),
        ("DE", "Bayern", ""),
    ],
)
def test_tidy_address_stores_the_code_of_a_state(country, typed, stored):
    assert tidy_address(country, {"state": typed})["state"] == stored


def test_tidy_address_understands_missing_and_null_answers():
    assert tidy_address("JP", {"city": None}) == dict.fromkeys(FIELDS, "")


# Wrong addresses


def test_all_problems_are_found_at_once():
    problems = check_address("JP", {})

    assert sentences(problems) == {
        "address_line1": ["Enter the street and number."],
        "city": ["Enter the city."],
        "state": ["Choose the state, province or prefecture, such as Aichi."],
        "postal_code": ["Enter the ZIP or postal code, such as 154-0023."],
    }
    assert codes(problems) == {field: ["required"] for field in problems}


def test_missing_and_wrong_values_are_found_together():
    problems = check_address(
        "US", {"address_line1": " ", "city": "Springfield", "state": "Bavaria", "postal_code": "1234"}
    )

    assert codes(problems) == {"address_line1": ["required"], "state": ["state"], "postal_code": ["postal_code"]}


def test_missing_state_of_a_country_without_a_list_needs_no_example():
    problems = check_address("FM", {"address_line1": "Main Road", "city": "Kolonia", "postal_code": "96941"})

    assert sentences(problems) == {"state": ["Enter the state, province or prefecture."]}


@pytest.mark.parametrize(
    ("country", "code"),
    [("JP", "100-000"), ("DE", "1234"), ("US", "ABCDE"), ("GB", "LS1"), ("FR", "7500"), ("IE", "H91"), ("DE", "²345")],
)
def test_postal_code_in_a_wrong_form_is_refused(country, code):
    assert codes(check_address(country, {"postal_code": code}))["postal_code"] == ["postal_code"]


def test_wrong_postal_code_is_answered_with_country_and_example():
    problems = check_address("DE", RIGHT[1][1] | {"postal_code": "1234"})

    assert sentences(problems) == {"postal_code": ["“1234” is not a postal code of Germany. Enter one such as 26133."]}


def test_postal_code_of_another_state_is_refused():
    problems = check_address("JP", TOKYO | {"postal_code": "530-0001"})

    assert codes(problems) == {"postal_code": ["postal_code_state"]}
    assert sentences(problems) == {
        "postal_code": ["The postal code 530-0001 is not in Tokyo. Correct the one that is wrong."]
    }


def test_japanese_reader_meets_japanese_names():
    with translation.override("ja"):
        problems = check_address("JP", TOKYO | {"postal_code": "530-0001"})

        assert "東京都" in problems["postal_code"][0].messages[0]


def test_unknown_state_is_answered_with_country_and_example():
    problems = check_address("US", RIGHT[2][1] | {"state": "Bavaria"})

    assert sentences(problems)["state"] == [
        "“Bavaria” is not in the list for United States of America. Choose from the list, such as Alabama."
    ]


def test_country_without_a_name_is_named_by_its_code():
    problems = check_address("XK", {"address_line1": "Rruga 1", "city": "Prishtina", "postal_code": "1"})

    assert codes(problems) == {"postal_code": ["postal_code"]}


@given(st.sampled_from(COUNTRIES), st.fixed_dictionaries({field: st.text(max_size=12) for field in FIELDS}))
def test_tidying_twice_changes_nothing_more(country, typed):
    tidied = tidy_address(country, typed)

    assert tidy_address(country, tidied) == tidied
    assert codes(check_address(country, typed)) == codes(check_address(country, tidied))


@given(st.sampled_from(["JP", "DE", "US", "GB", "CA"]), st.text("0123456789０１２٣４²ABKab -−〒", max_size=9))
def test_accepted_postal_codes_are_plain_ascii(country, typed):
    if "postal_code" not in check_address(country, {"postal_code": typed}):
        assert tidy_address(country, {"postal_code": typed})["postal_code"].isascii()
