"""Checking a price list: every line with everything that is wrong with it, the good ones kept beside the price list.

In the background, in pieces that are kept as they come, so that whoever looks sees how far it is. It may be killed at
any moment and begun again, by two at once: whoever works on it leaves a sign with each piece, and stops when it finds
the sign of somebody else. After STUCK without a sign, it is anybody's.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from subscriptions.models import PriceListImport, PriceListLine, PriceListProblem
from subscriptions.price_list.columns import FIELDS, Header, Values
from subscriptions.price_list.difference import difference
from subscriptions.price_list.files import Row, read
from subscriptions.price_list.problems import Problem

STUCK = timedelta(minutes=5)
PIECE = 5_000
MOST_PROBLEMS = 10_000

_COPY = f"COPY subscriptions_pricelistline (price_list_id, number, item, {', '.join(FIELDS)}) FROM STDIN"
_ITEM = ("product_id", "sku_id", "term", "billing", "market", "currency", "segment")
# Of two lines that are in each other's way, the later one is wrong: in the order of their first days, then of the file.
_CLASHES = """
    SELECT number, CASE WHEN starts_with THEN 'repeated' ELSE 'overlap' END, other FROM (
        SELECT number, effective_from, LAG(number) OVER line AS other,
            LAG(effective_from) OVER line = effective_from AS starts_with,
            MAX(effective_to) OVER (line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS taken_until
        FROM subscriptions_pricelistline WHERE price_list_id = %s
        WINDOW line AS (PARTITION BY item ORDER BY effective_from, number)
    ) AS line
    WHERE taken_until > effective_from ORDER BY number
"""


class OvertakenError(Exception):
    """Somebody else works on it."""


def check(price_list_id: int) -> None:
    """Check an uploaded price list, unless that is done, or somebody is about to do it."""
    price_list = _claim(price_list_id)
    if price_list is None:
        return
    try:
        check_rows(price_list, read(bytes(price_list.content)))
    except OvertakenError:
        return


def check_rows(price_list: PriceListImport, rows: Iterator[Row]) -> None:
    """Check these lines, the header first, as the ones of a price list that one has claimed."""
    _forget(price_list)
    first = next(rows, None)
    header = Header(first or [])
    if header.missing:
        reader = iter([_Piece(0, [], [Problem(1, column, "column_missing") for column in header.missing])])
    else:
        reader = _pieces(header, rows)
    for piece in reader:
        with transaction.atomic():
            _keep(price_list, piece)
    with transaction.atomic():
        _conclude(price_list)


def problems_of(price_list: PriceListImport) -> Iterator[Problem]:
    """What is wrong with it, line by line: the problems that were kept, at most MOST_PROBLEMS."""
    rows = price_list.problems.order_by("number", "id").values_list("number", "column", "code", "value")
    return (Problem(*row) for row in rows.iterator(chunk_size=1000))


def _claim(price_list_id: int) -> PriceListImport | None:
    """The price list, with one's own sign on it; None when it is not to be checked, or by somebody else."""
    moment = timezone.now()
    is_new = Q(state=PriceListImport.State.UPLOADED)
    is_stuck = Q(state=PriceListImport.State.CHECKING, started_at__lt=moment - STUCK)
    waiting = PriceListImport.objects.filter(is_new | is_stuck, pk=price_list_id)
    if not waiting.update(state=PriceListImport.State.CHECKING, started_at=moment):
        return None
    return PriceListImport.objects.get(pk=price_list_id)


def _sign(price_list: PriceListImport, **changes: object) -> None:
    """Leave a sign, together with the changes; OvertakenError when the last sign is not one's own."""
    assert price_list.started_at, "only who has claimed it signs"
    moment = max(timezone.now(), price_list.started_at + timedelta(microseconds=1))
    mine = PriceListImport.objects.filter(
        pk=price_list.pk, state=PriceListImport.State.CHECKING, started_at=price_list.started_at
    )
    if not mine.update(started_at=moment, **changes):
        raise OvertakenError
    price_list.started_at = moment


def _forget(price_list: PriceListImport) -> None:
    """What somebody had read who did not finish."""
    with transaction.atomic():
        _sign(price_list, progress=0, lines=0, wrong=0)
        price_list.problems.all()._raw_delete(price_list.problems.db)
        price_list.read_lines.all()._raw_delete(price_list.read_lines.db)


class _Piece:
    """Some lines of the file: the good ones, the problems of the others, and how many lines the file had so far."""

    def __init__(self, number: int, good: list[tuple[int, Values]], problems: list[Problem]) -> None:
        self.number, self.good, self.problems = number, good, problems

    @property
    def wrong(self) -> int:
        return len({problem.number for problem in self.problems})


def _pieces(header: Header, rows: Iterator[Row]) -> Iterator[_Piece]:
    piece, is_empty = _Piece(0, [], []), True
    for number, row in enumerate(rows, start=2):
        if row is not None and not any(row):
            continue
        is_empty = False
        values, problems = header.read(number, row) if row is not None else ({}, [Problem(number, "", "unreadable")])
        piece.problems += problems
        if not problems:
            piece.good.append((number, values))
        piece.number += 1
        if piece.number % PIECE == 0:
            yield piece
            piece = _Piece(piece.number, [], [])
    yield _Piece(0, [], [Problem(1, "", "empty")]) if is_empty else piece


def _keep(price_list: PriceListImport, piece: _Piece) -> None:
    _sign(price_list, progress=piece.number, lines=F("lines") + len(piece.good), wrong=F("wrong") + piece.wrong)
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for number, values in piece.good:
            item = ":".join(values[field] for field in _ITEM)
            values["tags"] = ";".join(values["tags"])
            copy.write_row((price_list.pk, number, item, *(values[field] for field in FIELDS)))
    _keep_problems(price_list, piece.problems)


def _keep_problems(price_list: PriceListImport, problems: list[Problem]) -> None:
    if not problems:
        return
    left = max(0, MOST_PROBLEMS - price_list.problems.count())
    rows = [
        PriceListProblem(price_list=price_list, **{name: getattr(each, name) for name in Problem.__slots__})
        for each in problems[:left]
    ]
    PriceListProblem.objects.bulk_create(rows, batch_size=1000)


def _conclude(price_list: PriceListImport) -> None:
    """The last piece of work: lines against each other, then against the price list."""
    columns = {"repeated": "ProductId", "overlap": "EffectiveStartDate"}
    with connection.cursor() as cursor:
        # Without it, the planner takes the file for a handful of lines.
        cursor.execute(f"ANALYZE {PriceListLine._meta.db_table}")
        cursor.execute(_CLASHES, [price_list.pk])
        clashes = [Problem(number, columns[code], code, str(other)) for number, code, other in cursor]
    _keep_problems(price_list, clashes)
    found = difference(price_list.pk, timezone.now())
    _sign(price_list, state=PriceListImport.State.CHECKED, wrong=F("wrong") + len(clashes), **vars(found))
    price_list.refresh_from_db()
