"""Tabs: the pages that a title is divided into, for components/tabs.html."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True)
class Tab:
    """One of them, and whether it is the page that is shown."""

    label: str
    url: str
    current: bool


def tabs_to(pages: Iterable[tuple[str, str]], current: str) -> list[Tab]:
    """A tab for each page, given as the name of its URL and its label; the name of the current one, or nothing."""
    return [Tab(label, reverse(view), view == current) for view, label in pages]
