import gettext

import pytest

from partnercenter.dev import messages

EMPTY = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: ja\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small project of its own: write files into it, then look at its Japanese catalogue."""
    (tmp_path / "locale/ja/LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    (tmp_path / "accounts").mkdir()
    (tmp_path / "locale/ja/LC_MESSAGES/django.po").write_text(EMPTY)
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "LOCALES", tmp_path / "locale")
    return tmp_path


def strings(project):
    return {message.id for message in messages.extract_sources() if message.id}


def catalogue(project):
    return project / "locale/ja/LC_MESSAGES/django.po"


def test_python_strings_are_found(project):
    (project / "accounts/views.py").write_text(
        "_('one')\ngettext_lazy('two')\npgettext_lazy('verb', 'three')\nngettext('%(n)s row', '%(n)s rows', n)\n"
    )

    assert strings(project) == {"one", "two", "three", ("%(n)s row", "%(n)s rows")}


def test_template_strings_are_found_at_any_indent(project):
    (project / "templates/page.html").write_text(
        "<p>It's here</p>\n"
        "  {% translate 'one' %}\n"
        "      {% if x %}{% translate \"two\" context 'verb' %}{% endif %}\n"
        "  {% blocktranslate trimmed count n=rows|length %}\n    one row\n  {% plural %}\n    {{ n }} rows\n"
        "  {% endblocktranslate %}\n"
        "{% include 'x.html' with label=_('three') only %}\n"
    )

    assert strings(project) == {"one", "two", "three", ("one row", "%(n)s rows")}


def test_update_keeps_translations_and_drops_what_is_gone(project):
    catalogue(project).write_text(
        f'{EMPTY}\nmsgid "kept"\nmsgstr "残"\n\nmsgid "gone"\nmsgstr "消"\n', encoding="utf-8"
    )
    (project / "accounts/views.py").write_text("_('kept'), _('keep')")

    messages.update()

    written = catalogue(project).read_text(encoding="utf-8")
    assert 'msgid "kept"\nmsgstr "残"' in written
    assert 'msgid "keep"\nmsgstr ""' in written
    assert "gone" not in written
    assert "fuzzy" not in written


def test_check_is_content_after_an_update_and_not_before(project, capsys):
    (project / "accounts/views.py").write_text("_('new')")

    before = messages.check()
    messages.update()

    assert (before, messages.check()) == (1, 0)
    assert "run `make messages`" in capsys.readouterr().err


def test_update_begins_a_catalogue_where_there_is_none(project):
    catalogue(project).unlink()
    (project / "accounts/views.py").write_text("_('word')")

    before = messages.check()
    messages.update()

    assert (before, messages.check()) == (1, 0)
    assert "fuzzy" not in catalogue(project).read_text()


def test_compile_writes_what_gettext_reads(project):
    catalogue(project).write_text(f'{EMPTY}\nmsgid "word"\nmsgstr "言葉"\n', encoding="utf-8")

    messages.compile_catalogues()

    with catalogue(project).with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("word") == "言葉"


def test_compile_leaves_a_newer_file_alone(project):
    messages.compile_catalogues()
    compiled = catalogue(project).with_suffix(".mo")
    compiled.write_bytes(b"newer")

    messages.compile_catalogues()

    assert compiled.read_bytes() == b"newer"
