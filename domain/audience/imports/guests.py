"""A file of members on its way in, step by step: laid down in blocks, rehearsed or merged in slices."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from sqlalchemy.orm import Session

from domain.audience.imports import merging, remark_table, staging
from domain.audience.imports.merging import Loading
from domain.audience.imports.readings import Reader
from domain.tables import Line

SLICE = 2000  # rows merged in one transaction: so long their members are held


class MemberFile:
    """The rows of one file for the members of the café we act for."""

    def __init__(self, reader: Reader, loading: Loading) -> None:
        self._reader = reader
        self._loading = loading
        self._grown, self._known = 0, SLICE // 2  # members created, and how many the database has learned of

    def prepare(self, session: Session) -> None:
        """Make room. The session must stay on its connection until `clear`."""
        staging.prepare(session)

    def lay_down(self, session: Session, lines: Iterable[tuple[int, Line]]) -> None:
        """Read these rows, each with its number, and lay them down."""
        readings = [self._reader.read(number, line) for number, line in lines]
        remarks = chain.from_iterable(reading.remarks for reading in readings)
        staging.lay_down(session, (reading.staged for reading in readings if reading.staged), remarks)

    def finish(self, session: Session) -> None:
        """All rows are there."""
        staging.finish(session)

    def rehearse(self, session: Session, *, after: int, total: int) -> tuple[Counter[str], int]:
        """What merging all rows behind number `after` would come to, in one go, and the number of the last one."""
        return merging.rehearse(session, after=after, until=total, now=self._loading.now), total

    def keep_remarks(self, session: Session, *, total: int) -> None:
        """Keep what a rehearsal would say about the rows."""
        remark_table.keep(session, self._loading.import_id, after=0, until=total)

    def merge(self, session: Session, *, after: int) -> tuple[Counter[str], int]:
        """Merge the next rows behind number `after`: what came of them, and the number of the last one.

        Raises `IntegrityError` when somebody took a number or an address in this very moment.
        """
        if self._grown >= 2 * self._known:
            staging.refresh(session)
            self._known = self._grown
        until = after + SLICE
        came = merging.merge(session, self._loading, after=after, until=until)
        self._grown += came["created"]
        return came, until

    def clear(self, session: Session) -> None:
        """Leave the connection as it was."""
        staging.clear(session)
