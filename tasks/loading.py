"""A file made into rows, on one connection: read and laid down in blocks, then merged slice by slice, each committed.

The CSV or workbook is read to its end before anything is merged: a file that breaks off changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.audience.imports import records
from domain.audience.imports.records import Hold
from domain.tables import Line

BLOCK = 2000  # rows
TRIES = 5  # of a slice in which somebody else took what it was about to write

Lines = Iterable[Line]


class File(Protocol):
    """The rows of one file, on their way in."""

    def prepare(self, session: Session) -> None: ...
    def lay_down(self, session: Session, lines: Iterable[tuple[int, Line]]) -> None: ...
    def finish(self, session: Session) -> None: ...
    def rehearse(self, session: Session, *, total: int) -> Counter[str]: ...
    def keep_remarks(self, session: Session, *, total: int) -> None: ...
    def merge(self, session: Session, *, after: int) -> tuple[Counter[str], int]: ...
    def clear(self, session: Session) -> None: ...


class Stopped(Exception):
    """The process was asked to end; another one goes on."""


@contextmanager
def one_connection(engine: Engine) -> Iterator[Session]:
    """A session that stays on one connection, commit or not: rows are laid down in tables of that connection."""
    with engine.connect() as connection, Session(connection) as session:
        yield session


def rehearse(session: Session, file: File, lines: Lines) -> Counter[str]:
    """What merging the rows would come to, with `rows`, their number. Nothing is kept: roll back afterwards."""
    file.prepare(session)
    total = 0
    for block in _blocks(lines):
        file.lay_down(session, block)
        total = block[-1][0]
    file.finish(session)
    return file.rehearse(session, total=total) + Counter(rows=total)


def read(
    session: Session, file: File, lines: Lines, held: Hold, *, should_stop: Callable[[], bool] = lambda: False
) -> int:
    """Lay the rows of the import that is held down, in blocks that are committed; how many there are.

    Raises `records.Lost` when somebody else has the import now, `Stopped` when `should_stop` says so, and what reading
    the lines raises.
    """
    file.prepare(session)
    total = 0
    for block in _blocks(lines):
        file.lay_down(session, block)
        total = block[-1][0]
        _commit(session, held, should_stop, rows_read=total)
    file.finish(session)
    return total


def merge(
    session: Session, file: File, total: int, held: Hold, *, should_stop: Callable[[], bool] = lambda: False
) -> Counter[str]:
    """Merge the rows that were laid down, from where the import stands on, in slices that are committed.

    Returns what came of all its rows, those of earlier tries included. Raises as `read` does.
    """
    row = records.get(session, held.import_id)
    done, figures = row.rows_done, Counter(row.figures)
    while done < total:
        came, until = _merge(session, file, done)
        done = min(until, total)
        figures += came
        _commit(session, held, should_stop, rows_total=total, rows_done=done, figures=dict(figures))
    return figures + Counter(rows=total)


def _merge(session: Session, file: File, after: int) -> tuple[Counter[str], int]:
    for attempt in range(1, TRIES + 1):
        try:
            with session.begin_nested():
                return file.merge(session, after=after)
        except IntegrityError:
            if attempt == TRIES:
                raise
    raise AssertionError("unreachable")


def _commit(session: Session, held: Hold, should_stop: Callable[[], bool], **changes: object) -> None:
    records.hold(session, held, changes)
    session.commit()
    if should_stop():
        raise Stopped


def _blocks(lines: Lines) -> Iterator[list[tuple[int, Line]]]:
    numbered = enumerate(lines, start=1)
    while block := list(islice(numbered, BLOCK)):
        yield block
