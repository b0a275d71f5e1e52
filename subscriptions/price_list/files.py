"""The file of a price list: taken from the operator, kept packed, and read line by line.

It is CSV with commas or tabs, in UTF-8 with or without a byte order mark, as it is or as the only file of a ZIP. It is
measured while it is unpacked, so that a small file cannot become a large one here.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MOST_UPLOADED = 64 * 2**20
MOST_UNPACKED = 256 * 2**20
MOST_KEPT = 32 * 2**20
_PIECE = 256 * 2**10
_LONGEST_LINE = 64 * 2**10
_ZIP = b"PK\x03\x04"
_GZIP = zlib.MAX_WBITS | 16

Row = list[str] | None


def pack(file: BinaryIO) -> tuple[bytes, str]:
    """The file as it is kept, and the SHA-256 of what is in it.

    Refused as too_big, or when it is a ZIP that cannot be read (zip_broken) or does not have one file (zip_one).
    """
    packer, digest, kept, length = zlib.compressobj(6, wbits=_GZIP), hashlib.sha256(), bytearray(), 0
    for piece in _pieces(file):
        length += len(piece)
        digest.update(piece)
        kept += packer.compress(piece)
        if length > MOST_UNPACKED or len(kept) > MOST_KEPT:
            raise _too_big()
    kept += packer.flush()
    return bytes(kept), digest.hexdigest()


def read(content: bytes) -> Iterator[Row]:
    """The lines of a packed file as lists of cells, the header first; None for one that cannot be read.

    As a spreadsheet numbers them: a line that is empty is an empty list, a value with line breaks is one line.
    """
    with gzip.open(io.BytesIO(content), "rt", encoding="utf-8-sig", errors="replace", newline="") as stream:
        first = stream.readline(_LONGEST_LINE)
        lines = iter(lambda: stream.readline(_LONGEST_LINE), "")
        yield from _rows(chain([first] if first else [], lines), "\t" if "\t" in first else ",")


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0, io.SEEK_END)
    if file.tell() > MOST_UPLOADED:
        raise _too_big()
    file.seek(0)
    is_zip = file.read(len(_ZIP)) == _ZIP
    file.seek(0)
    if is_zip:
        yield from _unzipped(file)
    else:
        yield from iter(lambda: file.read(_PIECE), b"")


def _unzipped(file: BinaryIO) -> Iterator[bytes]:
    try:
        with ZipFile(file) as archive, archive.open(_only_file(archive)) as member:
            yield from iter(lambda: member.read(_PIECE), b"")
    except (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, zlib.error):
        raise ValidationError(_("The ZIP file is damaged or protected by a password."), "zip_broken") from None


def _only_file(archive: ZipFile) -> ZipInfo:
    # macOS adds folders of its own, with what it knows of each file.
    files = [each for each in archive.infolist() if not each.is_dir() and not each.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        raise ValidationError(_("The ZIP file must contain one file, the price list."), "zip_one")
    if files[0].compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadZipFile
    return files[0]


def _too_big() -> ValidationError:
    return ValidationError(_("The file is too big for a price list."), "too_big")
