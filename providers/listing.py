"""The public indirect providers list: which entries it shows, and what it can be narrowed to.

Sources: domain.md §12, issue 3 §6. A country is the one that a reseller is in: it finds the providers whose CSP region
covers it, wherever their own seat is.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.filters import ListFilter
from accounts.paging import Sorting
from providers.entries import speciality_names
from providers.languages import language_choices, language_names
from providers.models import Provider, ProviderQuerySet, Speciality
from providers.regions import countries_in, region_name, region_of

SORTINGS = {"name": Sorting(("sort_name", "pk"))}
MOST_WORDS = 8


def entries() -> ProviderQuerySet:
    """Everything in the list, for everybody."""
    rows = Provider.objects.listed().select_related("organisation").defer("plain_description")
    return rows.annotate(sort_name=Lower("organisation__name"))


@dataclass(frozen=True)
class Line:
    """An entry as the list shows it, in the reader's language."""

    provider: Provider
    languages: list[str]
    specialities: list[str]


def lines(providers: Iterable[Provider]) -> list[Line]:
    return [Line(each, language_names(each.languages), speciality_names(each.specialities)) for each in providers]


@dataclass(frozen=True)
class Market:
    """Where a provider may sell, in the reader's language."""

    region: str
    countries: list[str]


def market_of(provider: Provider) -> Market:
    """The region and its countries, in the order of their names."""
    names = dict(countries)
    served = sorted(names.get(code, code) for code in provider.markets)
    return Market(region_name(provider.region or ""), served)


class DirectoryFilter(ListFilter):
    """Where the reseller is, what should be spoken, what the provider should be good at, and words of its entry."""

    q = forms.CharField(label=_("Search indirect providers"), required=False, max_length=200, widget=forms.SearchInput)
    country = forms.ChoiceField(label=_("Country/region"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)
    speciality = forms.ChoiceField(
        label=_("Speciality"), required=False, choices=[("", _("All specialities")), *Speciality.choices]
    )

    field_order = ("q", "country", "language", "speciality")

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        sold_in = [(code, name) for code, name in countries if region_of(code)]
        self.fields["country"].choices = [("", _("All countries")), *sold_in]  # type: ignore[attr-defined]  # a ChoiceField has them
        self.fields["language"].choices = [("", _("All languages")), *language_choices()]  # type: ignore[attr-defined]  # the same

    @property
    def country_code(self) -> str:
        return str(self.values().get("country", ""))

    def apply(self, rows: ProviderQuerySet) -> ProviderQuerySet:
        """Narrow entries()."""
        wanted = self.values()
        if "country" in wanted:
            rows = rows.filter(organisation__country__in=countries_in(region_of(wanted["country"]) or ""))
        if "language" in wanted:
            rows = rows.filter(languages__contains=[wanted["language"]])
        if "speciality" in wanted:
            rows = rows.filter(specialities__contains=[wanted["speciality"]])
        return rows.search(words_of(wanted.get("q", "")))


def words_of(text: str) -> list[str]:
    """What was typed, word by word, as the list is searched: in one width and in small letters."""
    plain = unicodedata.normalize("NFKC", text.replace("\0", "")).lower()
    return plain.split()[:MOST_WORDS]
