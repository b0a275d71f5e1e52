"""Where a provider may sell: the regions of the CSP programme and their countries.

Provider, reseller and customer have to be in the same region (`domain.md` §3.4). Countries are ISO 3166 codes of two
capital letters. The facts are in `data/csp_regions.csv`.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_lazy as _

DATA = Path(__file__).parent / "data" / "csp_regions.csv"

NAMES = {
    "africa": _("Africa"),
    "asia-pacific": _("Asia and Pacific"),
    "australia": _("Australia"),
    "brazil": _("Brazil"),
    "canada": _("Canada"),
    "europe": _("Europe"),
    "india": _("India"),
    "japan": _("Japan"),
    "korea": _("Korea, Republic of"),
    "latin-america": _("Latin America and the Caribbean"),
    "mea-cee": _("Middle East, Central Europe, and Eastern Europe"),
    "new-zealand": _("New Zealand"),
    "russia": _("Russia"),
    "taiwan": _("Taiwan"),
    "united-states": _("United States"),
}


@cache
def _regions() -> Mapping[str, str]:
    with DATA.open(encoding="utf-8", newline="") as rows:
        return {row["country"]: row["region"] for row in csv.DictReader(rows)}


def region_of(country: str) -> str | None:
    """The region that a country belongs to; None where the programme does not sell."""
    return _regions().get(country)


@cache
def countries_in(region: str) -> tuple[str, ...]:
    """The countries of a region, sorted by code; none for an unknown region."""
    return tuple(sorted(country for country, each in _regions().items() if each == region))


def region_name(region: str) -> str:
    """The region's name in the reader's language; "None" for where the programme does not sell."""
    return str(NAMES.get(region) or _("None"))
