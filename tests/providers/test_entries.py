"""What an entry says, and what would change in it."""

from dataclasses import replace

import pytest
from django.utils import translation

from providers.entries import Entry, differences, speciality_names
from tests.factories import ProviderFactory

ENTRY = Entry(
    description="Cloud for resellers.",
    website="https://kita.example/",
    email="partners@kita.example",
    phone="+81112223344",
    languages=("en", "ja"),
    specialities=("azure",),
    is_listed=True,
)


def as_lines(before: Entry, after: Entry) -> list[tuple[str, str, str]]:
    return [(str(each.label), each.before, each.after) for each in differences(before, after)]


def test_equal_entries_differ_in_nothing():
    assert differences(ENTRY, Entry.read(ENTRY.as_json())) == []


def test_every_line_that_differs_is_said_in_words():
    other = Entry("", "", "", "", ("de",), (), is_listed=False)

    assert as_lines(ENTRY, other) == [
        ("Description", "Cloud for resellers.", "–"),
        ("Website", "https://kita.example/", "–"),
        ("Email address", "partners@kita.example", "–"),
        ("Phone number", "+81 11-222-3344", "–"),
        ("Languages", "English, Japanese", "German"),
        ("Specialities", "Azure infrastructure", "–"),
        ("In the indirect providers list", "Yes", "No"),
    ]


def test_words_are_the_readers():
    with translation.override("ja"):
        assert as_lines(ENTRY, replace(ENTRY, languages=("ko",)))[0][2] == "韓国語"


def test_order_of_choices_and_line_ends_make_no_difference():
    typed = {**ENTRY.as_json(), "languages": ["ja", "en"], "description": "Cloud for resellers.\r\n"}

    assert Entry.read(typed) == ENTRY


@pytest.mark.django_db
def test_entry_of_a_provider_is_read_and_applied():
    provider = ProviderFactory()
    assert Entry.of(provider) == Entry("", "", "", "", (), (), is_listed=True)

    ENTRY.apply_to(provider)
    provider.refresh_from_db()

    assert Entry.of(provider) == ENTRY


def test_speciality_that_nobody_knows_is_left_out():
    assert speciality_names(["security", "magic", "modern_work"]) == ["Modern work", "Security"]
