"""The price list as lines: eighteen public columns that become offers, and offers that become them again.

What the operator uploads goes the same way in steps, in the background: price_list_apply.py.
"""

from collections.abc import Iterable, Iterator, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from subscriptions.models import PriceListImport
from subscriptions.price_list import apply as price_list_apply
from subscriptions.price_list.check import check_rows, problems_of
from subscriptions.price_list.columns import COLUMNS, price_list_line

__all__ = ["COLUMNS", "load_price_list", "price_list_line"]

MOST_PROBLEMS = 20


def load_price_list(lines: Iterable[Mapping[str, str]], *, name: str = "price_list.csv") -> int:
    """Take the lines of a whole price list, all or none, and return how many there were.

    It replaces what there is for the markets, currencies and segments that it names, by the rules of
    price_list_difference.py: what was ordered keeps the price of its day. Refused with the first twenty problems, each
    with its line (the header is line 1), its column and a code of price_list_problems.py.
    """
    with transaction.atomic():
        price_list = PriceListImport.objects.create(
            state=PriceListImport.State.CHECKING, started_at=timezone.now(), file_name=name, content=b""
        )
        check_rows(price_list, _rows(lines))
        if price_list.wrong:
            raise _refusal(price_list)
        count = price_list.lines
        PriceListImport.objects.filter(pk=price_list.pk).update(state=PriceListImport.State.APPLYING)
        price_list_apply.apply(price_list.pk)
    return count


def _rows(lines: Iterable[Mapping[str, str]]) -> Iterator[list[str]]:
    header: list[str] = []
    for line in lines:
        if not header:
            header = list(line)
            yield header
        yield [line.get(name) or "" for name in header]


def _refusal(price_list: PriceListImport) -> ValidationError:
    text = _("Line %(line)s, column %(column)s: %(problem)s")
    first = list(problems_of(price_list))[:MOST_PROBLEMS]
    return ValidationError(
        [
            ValidationError(text, each.code, {"line": each.number, "column": each.column, "problem": each.sentence})
            for each in first
        ]
    )
