"""Excel's workbooks (.xlsx): the first sheet that is shown, read as a stream and never unpacked without a limit.

A workbook is a ZIP of XML. `zipfile` gives no more of a part than the archive declares, so the sum of what is declared
bounds what is unpacked; a document type, with which XML could grow by itself, is refused.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

from domain.errors import Unacceptable
from domain.sentences import say
from domain.tables import sheet_cells, sheet_parts
from domain.tables.sheet_parts import Sheet, Styles
from domain.tables.table import NOT_A_TABLE, Line, Table, checked_headers, line

MOST_UNPACKED = 256 * 1024 * 1024
BROKEN = (BadZipFile, zlib.error, ExpatError, KeyError, ValueError, IndexError, RuntimeError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Parts:
    """What cells refer to: texts they share, and how numbers are shown."""

    texts: list[str]
    styles: Styles
    from_1904: bool


def opened(file: BinaryIO) -> Table:
    """The table in the first sheet that is shown and not empty. Raises `Unacceptable`."""
    with _refused_when_broken():
        archive = ZipFile(file)
        if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
            raise Unacceptable(say("This Excel file unpacks to more than can be read. Save it as CSV."))
        book = sheet_parts.book(archive)
        if book is None:
            raise Unacceptable(NOT_A_TABLE)
        parts = Parts(sheet_parts.texts(archive, book), sheet_parts.styles(archive, book), book.from_1904)
        for sheet in book.sheets:
            rows = _rows(archive, sheet, parts)
            if first := next(rows, None):
                headers = checked_headers(first[1])
                return Table(headers, _lines(rows, len(headers)), sheet=sheet.name)
    raise Unacceptable(say("This Excel file is empty."))


def _rows(archive: ZipFile, sheet: Sheet, parts: Parts) -> Iterator[tuple[int, list[str]]]:
    with archive.open(sheet.path) as stream:
        yield from sheet_cells.rows(stream, parts.texts, parts.styles, from_1904=parts.from_1904)


def _lines(rows: Iterator[tuple[int, list[str]]], width: int) -> Iterator[Line]:
    with _refused_when_broken():
        for number, cells in rows:
            # Cells without content are not written down at all: a row is as wide as its last one.
            padded = cells + [""] * (width - len(cells))
            while len(padded) > width and not padded[-1].strip():
                padded.pop()
            if found := line(number, padded, width):
                yield found


@contextmanager
def _refused_when_broken() -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise Unacceptable(say("This Excel file is damaged. Open it in Excel and save it once more.")) from error
