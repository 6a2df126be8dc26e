"""A file made into rows, on one connection: read and laid down in blocks, then merged slice by slice, each committed.

The CSV or workbook is read to its end before anything is merged: a file that breaks off changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Protocol

import psycopg
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from domain.audience.imports import records
from domain.audience.imports.records import Hold
from domain.tables import Line

BLOCK = 2000  # rows
TRIES = 5  # of a slice in which somebody else took what it was about to write, or held it the other way round
_OUTRUN = (psycopg.IntegrityError, psycopg.errors.DeadlockDetected)

Lines = Iterable[Line]

log = structlog.get_logger()


class File(Protocol):
    """The rows of one file, on their way in."""

    def prepare(self, session: Session) -> None: ...
    def lay_down(self, session: Session, lines: Iterable[tuple[int, Line]]) -> None: ...
    def finish(self, session: Session) -> None: ...
    def rehearse(self, session: Session, *, after: int, total: int) -> tuple[Counter[str], int]: ...
    def keep_remarks(self, session: Session, *, total: int) -> None: ...
    def merge(self, session: Session, *, after: int) -> tuple[Counter[str], int]: ...
    def clear(self, session: Session) -> None: ...


class Stopped(Exception):
    """The process was asked to end; another one goes on."""


class Load:
    """A file on its way in: on a connection of its own, on which its rows are laid down, and how far it is.

    What raises `Stopped` goes on where it was when it is called again. Close it at the end.
    """

    def __init__(self, engine: Engine, file: File, lines: Lines) -> None:
        self._connection = engine.connect()
        self.session = Session(self._connection)
        self._file = file
        self._blocks = _blocks(lines)
        self._is_prepared, self._is_laid_down = False, False
        self.total = 0  # rows read so far
        self._rehearsed, self._figures = 0, Counter[str]()  # rows tried out so far, and what came of them

    def rehearse(self, held: Hold | None = None, *, should_stop: Callable[[], bool] = lambda: False) -> Counter[str]:
        """What merging all rows would come to, with `rows`, their number. Nothing of it stays: roll back afterwards.

        With an import that is held it tells there how far it is, and raises as `read` does.
        """
        while self._lay_down_some():
            pass
        while self._rehearsed < self.total:
            came, self._rehearsed = self._file.rehearse(self.session, after=self._rehearsed, total=self.total)
            self._figures += came
            if held and self._rehearsed < self.total:
                done = {"rows_total": self.total, "rows_done": self._rehearsed}
                _commit(self.session, held, should_stop, **done)
        return self._figures + Counter(rows=self.total)

    def keep_remarks(self) -> None:
        """Keep what a rehearsal said about the rows with the import."""
        self._file.keep_remarks(self.session, total=self.total)

    def read(self, held: Hold, *, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Lay down the rows of the import that is held, in blocks that are committed.

        Raises `records.Lost` when somebody else has the import now, `Stopped` when `should_stop` says so, and what
        reading the lines raises.
        """
        while self._lay_down_some():
            _commit(self.session, held, should_stop, rows_read=self.total)

    def merge(self, held: Hold, *, should_stop: Callable[[], bool] = lambda: False) -> Counter[str]:
        """Merge the rows, once all are laid down, from where the import stands on, in slices that are committed.

        Returns what came of all its rows, those of earlier tries included. Raises as `read` does.
        """
        row = records.get(self.session, held.import_id)
        done, figures = row.rows_done, Counter(row.figures)
        while done < self.total:
            came, until = _merge(self.session, self._file, done)
            done = min(until, self.total)
            figures += came
            _commit(self.session, held, should_stop, rows_total=self.total, rows_done=done, figures=dict(figures))
        return figures + Counter(rows=self.total)

    def close(self) -> None:
        """Leave the connection as it was, and give it back."""
        try:
            self.session.rollback()
            self._file.clear(self.session)
            self.session.commit()
        except DBAPIError as error:  # the database went away, and what was laid down with it
            log.warning("import.connection_lost", reason=type(error).__name__)
            self._connection.invalidate()
        self.session.close()
        self._connection.close()

    def _lay_down_some(self) -> bool:
        """Lay down the next rows; False when there are none left."""
        if not self._is_prepared:
            self._file.prepare(self.session)
            self._is_prepared = True
        if self._is_laid_down:
            return False
        block = next(self._blocks, None)
        if block is None:
            self._file.finish(self.session)
            self._is_laid_down = True
            return False
        self._file.lay_down(self.session, block)
        self.total = block[-1][0]
        return True


def _merge(session: Session, file: File, after: int) -> tuple[Counter[str], int]:
    for attempt in range(1, TRIES + 1):
        try:
            with session.begin_nested():
                return file.merge(session, after=after)
        except (IntegrityError, OperationalError) as error:
            if attempt == TRIES or not isinstance(error.orig, _OUTRUN):
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
