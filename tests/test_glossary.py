"""docs/glossary.md is the one place for the words of the portal: regions and translations have to agree with it."""

import csv
import re
from pathlib import Path

from babel.messages.pofile import read_po

from providers.regions import DATA

ROOT = Path(__file__).resolve().parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and line not in {"| English | 日本語 | Where |", "|---|---|---|"}
]
TERMS = {english: japanese for english, japanese, _where in ROWS}
CATALOGUE = ROOT / "locale" / "ja" / "LC_MESSAGES" / "django.po"


def test_every_term_has_one_translation_and_a_place():
    assert [row for row in ROWS if len(row) != 3 or not all(row)] == []
    assert len(TERMS) == len(ROWS)


def test_terms_keep_their_placeholders():
    changed = [english for english in TERMS if placeholders(english) != placeholders(TERMS[english])]

    assert changed == []


def test_spaces_stand_between_latin_and_japanese():
    glued = [
        japanese
        for japanese in TERMS.values()
        if re.search(r"[A-Za-z0-9)][ぁ-んァ-ヶ一-龠]|[ぁ-んァ-ヶ一-龠][A-Za-z0-9(]", japanese)
    ]

    assert glued == []


def test_regions_have_their_official_names():
    facts = {
        fact["region_en"]: fact["region_ja"] for fact in csv.DictReader(DATA.read_text(encoding="utf-8").splitlines())
    }

    assert {english: TERMS[english] for english in facts} == facts


def test_translations_use_the_glossary():
    with CATALOGUE.open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file) if not message.context}

    different = {
        english: (catalogue[english], japanese)
        for english, japanese in TERMS.items()
        if catalogue.get(english) and catalogue[english] != japanese
    }

    assert different == {}


def placeholders(text):
    return sorted(re.findall(r"%\(\w+\)s", text))
