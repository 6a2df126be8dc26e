"""What a table is, once a file was read as one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.errors import Unacceptable
from domain.sentences import Sentence, say

MOST_COLUMNS = 200
LONGEST_CELL = 64 * 1024  # characters
CALCULATED = frozenset("=+-@＝＋－＠")  # what a formula begins with


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the number of the line it begins on, its cells without surrounding blanks, what is wrong with it."""

    number: int
    cells: Sequence[str]
    problem: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table being read. `lines` runs once; rows without any content are left out.

    `encoding` and `delimiter` are those of a text, `sheet` is that of a workbook.
    """

    headers: Sequence[str]
    lines: Iterator[Line]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


class UnknownEncoding(Unacceptable):
    """The file is a text, but in which encoding can't be told: somebody has to say."""


NOT_A_TABLE = say("This is neither a CSV file nor an Excel file (.xlsx).")


def checked_headers(cells: Sequence[str]) -> list[str]:
    """The headers as they name the columns, blank ones at the end dropped. Raises `Unacceptable` for a first line that
    names none."""
    headers = [" ".join(cell.replace("\ufeff", "").split()) for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise Unacceptable(say("The first line must name the columns."))
    if not all(header.isprintable() for header in headers):
        raise Unacceptable(NOT_A_TABLE)
    if len(headers) > MOST_COLUMNS:
        raise Unacceptable(say("A table has at most %(most)s columns.", most=MOST_COLUMNS))
    return headers


def _plain(cell: str) -> str:
    """The cell without blanks around it, and without the apostrophe that keeps a spreadsheet from calculating it."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:2] in CALCULATED else cell


def line(number: int, cells: Sequence[str], width: int) -> Line | None:
    """The row of these cells, of which there should be `width`; None when nothing stands in them."""
    cells = [_plain(cell) for cell in cells]
    if not any(cells):
        return None
    if any("\0" in cell for cell in cells):
        words = say("This line holds characters that no text has.")
        return Line(number, [cell.replace("\0", "\ufffd") for cell in cells], words)
    if len(cells) != width:
        words = say(
            "There are %(columns)s columns, but this line has cells for %(cells)s.", cells=len(cells), columns=width
        )
        return Line(number, cells[:MOST_COLUMNS], words)
    return Line(number, cells)
