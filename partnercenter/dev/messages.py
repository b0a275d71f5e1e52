"""Translations without GNU gettext: Babel reads the sources and writes the catalogues.

python -m partnercenter.dev.messages update    sources → locale/<language>/LC_MESSAGES/django.po
python -m partnercenter.dev.messages check     the same, but only says whether something would change
python -m partnercenter.dev.messages compile   django.po → django.mo, where it is older
"""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ROOT / "locale"
PYTHON = (
    "accounts", "activity", "outbox", "staff", "providers", "resellers", "customers", "subscriptions", "partnercenter",
)  # fmt: skip
TEMPLATES = ("templates",)
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **{f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in ("gettext", "ngettext", "pgettext", "npgettext")},
    "gettext_noop": None,
}


def extract_sources() -> Catalog:
    """Every string that the sources mark for translation. Line numbers are left out: they would change all the time."""
    catalog = Catalog(charset="utf-8")
    for path in source_files():
        name = path.relative_to(ROOT).as_posix()
        for _line, message, comments, context in extract("python", read_source(path), KEYWORDS, ["Translators:"]):
            catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalog


def source_files() -> Iterator[Path]:
    for room in PYTHON:
        yield from sorted((ROOT / room).rglob("*.py"))
    for folder in TEMPLATES:
        yield from sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in {".html", ".txt", ".svg"})


def read_source(path: Path) -> io.BytesIO:
    """Python as it stands; of a template what Django makes of it for gettext, which reads as Python without indents."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        text = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).split("\n"))
    return io.BytesIO(text.encode())


def catalogues() -> list[Path]:
    """One for each language folder, whether it is written already or not."""
    return [folder / "django.po" for folder in sorted(LOCALES.glob("*/LC_MESSAGES"))]


def updated(path: Path, sources: Catalog) -> bytes:
    """The catalogue with today's strings: translations kept, new strings empty, gone strings dropped, no guesses."""
    catalog = read_catalogue(path)
    catalog.update(sources, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    written = io.BytesIO()
    write_po(written, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return written.getvalue()


def read_catalogue(path: Path) -> Catalog:
    """The catalogue; an empty one where none is written yet."""
    language = path.parent.parent.name
    if not path.exists():
        return Catalog(locale=language, domain="django", project="Partner Center", header_comment="#", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def update() -> int:
    sources = extract_sources()
    for path in catalogues():
        path.write_bytes(updated(path, sources))
        print(f"{path.relative_to(ROOT)}: {len(sources)} strings")
    return 0


def check() -> int:
    sources = extract_sources()
    stale = [path for path in catalogues() if not path.exists() or path.read_bytes() != updated(path, sources)]
    for path in stale:
        print(f"{path.relative_to(ROOT)} is not what the sources say: run `make messages`", file=sys.stderr)
    return 1 if stale else 0


def compile_catalogues() -> int:
    """Write what Django reads. A new file takes the old one's place at once, since a server may be reading."""
    for path in catalogues():
        compiled = path.with_suffix(".mo")
        if not path.exists() or (compiled.exists() and compiled.stat().st_mtime > path.stat().st_mtime):
            continue
        draft = compiled.with_suffix(f".{os.getpid()}.tmp")
        with draft.open("wb") as file:
            write_mo(file, read_catalogue(path))
        draft.replace(compiled)
    return 0


COMMANDS = {"update": update, "check": check, "compile": compile_catalogues}


def main() -> int:
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        return COMMANDS[sys.argv[1]]()
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
