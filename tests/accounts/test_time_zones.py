import zoneinfo

import pytest
from babel.core import get_global
from django.core.exceptions import ValidationError

from accounts.time_zones import SUGGESTED, time_zone_named, zone_of


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Asia/Tokyo", "Asia/Tokyo"),
        ("asia/tokyo", "Asia/Tokyo"),
        ("Tokyo", "Asia/Tokyo"),
        (" new  york ", "America/New_York"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("UTC", "UTC"),
        ("Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_time_zones_are_understood_as_people_type_them(typed, zone):
    assert time_zone_named(typed) == zone


@pytest.mark.parametrize("typed", ["Atlantis", "Asia/", "../etc/passwd", "JST-9"])
def test_what_is_no_time_zone_is_refused(typed):
    with pytest.raises(ValidationError) as refusal:
        time_zone_named(typed)

    assert refusal.value.code == "time_zone"
    assert refusal.value.messages == [
        f"“{typed}” is not a time zone. Type a city such as Tokyo, or a name such as Europe/Berlin."
    ]


def test_suggestions_exist():
    assert set(SUGGESTED) - zoneinfo.available_timezones() == set()
    assert len(set(SUGGESTED)) == len(SUGGESTED)


def test_every_zone_is_found_by_its_name():
    zones = zoneinfo.available_timezones()

    assert {time_zone_named(zone).casefold() for zone in zones} == {zone.casefold() for zone in zones}


@pytest.mark.parametrize(
    ("country", "zone"),
    [("JP", "Asia/Tokyo"), ("DE", "Europe/Berlin"), ("AT", "Europe/Vienna"), ("US", "UTC"), ("", "UTC"), ("XX", "UTC")],
)
def test_a_country_with_one_zone_has_that_zone(country, zone):
    assert zone_of(country) == zone


def test_every_country_has_a_zone_that_exists():
    zones = {zone_of(territory) for territory in get_global("zone_territories").values()}

    assert zones <= zoneinfo.available_timezones()
