import csv

import pytest
from django.utils import translation

from providers.regions import DATA, NAMES, countries_in, region_name, region_of

FACTS = list(csv.DictReader(DATA.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("JP", "japan"),
        ("DE", "europe"),
        ("GB", "europe"),
        ("CH", "europe"),
        ("US", "united-states"),
        ("ZA", "mea-cee"),
        ("IN", "india"),
        ("NZ", "new-zealand"),
        ("TW", "taiwan"),
    ],
)
def test_country_belongs_to_one_region(country, region):
    assert region_of(country) == region
    assert country in countries_in(region)


@pytest.mark.parametrize("country", ["CN", "KP", "UK", "jp", "", "Japan"])
def test_region_of_a_country_outside_the_programme_is_unknown(country):
    assert region_of(country) is None


def test_japan_is_a_region_of_its_own():
    assert countries_in("japan") == ("JP",)


def test_countries_of_an_unknown_region_are_none():
    assert countries_in("atlantis") == ()


def test_countries_are_sorted_by_code():
    assert countries_in("new-zealand") == ("AS", "NZ", "VU", "WS")


def test_every_fact_of_the_file_is_used_once():
    listed = [country for region in NAMES for country in countries_in(region)]

    assert sorted(listed) == sorted(fact["country"] for fact in FACTS)
    assert len(listed) == len(set(listed))


def test_region_names_are_those_of_the_file():
    with translation.override("en"):
        assert {region: region_name(region) for region in NAMES} == {f["region"]: f["region_en"] for f in FACTS}


@pytest.mark.parametrize("region", ["", "atlantis"])
def test_region_name_says_that_there_is_none(region):
    with translation.override("en"):
        assert region_name(region) == "None"
