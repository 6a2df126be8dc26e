"""The cells of one sheet, as texts: what Excel shows as a day becomes `2026-03-04`, a number loses its padding."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import IO

from domain.tables import xml_stream
from domain.tables.sheet_parts import Shown, Styles
from domain.tables.table import MOST_COLUMNS
from domain.tables.xml_stream import Attributes

Row = tuple[int, list[str]]
WIDEST = MOST_COLUMNS + 1  # a row that reaches further is told as too wide, and not read any further
EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 (a wall clock's)
LEAP_DAY_THAT_NEVER_WAS = 60  # Excel counts 29 February 1900
LATEST_DAY = 2958465  # 31 December 9999
LARGEST_WHOLE = 2**53


def rows(stream: IO[bytes], texts: Sequence[str], styles: Styles, *, from_1904: bool) -> Iterator[Row]:
    """The rows that are written down, each with its number and its cells from the first column on."""
    reading = _Reading(texts, styles, from_1904=from_1904)
    return xml_stream.read(stream, found=reading.rows, start=reading.start, end=reading.end, text=reading.text)


class _Reading:
    """Takes elements as they come and puts finished rows into `rows`."""

    def __init__(self, texts: Sequence[str], styles: Styles, *, from_1904: bool) -> None:
        self.rows: list[Row] = []
        self._texts, self._styles = texts, styles
        self._epoch = EPOCH_1904 if from_1904 else EPOCH
        self._number = 0
        self._cells: list[str] = []
        self._column = 0  # of the cell being read, from 1
        self._kind, self._style = "n", 0
        self._said: list[str] | None = None  # texts of the value being read

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
            self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", 0))
            self._value: list[str] = []
        elif name == "v" or (name == "t" and self._kind == "inlineStr"):
            self._said = self._value
        elif name == "row":
            self._number = int(attributes["r"]) if "r" in attributes else self._number + 1
            self._cells, self._column = [], 0

    def text(self, said: str) -> None:
        if self._said is not None:
            self._said.append(said)

    def end(self, name: str) -> None:
        if name == "c":
            self._put("".join(self._value))
        elif name in ("v", "t"):
            self._said = None
        elif name == "row" and self._cells:
            self.rows.append((self._number, self._cells))

    def _put(self, value: str) -> None:
        if value:
            at = min(self._column, WIDEST)
            self._cells += [""] * (at - len(self._cells))
            self._cells[at - 1] = self._as_text(value)

    def _as_text(self, value: str) -> str:
        if self._kind == "s":
            return self._texts[int(value)]
        if self._kind == "b":
            return "true" if value == "1" else "false"
        if self._kind != "n":
            return value
        shown = self._styles[self._style] if self._style < len(self._styles) else Shown.NUMBER
        return _number(value) if shown is Shown.NUMBER else self._moment(float(value), shown)

    def _moment(self, serial: float, shown: Shown) -> str:
        if not 0 <= serial < LATEST_DAY + 1:
            return _number(repr(serial))
        if self._epoch is EPOCH and serial < LEAP_DAY_THAT_NEVER_WAS:
            serial += 1
        days, seconds = divmod(round(serial * 86_400), 86_400)
        moment = self._epoch + timedelta(days=days, seconds=seconds)
        if shown is Shown.TIME and days <= 1:
            return moment.time().isoformat()
        return moment.isoformat(" ") if seconds else moment.date().isoformat()


def _column(reference: str) -> int:
    column = 0
    for letter in reference.rstrip("0123456789"):
        column = column * 26 + ord(letter) - 64
    return column


def _number(value: str) -> str:
    number = float(value)
    if number == int(number) and abs(number) < LARGEST_WHOLE:
        return str(int(number))
    return repr(number)
