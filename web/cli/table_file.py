"""Tables in text files, as other programs write them: read as a stream, judged as a whole before anything is saved."""

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from domain.errors import Unacceptable

DELIMITERS = ",;\t|"
MOST_COLUMNS = 200
LONGEST_CELL = 64 * 1024
BLOCK = 1024 * 1024
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the number of its last line in the file, its cells by header, and what is wrong with it as a row."""

    number: int
    cells: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table being read: its headers, as mapped, and its rows."""

    headers: Sequence[str]
    lines: Iterator[Line]


@contextmanager
def opened(path: Path, *, encoding: str | None, mapping: Mapping[str, str]) -> Iterator[Table]:
    """The table in `path`, its headers renamed by `mapping`. Raises `Unacceptable` for a file that can't be read."""
    encoding = encoding or _marked_encoding(path)
    _refuse_unreadable(path, encoding)
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file.readline())
        file.seek(0)
        # A quote that is never closed would swallow the rest of the file as one cell.
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        headers = _headers(reader, mapping)
        yield Table(headers, _lines(reader, headers))


def _marked_encoding(path: Path) -> str:
    with _readable(path) as file:
        start = file.read(3)
    return next((name for mark, name in MARKS.items() if start.startswith(mark)), "utf-8")


def _refuse_unreadable(path: Path, encoding: str) -> None:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise Unacceptable(f"There is no encoding {encoding}.") from None
    try:
        with _readable(path) as file:
            while block := file.read(BLOCK):
                if "\0" in decoder.decode(block):
                    raise Unacceptable(f"{path} is not a text file.")
            decoder.decode(b"", final=True)
    except UnicodeError:
        raise Unacceptable(f"{path} is not written in {encoding}. Name its encoding with --encoding.") from None


def _readable(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise Unacceptable(f"{path} can't be read: {error.strerror}.") from None


def _delimiter(first_line: str) -> str:
    return max(DELIMITERS, key=first_line.count)


def _headers(reader: "csv._reader", mapping: Mapping[str, str]) -> list[str]:
    try:
        found = [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise Unacceptable(f"The first line can't be read: {error}.") from None
    unknown = [name for name in mapping if name not in found]
    headers = [mapping.get(name, name) for name in found]
    twice = sorted({name for name in headers if name and headers.count(name) > 1})
    if not any(headers) or len(headers) > MOST_COLUMNS:
        raise Unacceptable(f"The first line must name the columns, at most {MOST_COLUMNS}.")
    if unknown:
        raise Unacceptable(f"There is no column {', '.join(unknown)}.")
    if twice:
        raise Unacceptable(f"Two columns are called {', '.join(twice)}.")
    return headers


def _lines(reader: "csv._reader", headers: Sequence[str]) -> Iterator[Line]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(reader.line_num, {}, f"This line can't be read: {error}.")
            continue
        if len(cells) > len(headers):
            yield Line(reader.line_num, {}, f"This line has {len(cells)} cells, there are {len(headers)} columns.")
        elif any(cell.strip() for cell in cells):
            yield Line(
                reader.line_num, {name: cell.strip() for name, cell in zip(headers, cells, strict=False) if name}
            )
