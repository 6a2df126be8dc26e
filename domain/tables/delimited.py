"""CSV: cells between delimiters, quoted as in RFC 4180, lines that end in LF, CRLF or CR. Read as a stream."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

from domain.errors import Unacceptable
from domain.sentences import say
from domain.tables import encodings
from domain.tables.table import LONGEST_CELL, MOST_COLUMNS, Line, Table, checked_headers, line

DELIMITERS = ";,\t|"
LONGEST_LINE = MOST_COLUMNS * (LONGEST_CELL + 3)  # a longer one has too many cells, or one that is too long
SAMPLE, GLANCE = 20, 4096  # lines, and characters of each, by which the delimiter is found


def opened(file: BinaryIO, *, encoding: str | None, delimiter: str | None) -> Table:
    """The table in a text. Raises `UnknownEncoding` and `Unacceptable`; then nothing of it was given."""
    encoding = encodings.of_file(file, named=encoding)
    csv.field_size_limit(LONGEST_CELL)  # or a quote that is never closed swallows the rest of the file as one cell
    lines = _Lines(io.TextIOWrapper(file, encoding=encoding, newline=""))
    delimiter = _announced(lines) or delimiter or _delimiter(lines.ahead(SAMPLE))
    reader = _reader(lines, delimiter)
    first = _first(reader)
    headers = checked_headers(first)
    return Table(headers, _rows(reader, lines, len(first)), encoding=encoding, delimiter=delimiter)


class _Lines:
    """The lines of a text, bounded, numbered, and able to go back: what a quote swallowed is read again."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = text
        self._again: list[str] = []
        self.number = 0  # of the line given last
        self.taken: list[str] = []  # since the row began

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        found = self._draw()
        if not found:
            raise StopIteration
        self.number += 1
        self.taken.append(found)
        return found

    def begin_row(self) -> int:
        """A row begins on the next line: its number."""
        self.taken = []
        return self.number + 1

    def give_back_all_but_the_first(self) -> None:
        """The row was broken: only its first line is lost."""
        self.number -= len(self.taken) - 1
        self._again += reversed(self.taken[1:])

    def ahead(self, count: int) -> list[str]:
        """The next lines, still to come."""
        found = list(islice(iter(self._draw, ""), count))
        self._again += reversed(found)
        return found

    def _draw(self) -> str:
        return self._again.pop() if self._again else self._read()

    def _read(self) -> str:
        found = self._text.readline(LONGEST_LINE)  # type: ignore[attr-defined]
        rest = found
        while len(rest) == LONGEST_LINE and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(LONGEST_LINE)  # type: ignore[attr-defined]
        return found


def _announced(lines: _Lines) -> str | None:
    """What Excel writes above a table now and then: `sep=;`."""
    first = lines.ahead(1)
    plain = first[0].strip().lower() if first else ""
    if plain[:4] == "sep=" and len(plain) <= 5:
        announced = next(lines).strip()[4:]
        return announced or "\t"
    return None


def _delimiter(sample: list[str]) -> str:
    """The one that cuts most lines of the sample into as many cells as the first line."""
    return max(DELIMITERS, key=lambda each: _agreement(sample, each))


def _agreement(sample: list[str], delimiter: str) -> tuple[int, int]:
    widths = [len(cells) for cells in csv.reader((each[:GLANCE] for each in sample), delimiter=delimiter) if cells]
    if not widths or widths[0] == 1:
        return 0, 0
    return sum(width == widths[0] for width in widths), widths[0]


def _reader(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    try:
        return csv.reader(lines, delimiter=delimiter, strict=True)
    except TypeError:
        raise Unacceptable(say("Columns are separated by one character.")) from None


def _first(reader: Iterator[list[str]]) -> list[str]:
    try:
        return next((cells for cells in reader if cells), [])
    except csv.Error:
        raise Unacceptable(say("The first line must name the columns, and can't be read.")) from None


def _rows(reader: Iterator[list[str]], lines: _Lines, width: int) -> Iterator[Line]:
    while True:
        number = lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _broken(number, lines, str(error))
        else:
            if found := line(number, cells, width):
                yield found


def _broken(number: int, lines: _Lines, because: str) -> Line:
    shown = [lines.taken[0].rstrip("\r\n").replace("\0", "\ufffd")[:1000]]
    lines.give_back_all_but_the_first()
    if "field limit" in because:
        words = say("A cell of this line is longer than %(most)s characters.", most=LONGEST_CELL)
        return Line(number, shown, words)
    return Line(number, shown, say("The quotes of this line don't match, so its cells can't be told apart."))
