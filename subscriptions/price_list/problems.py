"""What can be wrong with a price list. A problem is kept as a code and the value; the sentence is the reader's."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LONGEST_VALUE = 200

MESSAGES: dict[str, Promise] = {
    # of the file, or of a whole line
    "empty": _("The file has no lines."),
    "column_missing": _("The column is missing."),
    "cells": _("The line has %(value)s columns; the first line of the file names another number of them."),
    "unreadable": _("The line could not be read. Its quotation marks do not match, or it is far too long."),
    # of one value
    "characters": _("“%(value)s” has characters that are not text. Save the file as UTF-8."),
    "required": _("A value is missing."),
    "too_long": _("At most %(longest)s characters fit."),
    "unknown": _("“%(value)s” is not known here."),
    "identifier": _("“%(value)s” is not an ID. Use letters, digits, hyphens, dots and underscores."),
    "price": _("“%(value)s” is not a price. Use digits and a decimal point, such as 1234.50."),
    "licences": _("“%(value)s” is not a number of licenses."),
    "date": _("“%(value)s” is not a date. Write it like 2026-01-31."),
    "tag": _("The tag “%(value)s” is not one of Requires:, UpgradesTo:, ConvertsTo: (product ID:SKU ID) and Limit:."),
    # of values that do not go together
    "limits": _("The highest number of licenses is below the lowest."),
    "period": _("The offer would end before it starts."),
    "billing": _("The billing plan “%(value)s” does not go with the term."),
    "trial_price": _("A trial costs nothing."),
    # of lines that do not go together
    "repeated": _("This offer is in the list already."),
    "overlap": _("The period overlaps with that of line %(value)s."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: in which line, as a spreadsheet numbers them, in which column, and what."""

    number: int
    column: str
    code: str
    value: str = ""

    @property
    def sentence(self) -> str:
        return sentence(self.code, self.value)


class WrongError(Exception):
    """A value that is refused. What the sentence names is the value itself, unless something else is given."""

    def __init__(self, code: str, value: str | None = None) -> None:
        self.code, self.value = code, value


def sentence(code: str, value: str) -> str:
    """What is wrong, in the language of whoever reads it now."""
    return str(MESSAGES[code]) % {"value": value, "longest": value}
