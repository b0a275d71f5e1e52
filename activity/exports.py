"""Lists as CSV files: streamed, so that a million rows need no memory, and readable in Excel, Japanese included."""

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

from accounts.access import PortalRequest
from activity.log import record
from activity.verbs import Verb

# A spreadsheet takes a cell that begins with one of these for a formula, in Japanese also in full width.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def export_list(
    request: PortalRequest, name: str, title: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """The rows that a list shows, on all of its pages, as a download; that it was taken is in the activity log."""
    record(
        Verb.EXPORTED,
        title,
        actor=request.user,
        seen_by=[request.membership.organisation],
        path=request.get_full_path(),
    )
    return csv_response(name, header, rows)


def csv_response(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A download called <name>-<date>.csv, UTF-8 with a byte order mark. Text that looks like a formula is quoted."""
    response = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    writer = csv.writer(_Echo())
    yield codecs.BOM_UTF8
    yield writer.writerow([str(cell) for cell in header]).encode()
    for row in rows:
        yield writer.writerow([_harmless(cell) for cell in row]).encode()


def _harmless(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    is_number = isinstance(cell, int | float | Decimal)
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text
