"""What a checked price list would change, and changing it: read and written as sets, never row by row.

The rules (docs/price-list.md says them for people):

* A line of the file and a line of the price list are the same when item and first day are. What differs is changed.
* From the first day of a line of the file on, the file is right: what else the price list has of that item ends there,
  or, when it begins within the line's period, becomes empty. That is how a new price ends the old one.
* What is on sale now or later in the markets, currencies and segments that the file names, and of which the file has no
  line any more, is withdrawn: it ends at this moment, or never begins. What has ended already stays as it was.
  A file whose first day there is yet to come withdraws as of that day: renewals of before it still need their offers.

Nothing is deleted: orders and subscriptions go on pointing to their lines.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from subscriptions.price_list.columns import FIELDS

_OFFERS, _LINES = "subscriptions_offer", "subscriptions_pricelistline"
_KEY = ("product_id", "sku_id", "term", "billing", "market", "currency", "segment", "effective_from")
_VALUES = tuple(field for field in FIELDS if field not in _KEY)


def _of(table: str, fields: tuple[str, ...]) -> str:
    """The columns of a table; tags are kept as text until the line becomes an offer."""
    texts = {"line": "string_to_array(line.tags, ';')", "offer": "offer.tags::text[]"}
    return ", ".join(texts[table] if field == "tags" else f"{table}.{field}" for field in fields)


_DIFFERS = f"({_of('offer', _VALUES)}) IS DISTINCT FROM ({_of('line', _VALUES)})"
# What the file's line takes the place of, when it is not the same line: the price that would have held otherwise.
_BEFORE = f"""
    SELECT before.unit_price, before.effective_from FROM {_OFFERS} AS before
    WHERE offer.id IS NULL AND before.item = line.item AND before.effective_to >= line.effective_from
        AND before.effective_to > before.effective_from
    ORDER BY before.effective_from LIMIT 1
"""  # noqa: S608 - names of columns, from this file
# Each line of the file, and what there is of it.
_COMPARED = f"""
    SELECT line.number, line.sku_title, line.item, line.currency, line.unit_price, line.effective_from,
        COALESCE(offer.unit_price, before.unit_price) AS old_price,
        CASE WHEN offer.id IS NULL THEN CASE WHEN before.effective_from IS NULL THEN 'new' ELSE 'changed' END
            WHEN {_DIFFERS} THEN 'changed' ELSE 'same' END AS difference
    FROM {_LINES} AS line
    LEFT JOIN {_OFFERS} AS offer ON offer.item = line.item AND offer.effective_from = line.effective_from
    LEFT JOIN LATERAL ({_BEFORE}) AS before ON TRUE
    WHERE line.price_list_id = %(price_list)s
"""  # noqa: S608 - the same
# What ends earlier than it would have, and whether because the file no longer has it.
_ENDING = f"""
    SELECT kept.*, CASE WHEN is_covered THEN effective_from WHEN next_start IS NOT NULL THEN next_start
        ELSE GREATEST(effective_from, first_start, %(moment)s) END AS ends,
        NOT is_covered AND next_start IS NULL AS is_withdrawn
    FROM (
        SELECT offer.id, offer.sku_title, offer.item, offer.currency, offer.unit_price, offer.effective_from,
            offer.effective_to, covered.first_start,
            MIN(line.effective_from) FILTER (WHERE line.effective_from > offer.effective_from) AS next_start,
            COALESCE(BOOL_OR(line.effective_from < offer.effective_from AND line.effective_to > offer.effective_from),
                FALSE) AS is_covered
        FROM {_OFFERS} AS offer
        JOIN (
            SELECT market, currency, segment, MIN(effective_from) AS first_start FROM {_LINES}
            WHERE price_list_id = %(price_list)s GROUP BY market, currency, segment
        ) AS covered USING (market, currency, segment)
        LEFT JOIN {_LINES} AS line ON line.item = offer.item AND line.price_list_id = %(price_list)s
        WHERE offer.effective_to > offer.effective_from
        GROUP BY offer.id, covered.first_start
        HAVING BOOL_OR(line.effective_from = offer.effective_from) IS NOT TRUE
    ) AS kept
