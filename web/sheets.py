"""Tables for people's spreadsheets: CSV that opens with a double click and in which nothing is a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice

from flask import Response

BLOCK = 200  # rows
BOM = "\ufeff"  # without it, Excel reads UTF-8 as something else
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def download(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A file of rows under our own `name`; rows are written while they are read."""
    response = Response(_blocks(header, rows), content_type="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    response.headers["Cache-Control"] = "no-store"
    return response


def cell(value: object) -> str:
    """A value as a cell: instants in UTC, nothing as nothing, and no text that a spreadsheet would calculate."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text


def _blocks(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The header at once, then some rows at a time: one by one they would be sent one by one."""
    yield BOM + _lines([header])
    left = iter(rows)
    while block := list(islice(left, BLOCK)):
        yield _lines(block)


def _lines(rows: Iterable[Sequence[object]]) -> str:
    lines = io.StringIO()
    csv.writer(lines, quoting=csv.QUOTE_ALL).writerows([cell(each) for each in row] for row in rows)
    return lines.getvalue()
