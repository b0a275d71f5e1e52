"""Japanese is complete: no string is missing, guessed, or loses a placeholder on the way."""

import io
import re
from pathlib import Path

import allauth
import django
import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation import gettext

from accounts import wording
from accounts.roles import listed
from partnercenter.dev import messages
from tests.test_glossary import TERMS

CATALOGUE = Path(__file__).parent.parent / "locale/ja/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
TAG = re.compile(r"<[^>]+>")
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
GLUED = re.compile(r"[A-Za-z0-9)][ぁ-んァ-ヶ一-龠]|[ぁ-んァ-ヶ一-龠][A-Za-z0-9(]")
# Written the same in both languages.
SAME = re.compile(r"^[\W\d]*((Microsoft|MPN|Azure|URL|IDs?|SKU|CSV|UTC|HTML)[\W\d]*)*$")
# Slips of the machine translation in the seed and its neighbours (domain.md §15), and words that the glossary has
# otherwise.
SLIPS = re.compile(
    r"確認\\|間接パートナー|場所アカウント|Submit|Where|再販業者(?!関係)|グローバル管理者|ログイン|ログアウト"
    r"|プロバイダ(?!ー)|ユーザ(?!ー)|リセラ(?!ー)|サーバ(?!ー)|ブラウザ(?!ー)|フォルダ(?!ー)"
)
FULL_WIDTH = re.compile(r"[！-｝“”‘’　]")


def entries() -> list[Message]:
    return [message for message in messages.read_catalogue(CATALOGUE) if message.id]


def texts(message: Message) -> list[tuple[str, str]]:
    """Pairs of English and Japanese; Japanese has one plural form, which stands for both English ones."""
    english = [message.id] if isinstance(message.id, str) else list(message.id)
    japanese = [message.string] if isinstance(message.string, str) else list(message.string)
    return [(each, japanese[0]) for each in english[-1:]]


def test_the_catalogue_holds_what_the_sources_say():
    assert CATALOGUE.read_bytes() == messages.updated(CATALOGUE, messages.extract_sources())


def test_every_string_has_a_japanese_text():
    missing = [english for entry in entries() for english, japanese in texts(entry) if not japanese.strip()]

    assert missing == []


def test_nothing_is_guessed():
    assert [entry.id for entry in entries() if entry.fuzzy] == []


def test_placeholders_survive():
    lost = [
        english
        for entry in entries()
        for english, japanese in texts(entry)
        if set(PLACEHOLDER.findall(english)) != set(PLACEHOLDER.findall(japanese))
    ]

    assert lost == []


def test_translations_are_japanese():
    english_only = [
        english
        for entry in entries()
        for english, japanese in texts(entry)
        if not JAPANESE.search(japanese) and not SAME.match(PLACEHOLDER.sub("", english))
    ]

    assert english_only == []


def test_no_slip_of_the_machine_translation_is_taken_over():
    slips = [japanese for entry in entries() for _english, japanese in texts(entry) if SLIPS.search(japanese)]

    assert slips == []


def test_compounds_are_spaced_as_in_the_glossary():
    """docs/glossary.md: a half-width space stands between the words of a katakana compound."""
    compounds = {word for term in TERMS.values() for word in re.findall(r"[ァ-ヶー]+(?: [ァ-ヶー]+)+", term)}
    run_together = re.compile("|".join(sorted(re.escape(word.replace(" ", "")) for word in compounds)))

    assert [text for entry in entries() for _english, text in texts(entry) if run_together.search(text)] == []


def test_spaces_stand_between_latin_and_japanese():
    """Around a placeholder it depends on what stands there, so those are left to the reader of the catalogue."""
    plain = [PLACEHOLDER.sub("…", TAG.sub("…", japanese)) for entry in entries() for _english, japanese in texts(entry)]

    assert [text for text in plain if GLUED.search(text)] == []


def test_punctuation_is_that_of_the_glossary():
    """docs/glossary.md: half-width parentheses and digits, 「 」 for quotations, 。 at the end of a sentence."""
    marks = [japanese for entry in entries() for _english, japanese in texts(entry) if FULL_WIDTH.search(japanese)]
    unfinished = [
        japanese
        for entry in entries()
        for english, japanese in texts(entry)
        if english.endswith(".") and not re.search(r"(。|例: .+|\.)$", japanese)
    ]

    assert (marks, unfinished) == ([], [])


def test_borrowed_sentences_are_word_for_word_those_of_the_libraries():
    """What accounts/wording.py names is looked up by its English: one letter beside it, and theirs would appear."""
    borrowed = {*wording.SIGNING_IN, *wording.CODES, *wording.ADDRESSES, *wording.MAILS}
    theirs = {
        message.id
        for library in (allauth, django)
        for path in Path(library.__file__).parent.rglob("locale/ja/LC_MESSAGES/django.po")
        for message in read_po(io.BytesIO(path.read_bytes()))
    }

    assert borrowed - theirs == set()


def test_words_in_a_row_have_the_readers_comma():
    with translation.override("ja"):
        japanese = listed(["全体管理者", "営業担当者"])

    assert (listed(["Global admin", "Sales agent"]), japanese) == (
        "Global admin, Sales agent",
        "全体管理者、営業担当者",
    )


@pytest.mark.parametrize(
    ("english", "japanese"),
    [
        ("Indirect resellers", "間接リセラー"),
        ("Request a partnership", "パートナーシップを要求する"),
        ("Open in email", "電子メールで開く"),
        ("Copy to clipboard", "クリップボードにコピー"),
        ("Authorize indirect provider", "間接プロバイダーを承認する"),
        ("Add new customer", "新しい顧客の追加"),
        ("Next: Subscriptions", "次へ: サブスクリプション"),
        ("Next: Review", "次へ: 確認"),
        ("Setup info", "セットアップ情報"),
        ("Reseller (MPN ID)", "リセラー (MPN ID)"),
        ("Designated support contact", "指定のサポート連絡先"),
        ("Remove partnership", "パートナーシップの削除"),
    ],
)
def test_the_seeds_own_words_are_used(english: str, japanese: str):
    """Source: seed and domain.md §15. These are what users look for."""
    with translation.override("ja"):
        assert gettext(english) == japanese
