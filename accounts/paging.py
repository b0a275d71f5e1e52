"""Keyset paging: a page starts after a row, so page 2,000 costs as much as page 1 and nothing is ever counted."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, QueryDict

PAGE_SIZE = 25

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Sorting:
    """One way to order a list: fields that are never null, the last of them unique."""

    fields: tuple[str, ...]
    descending: bool = False

    def order_by(self, *, backwards: bool = False) -> list[OrderBy]:
        down = self.descending != backwards
        return [F(name).desc() if down else F(name).asc() for name in self.fields]

    def beyond(self, values: Sequence[Any], *, backwards: bool) -> Q:
        """The rows after (or before) the row with these values."""
        operator = "lt" if self.descending != backwards else "gt"
        condition = Q()
        for position, name in enumerate(self.fields):
            equal = dict(zip(self.fields[:position], values[:position], strict=True))
            condition |= Q(**equal, **{f"{name}__{operator}": values[position]})
        # The first field's plain bound lets PostgreSQL start the index scan there; the rest breaks the ties.
        return Q(**{f"{self.fields[0]}__{operator}e": values[0]}) & condition


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page and the links around it; a link that would lead nowhere is empty."""

    rows: list[Row]
    previous_url: str = ""
    next_url: str = ""
    from_start_url: str = ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def sorting_from(request: HttpRequest, sortings: Mapping[str, Sorting]) -> tuple[str, Sorting]:
    """The sorting that ?sort= names, else the first of those the list offers. A leading "-" reverses it."""
    wanted = request.GET.get("sort", "")
    name = wanted.removeprefix("-")
    if name not in sortings:
        name = wanted = next(iter(sortings))
    sorting = sortings[name]
    return wanted, Sorting(sorting.fields, descending=sorting.descending != wanted.startswith("-"))


def paginate(
    rows: QuerySet[Row], request: HttpRequest, sorting: Sorting, *, size: int = PAGE_SIZE, keys_first: bool = False
) -> Page[Row]:
    """The page that ?after= or ?before= asks for, in one query. A cursor that makes no sense means the first page.

    With keys_first in two: which rows they are, and then the rows. For lists that pass over many rows to find a page:
    where an index has all that the first query asks, none of those is read.
    """
    backwards = "before" in request.GET and "after" not in request.GET
    cursor = _decode(request.GET.get("before" if backwards else "after", ""), len(sorting.fields))
    backwards = backwards and cursor is not None
    try:
        found = _fetch(rows, sorting, cursor, backwards=backwards, size=size, keys_first=keys_first)
    except (ValidationError, ValueError, TypeError, ArithmeticError):
        cursor, backwards = None, False
        found = _fetch(rows, sorting, None, backwards=False, size=size, keys_first=keys_first)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (bool(cursor), more) if backwards else (more, bool(cursor))
    return Page(
        rows=found,
        previous_url=_url(request, before=_encode(found[0], sorting)) if found and has_previous else "",
        next_url=_url(request, after=_encode(found[-1], sorting)) if found and has_next else "",
        from_start_url=_url(request) if cursor else "",
    )


def _fetch(
    rows: QuerySet[Row], sorting: Sorting, cursor: list[Any] | None, *, backwards: bool, size: int, keys_first: bool
) -> list[Row]:
    order = sorting.order_by(backwards=backwards)
    wanted = rows.filter(sorting.beyond(cursor, backwards=backwards)) if cursor else rows
    wanted = wanted.order_by(*order)
    if not keys_first:
        return list(wanted[: size + 1])
    keys = list(wanted.values_list("pk", flat=True)[: size + 1])
    return list(rows.filter(pk__in=keys).order_by(*order))


def _encode(row: Model, sorting: Sorting) -> str:
    values = [_value(row, name) for name in sorting.fields]
    return base64.urlsafe_b64encode(json.dumps(values, cls=DjangoJSONEncoder).encode()).decode().rstrip("=")


def _value(row: Model, name: str) -> Any:
    value: Any = row
    for part in name.split("__"):
        value = getattr(value, part)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _decode(cursor: str, length: int) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        return None
    is_cursor = isinstance(values, list) and len(values) == length
    return values if is_cursor and all(_can_be_asked(each) for each in values) else None


def _can_be_asked(value: Any) -> bool:
    """Whether PostgreSQL takes the value: it has no text with a NUL in it, and no time zone 16 hours from UTC."""
    if not isinstance(value, str):
        return True
    with suppress(ValueError, OverflowError):  # most text is not a moment
        offset = datetime.fromisoformat(value).utcoffset()
        if offset and abs(offset) >= timedelta(hours=16):
            return False
    return "\0" not in value


def _url(request: HttpRequest, **changes: str) -> str:
    query: QueryDict = request.GET.copy()
    for name in ("after", "before", *changes):
        query.pop(name, None)
    query.update(changes)
    return f"{request.path}?{query.urlencode()}" if query else request.path


@dataclass(frozen=True)
class SortLink:
    """The head of a sortable column: where a click leads, and how the list is sorted by it now."""

    url: str
    direction: str = ""


def sort_links(request: HttpRequest, sortings: Mapping[str, Sorting]) -> dict[str, SortLink]:
    """One head for each way to sort; a click on the current one turns it around."""
    current, _sorting = sorting_from(request, sortings)
    links = {}
    for name, sorting in sortings.items():
        is_current = current.removeprefix("-") == name
        reverse = is_current and not current.startswith("-")
        down = sorting.descending != current.startswith("-")
        direction = ("descending" if down else "ascending") if is_current else ""
        links[name] = SortLink(_url(request, sort=f"-{name}" if reverse else name), direction)
    return links
