"""A file of subscriptions to change: CSV as spreadsheets write it, an edited export of the subscriptions list included.

UTF-8 with or without byte order mark; commas, semicolons or tabs. Two columns count, wherever they stand: the
subscription's ID and the new value, under the names that the portal's own files give them in any of its languages.
"""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from subscriptions.bulk import MOST_ROWS, What, Wish, too_many
from subscriptions.bulk.values import in_every_language, tidy

MOST_BYTES = 4 * 1024**2
_DELIMITERS = (",", "\t", ";")
_ID = _("Subscription ID")
VALUES: dict[str, tuple[Promise, ...]] = {
    What.CREDIT: (_("MPN ID"), _("Reseller (MPN ID)")),
    What.SUPPORT: (_("Designated support contact"), _("MPN ID"), _("Microsoft ID")),
    What.AUTO_RENEW: (_("Auto-renew"),),
    What.LICENCES: (_("Licenses"),),
}
"""How the column with the new value may be called, the first that is there counts."""


def wishes_of(content: bytes, what: str) -> list[Wish]:
    """What each line of the file asks for; blank lines ask for nothing.

    Refused whole with file_encoding, file_broken, file_empty, file_columns or bulk_too_many. Whether an ID exists and
    whether a value makes sense is said for each line, later.
    """
    wishes = []
    for wish in _wishes(_text_of(content), what):
        wishes.append(wish)
        if len(wishes) > MOST_ROWS:
            raise too_many()
    if not wishes:
        raise ValidationError(_("The file has no lines with subscriptions."), "file_empty")
    return wishes


def _text_of(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValidationError(
            _("This is no CSV file in UTF-8. Save it as “CSV UTF-8” in your spreadsheet program."), "file_encoding"
        )
    return text


def _wishes(text: str, what: str) -> Iterator[Wish]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(StringIO(text, newline=""), delimiter=max(_DELIMITERS, key=head.count))
    try:
        header: list[str] | None = None
        for cells in reader:
            row = [tidy(cell) for cell in cells]
            if not any(row):
                continue
            if header is None:
                header = [cell.casefold() for cell in row]
                ids, values = _column(header, [_ID], what), _column(header, VALUES[what], what)
                continue
            cell = dict(enumerate(row))
            yield Wish(reader.line_num, cell.get(ids, ""), cell.get(values, ""))
    except csv.Error as fault:
        raise ValidationError(
            _("The file cannot be read at line %(line)s."), "file_broken", {"line": reader.line_num}
        ) from fault


def _column(header: Sequence[str], names: Sequence[Promise], what: str) -> int:
    for name in names:
        for position, cell in enumerate(header):
            if cell in in_every_language(name):
                return position
    raise ValidationError(
        _("The first line has to name two columns: “%(id)s” and “%(value)s”."),
        "file_columns",
        {"id": _ID, "value": VALUES[what][0]},
    )
