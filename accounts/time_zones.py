"""Time zones as people type them."""

import zoneinfo
from functools import cache

from babel.core import get_global
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# What is suggested while typing: one or two well-known places for each offset. Every other zone can be typed.
SUGGESTED = (
    *("Asia/Tokyo", "Asia/Seoul", "Asia/Taipei", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Manila"),
    *("Asia/Bangkok", "Asia/Jakarta", "Asia/Ho_Chi_Minh", "Asia/Kolkata", "Asia/Dhaka", "Asia/Karachi", "Asia/Dubai"),
    *("Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Perth", "Pacific/Auckland"),
    *("Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Berlin", "Europe/Paris", "Europe/Madrid"),
    *("Europe/Rome", "Europe/Vienna", "Europe/Zurich", "Europe/Amsterdam", "Europe/Warsaw", "Europe/Stockholm"),
    *("Europe/Helsinki", "Europe/Athens", "Europe/Istanbul", "Africa/Cairo", "Africa/Lagos", "Africa/Johannesburg"),
    *("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Toronto"),
    *("America/Mexico_City", "America/Bogota", "America/Sao_Paulo", "America/Argentina/Buenos_Aires", "UTC"),
)


def time_zone_named(text: str) -> str:
    """The zone with this name, or the only one of this place: "asia/tokyo", "Tokyo" and "new york" are understood.

    Raises ValidationError with the code time_zone.
    """
    typed = "_".join(text.split()).casefold()
    names, places = _names()
    zone = names.get(typed) or places.get(typed)
    if zone is None:
        raise ValidationError(
            _("“%(name)s” is not a time zone. Type a city such as Tokyo, or a name such as Europe/Berlin."),
            "time_zone",
            {"name": text},
        )
    return zone


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """The zones by name and by place; of two zones for one place, the one that names a continent and is suggested."""
    zones = sorted(zoneinfo.available_timezones(), key=lambda zone: (zone in SUGGESTED, "/" in zone, zone))
    return {zone.casefold(): zone for zone in zones}, {zone.rpartition("/")[2].casefold(): zone for zone in zones}


def zone_of(country: str) -> str:
    """The zone of a country (ISO 3166-1) that has one, or one that is suggested; UTC where one would have to guess."""
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == country]
    chosen = zones if len(zones) == 1 else [zone for zone in zones if zone in SUGGESTED]
    return chosen[0] if len(chosen) == 1 and chosen[0] in zoneinfo.available_timezones() else "UTC"