"""  # noqa: S608 - the same
_SHORTER = f"SELECT * FROM ({_ENDING}) AS ending WHERE ends < effective_to"  # noqa: S608 - the same


@dataclass(frozen=True)
class Difference:
    """How many lines of the file are new, change something or change nothing; and what would be withdrawn."""

    new: int
    changed: int
    same: int
    withdrawn: int


@dataclass(frozen=True)
class Row:
    """One of the differences, for somebody to read."""

    title: str
    item: str
    currency: str
    price: Any
    old_price: Any
    effective_from: datetime


def difference(price_list: int, moment: datetime) -> Difference:
    """What applying it at that moment would do, counted."""
    counts = ", ".join(f"COUNT(*) FILTER (WHERE difference = '{name}')" for name in ("new", "changed", "same"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {counts}, (SELECT COUNT(*) FROM ({_SHORTER}) AS ending WHERE is_withdrawn)"  # noqa: S608 - the same
            f" FROM ({_COMPARED}) AS compared",
            {"price_list": price_list, "moment": moment},
        )
        return Difference(*cursor.fetchone())


def first_lines(price_list: int, name: str, most: int) -> list[Row]:
    """The first lines of the file that are new, or that change something."""
    return _rows(
        "SELECT sku_title, item, currency, unit_price, old_price, effective_from"  # noqa: S608 - the same
        f" FROM ({_COMPARED}) AS compared WHERE difference = %(name)s ORDER BY number LIMIT %(most)s",
        {"price_list": price_list, "name": name, "most": most},
    )


def first_withdrawn(price_list: int, moment: datetime, most: int) -> list[Row]:
    """The first of what would be withdrawn, by name."""
    return _rows(
        "SELECT sku_title, item, currency, NULL, unit_price, effective_from"  # noqa: S608 - the same
        f" FROM ({_SHORTER}) AS ending WHERE is_withdrawn ORDER BY sku_title, id LIMIT %(most)s",
        {"price_list": price_list, "moment": moment, "most": most},
    )


def make_it_so(price_list: int, moment: datetime) -> None:
    """Change the price list. In this order no two periods of an item overlap at any time, as the database demands."""
    with connection.cursor() as cursor:
        for statement in (_SHORTEN, _UPDATE, _INSERT):
            cursor.execute(statement, {"price_list": price_list, "moment": moment})
        # Whoever reads it next should know how much there is now.
        cursor.execute(f"ANALYZE {_OFFERS}")


def _rows(query: str, parameters: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [Row(*row) for row in cursor.fetchall()]


_SHORTEN = f"""
    UPDATE {_OFFERS} AS offer SET effective_to = shorter.ends FROM ({_SHORTER}) AS shorter WHERE shorter.id = offer.id
"""  # noqa: S608 - the same
_UPDATE = f"""
    UPDATE {_OFFERS} AS offer SET ({", ".join(_VALUES)}) = ROW({_of("line", _VALUES)})
    FROM {_LINES} AS line
    WHERE line.price_list_id = %(price_list)s AND offer.item = line.item
        AND offer.effective_from = line.effective_from AND {_DIFFERS}
"""  # noqa: S608 - the same
_INSERT = f"""
    INSERT INTO {_OFFERS} (code, {", ".join(FIELDS)})
    SELECT gen_random_uuid(), {_of("line", FIELDS)} FROM {_LINES} AS line
    WHERE line.price_list_id = %(price_list)s AND NOT EXISTS (
        SELECT FROM {_OFFERS} AS offer WHERE offer.item = line.item AND offer.effective_from = line.effective_from
    )
    ORDER BY line.number
"""  # noqa: S608 - the same
