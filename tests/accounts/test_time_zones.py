import zoneinfo

import pytest
from django.core.exceptions import ValidationError

from accounts.time_zones import SUGGESTED, time_zone_named


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
