"""A file before it is imported: how it is written, what its columns seem to mean, the first of its rows as they will be
read, and what only a person can tell."""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from domain import tables
from domain.audience.imports import columns
from domain.audience.imports.columns import Columns
from domain.audience.imports.readings import Ground, Reader, Staged
from domain.audience.imports.remarks import Remark
from domain.tables import Line, Table, UnknownEncoding, dates, encodings
from domain.tables.dates import Order

SHOWN = 5  # guests, or purchases
EXAMPLES = 3  # of what a column holds
LOOKED_AT = 10_000  # rows, for what they tell about the order of day and month
LONGEST_EXAMPLE = 60


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose about a file: "" or None is not chosen. `mapping` is the field of each header."""

    encoding: str = ""
    delimiter: str = ""
    dates: str = ""
    mapping: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Guest:
    """A row as it will be read: nothing when it is refused."""

    line: int
    said: Staged | None
    remarks: Sequence[Remark]


@dataclass(frozen=True, slots=True)
class Sort:
    """What a file may hold: which of its fields are days, what headers most likely mean, and how its first rows read
    with these columns and this order of day and month ("" is not known)."""

    dates: Sequence[str]
    guessed: Callable[[Sequence[str]], Mapping[str, str]]
    first: Callable[[Columns, str, Sequence[Line]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a page shows. `encoding` and `order` hold what is known or was chosen; the questions are still open."""

    table: Table
    encoding: str
    delimiter: str
    order: str
    mapping: Mapping[str, str]
    asks_encoding: bool
    asks_order: bool
    has_dates: bool
    examples: Mapping[str, Sequence[str]]
    foreign: Sequence[str]  # cells with letters that another encoding would show otherwise
    first: Sequence[Any]


def guests(ground: Ground) -> Sort:
    """A file of members, as it is read for the café of this ground."""
    return Sort(columns.DATES, columns.guessed, lambda found, order, lines: _guests(found, _told(ground, order), lines))


def look(content: bytes, choices: Choices, sort: Sort) -> Preview:
    """The file as it stands with what was chosen so far. Raises `Unacceptable` for one that can't be read like that."""
    table, encoding, asks_encoding = _opened(content, choices)
    columns.refuse_twice(table.headers)
    mapping = sort.guessed(table.headers) if choices.mapping is None else choices.mapping
    lines = list(islice(table.lines, LOOKED_AT))
    fields = [mapping.get(header) or None for header in table.headers]
    order = dates.order_of(_cells(lines, [at for at, name in enumerate(fields) if name in sort.dates]))
    known = dates.told(order) or choices.dates
    return Preview(
        table=table,
        encoding=encoding,
        delimiter=table.delimiter,
        order=known,
        mapping=mapping,
        asks_encoding=asks_encoding,
        asks_order=order is not None and dates.told(order) is None and not choices.dates,
        has_dates=order is not None and order is not Order.NONE and dates.told(order) is None,
        examples={header: _examples(lines, at) for at, header in enumerate(table.headers) if header},
        foreign=_foreign(lines) if table.encoding not in ("utf-8", "utf-8-sig", "") else [],
        first=sort.first(_usable(fields), known, lines),
    )


def doubled(mapping: Mapping[str, str]) -> set[str]:
    """The fields that more than one column is said to mean."""
    used = [name for name in mapping.values() if name]
    return {name for name in used if used.count(name) > 1}


def _opened(content: bytes, choices: Choices) -> tuple[Table, str, bool]:
    """The table, its encoding, and whether somebody has to say that it is the right one."""
    delimiter = choices.delimiter or None
    try:
        table = tables.opened(io.BytesIO(content), encoding=choices.encoding or None, delimiter=delimiter)
    except UnknownEncoding:
        table = tables.opened(io.BytesIO(content), encoding=encodings.OFFERED[0], delimiter=delimiter)
        return table, encodings.OFFERED[0], True
    return table, choices.encoding or table.encoding, False


def _usable(fields: Sequence[str | None]) -> Columns:
    """Of two columns for one field the first is shown; the page says that one has to go."""
    return Columns([name if name and name not in fields[:at] else None for at, name in enumerate(fields)], [])


def _told(ground: Ground, order: str) -> Ground:
    return replace(ground, dates=order or None)


def _guests(found: Columns, ground: Ground, lines: Sequence[Line]) -> list[Guest]:
    reader = Reader(found, ground, keeps_cells=False)
    return [_guest(reader, number, line) for number, line in enumerate(lines[:SHOWN], start=1)]


def _guest(reader: Reader, number: int, line: Line) -> Guest:
    reading = reader.read(number, line)
    return Guest(line.number, reading.staged, [*reading.remarks, *reading.unproven])


def _cells(lines: Iterable[Line], positions: Sequence[int]) -> Iterable[str]:
    return (line.cells[at] for line in lines if not line.problem for at in positions)


def _examples(lines: Sequence[Line], position: int) -> list[str]:
    found = dict.fromkeys(cell[:LONGEST_EXAMPLE] for cell in _cells(lines, [position]) if cell)
    return list(islice(found, EXAMPLES))


def _foreign(lines: Sequence[Line]) -> list[str]:
    found = (cell[:LONGEST_EXAMPLE] for line in lines for cell in line.cells if not cell.isascii())
    return list(islice(dict.fromkeys(found), EXAMPLES))
