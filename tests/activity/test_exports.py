import csv
import io
from decimal import Decimal

import pytest
import time_machine

from activity.exports import csv_response


def read(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@time_machine.travel("2026-11-23 12:00:00+00:00")
def test_an_export_is_a_download_that_is_not_kept():
    response = csv_response("customers", ["Name"], [])

    assert response["Content-Disposition"] == 'attachment; filename="customers-2026-11-23.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "no-store"


def test_an_export_begins_with_the_mark_by_which_excel_knows_utf8():
    content = b"".join(csv_response("customers", ["会社名"], [["株式会社さくら"]]).streaming_content)

    assert content == b"\xef\xbb\xbf" + "会社名\r\n株式会社さくら\r\n".encode()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"])
def test_text_that_looks_like_a_formula_is_made_harmless(cell):
    assert read(csv_response("x", ["A"], [[cell]]))[1] == [f"'{cell}"]


def test_numbers_and_nothing_stay_as_they_are():
    rows = read(csv_response("x", ["A", "B", "C", "D"], [[-5, Decimal("1.50"), None, 'a "b", c']]))

    assert rows == [["A", "B", "C", "D"], ["-5", "1.50", "", 'a "b", c']]


def test_rows_are_made_while_they_are_sent():
    made = []

    def rows():
        for number in range(3):
            made.append(number)
            yield [number]

    lines = iter(csv_response("x", ["A"], rows()).streaming_content)
    next(lines), next(lines), next(lines)

    assert made == [0]
