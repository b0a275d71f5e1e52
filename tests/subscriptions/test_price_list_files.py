import io
import os

import pytest
from django.core.exceptions import ValidationError

from activity.log import codes_of
from subscriptions.price_list import files as price_list_files
from subscriptions.price_list.files import pack, read
from tests.subscriptions.price_lists import LINE, checked, line, problems, text_of, zip_of

TEXT = text_of(LINE)
ROWS = [list(LINE), list(LINE.values())]


def refusal(file):
    with pytest.raises(ValidationError) as refused:
        pack(file)
    return codes_of(refused.value)


def rows_of(file):
    return list(read(pack(file)[0]))


@pytest.mark.parametrize(
    "file",
    [
        io.BytesIO(TEXT.encode()),
        io.BytesIO(TEXT.encode("utf-8-sig")),
        io.BytesIO(TEXT.replace("\r\n", "\n").encode()),
        io.BytesIO(text_of(LINE, delimiter="\t").encode("utf-8-sig")),
        zip_of({"prices": TEXT.encode()}),
        zip_of({"a/b": text_of(LINE, delimiter="\t").encode("utf-8-sig"), "__MACOSX/a/b": b"x", "a/": b""}),
    ],
    ids=["plain", "byte order mark", "line feeds", "tabs", "zip", "zip of macOS with tabs"],
)
def test_a_price_list_is_read_however_it_is_written(file):
    assert rows_of(file) == ROWS


def test_the_digest_is_of_what_is_in_the_file():
    plain, zipped = pack(io.BytesIO(TEXT.encode())), pack(zip_of({"prices": TEXT.encode()}))

    assert plain == zipped


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (zip_of({"a": b"1", "b": b"2"}), "zip_one"),
        (zip_of({"a/": b""}), "zip_one"),
        (io.BytesIO(b"PK\x03\x04 and nothing else"), "zip_broken"),
        (io.BytesIO(zip_of({"prices": TEXT.encode()}).getvalue()[:-30]), "zip_broken"),
    ],
    ids=["two", "only a folder", "no ZIP", "cut off"],
)
def test_a_zip_must_have_one_file(file, code):
    assert refusal(file) == code


def test_a_zip_whose_content_was_changed_is_refused():
    content = bytearray(zip_of({"prices": TEXT.encode()}).getvalue())
    content[60] ^= 0xFF

    assert refusal(io.BytesIO(bytes(content))) == "zip_broken"


def test_other_ways_of_packing_a_zip_are_refused():
    content = zip_of({"prices": TEXT.encode()}).getvalue().replace(b"\x08\x00", b"\x0e\x00")

    assert refusal(io.BytesIO(content)) == "zip_broken"


@pytest.mark.parametrize("limit", ["MOST_UPLOADED", "MOST_UNPACKED", "MOST_KEPT"])
def test_what_is_too_big_is_refused(monkeypatch, limit):
    monkeypatch.setattr(price_list_files, limit, 200)

    assert refusal(io.BytesIO(os.urandom(300_000))) == "too_big"


def test_a_zip_bomb_is_refused_while_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(price_list_files, "MOST_UNPACKED", 2**20)
    bomb = zip_of({"prices": b"0" * 2**24})

    assert len(bomb.getvalue()) < 2**15
    assert refusal(bomb) == "too_big"


def test_lines_are_numbered_as_a_spreadsheet_numbers_them():
    text = TEXT.replace("Mail and calendar.", '"Mail and\r\ncalendar."') + "\r\n" + 'a"b,"c"d\r\n'

    rows = rows_of(io.BytesIO(text.encode()))

    assert [row and len(row) for row in rows] == [18, 18, [], None]


def test_a_quotation_mark_that_never_ends_is_one_line():
    rows = rows_of(io.BytesIO((TEXT + '"' + TEXT * 3).encode()))

    assert rows == [*ROWS, None]


def test_a_line_without_end_is_not_held_in_memory():
    rows = rows_of(io.BytesIO(b"x" * 200_000))

    assert [len(row[0]) for row in rows] == [65_536, 65_536, 65_536, 3_392]


# What the check makes of them


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01" * 100, TEXT.encode("utf-16"), b"%PDF-1.7\n%\xe2\xe3"])
def test_garbage_misses_every_column(content):
    price_list = checked(file=io.BytesIO(content))

    assert (price_list.state, price_list.lines, price_list.wrong) == ("checked", 0, 1)
    assert problems(price_list) == [(1, column, "column_missing", "") for column in LINE]


@pytest.mark.django_db
def test_a_file_without_lines_is_wrong():
    price_list = checked(file=io.BytesIO(text_of().encode() + b"\r\n,,,\r\n"))

    assert (price_list.wrong, problems(price_list)) == (1, [(1, "", "empty", "")])


@pytest.mark.django_db
def test_lines_that_cannot_be_read_are_named_and_the_others_read():
    broken = 'Mail,"CFQ"7\r\n' + "one,two\r\n" + TEXT.splitlines()[1].replace("Mail for", "B\udcfcro") + "\r\n"
    content = (TEXT + broken).encode("utf-8", "surrogateescape")

    price_list = checked(file=io.BytesIO(content + text_of(line(sku="0002")).encode().split(b"\r\n")[1] + b"\r\n"))

    assert problems(price_list) == [
        (3, "", "unreadable", ""),
        (4, "", "cells", "2"),
        (5, "SkuTitle", "characters", "B·ro everybody"),
    ]
    assert (price_list.progress, price_list.lines, price_list.wrong) == (5, 2, 3)


@pytest.mark.django_db
def test_columns_come_in_any_order_with_others_between():
    names = [*reversed(LINE), "Comment", "ProductTitle"]
    row = [*reversed(LINE.values()), "cheap", "Another"]
    text = ",".join(names) + "\r\n" + ",".join(row) + "\r\n"

    price_list = checked(file=io.BytesIO(text.encode()))

    assert (price_list.wrong, price_list.new) == (0, 1)
    assert price_list.read_lines.get().product_title == "Mail"
