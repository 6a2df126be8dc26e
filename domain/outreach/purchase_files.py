"""A file of purchases on its way in, step by step: laid down in blocks, then rehearsed or booked in slices.

Each is booked as the till's door books it, in the order of the file; of what it unlocks nobody hears.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience.imports import remark_table
from domain.audience.imports.columns import Columns
from domain.audience.imports.merging import Loading
from domain.audience.imports.remarks import Remark
from domain.errors import Conflict, Refusal
from domain.loyalty import purchases, till
from domain.loyalty.purchases import TOLD_OTHERWISE
from domain.loyalty.sales import API, Sale, fingerprint
from domain.outreach import checkout, purchase_rows
from domain.outreach.purchase_rows import Ground, Refused, Row, RowsRefused
from domain.sentences import Sentence, say
from domain.statements import copy
from domain.tables import Line

SLICE = 50  # purchases booked in one transaction: so long their members are held
BROKEN = say("Line %(line)s of this purchase can't be read, so none of it was saved.", line=0)

_DROP = text("DROP TABLE IF EXISTS incoming_purchases")
_CREATE = (
    text("""
    CREATE TEMPORARY TABLE incoming_purchases (
      row_number bigint PRIMARY KEY, purchase bigint NOT NULL, line bigint NOT NULL, is_broken boolean NOT NULL,
      cells jsonb NOT NULL, shown jsonb)"""),
    text("CREATE INDEX ON incoming_purchases (purchase)"),
)
_COPY = "COPY incoming_purchases (row_number, purchase, line, is_broken, cells, shown) FROM STDIN"
_ANALYZE = text("ANALYZE incoming_purchases")
_NEXT = text("""
    WITH next AS (SELECT purchase FROM incoming_purchases WHERE row_number > :after ORDER BY row_number LIMIT 1)
    SELECT row_number, purchase, line, is_broken, cells, shown FROM incoming_purchases
     WHERE purchase >= (SELECT purchase FROM next) AND purchase < (SELECT purchase FROM next) + :most
     ORDER BY row_number""")


@dataclass(slots=True)
class _Slice:
    """What came of some purchases: figures and remarks, and the number of their last row."""

    until: int
    figures: Counter[str] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)


class PurchaseFile:
    """The rows of one file of purchases of the café we act for. With `keeps_cells` refused rows can be shown again."""

    def __init__(self, found: Columns, ground: Ground, loading: Loading, *, keeps_cells: bool) -> None:
        self._fields = [(at, name) for at, name in enumerate(found.fields) if name]
        self._ground, self._loading, self._keeps_cells = ground, loading, keeps_cells
        self._purchase, self._number = 0, ""  # the last one laid down
        self._rehearsed: dict[str, str] = {}  # what a rehearsal booked and let go of again, by number

    def prepare(self, session: Session) -> None:
        """Make room. The session must stay on its connection until `clear`."""
        remark_table.prepare(session)
        session.execute(_DROP)
        for statement in _CREATE:
            session.execute(statement)

    def lay_down(self, session: Session, lines: Iterable[tuple[int, Line]]) -> None:
        """Read these rows, each with its number, and lay them down."""
        remarks: list[Remark] = []
        copy(session, _COPY, [self._row(number, line, remarks) for number, line in lines])
        remark_table.lay_down(session, remarks)

    def finish(self, session: Session) -> None:
        """All rows are there."""
        session.execute(_ANALYZE)

    def rehearse(self, session: Session, *, after: int, total: int) -> tuple[Counter[str], int]:
        """What booking the next purchases behind row number `after` would come to, and the number of their last row.

        They are let go of at once: tills hardly wait for it.
        """
        savepoint = session.begin_nested()
        came = self._booked(session, after, self._try_out)
        savepoint.rollback()
        remark_table.lay_down(session, came.remarks)
        return came.figures, came.until

    def keep_remarks(self, session: Session, *, total: int) -> None:
        """Keep what a rehearsal would say about the rows."""
        remark_table.keep(session, self._loading.import_id, after=0, until=total)

    def merge(self, session: Session, *, after: int) -> tuple[Counter[str], int]:
        """Book the next purchases behind row number `after`: what came of them, and the number of their last row."""
        came = self._booked(session, after, self._book)
        remark_table.lay_down(session, came.remarks)
        remark_table.keep(session, self._loading.import_id, after=after, until=came.until)
        return came.figures, came.until

    def clear(self, session: Session) -> None:
        """Leave the connection as it was."""
        session.execute(_DROP)
        remark_table.clear(session)

    def _row(self, number: int, line: Line, remarks: list[Remark]) -> tuple[Any, ...]:
        """The row as it is laid down: neighbours with one number are one purchase."""
        there = len(line.cells) if len(line.cells) > 1 or not line.problem else 0  # or nothing could be cut into cells
        cells = {name: line.cells[at] for at, name in self._fields if at < there and line.cells[at]}
        told = cells.get("external_id", "")
        if line.problem:
            remarks.append(Remark(number, line.number, "", line.problem, cells=self._shown(line.cells)))
        # A broken line that does not tell its number may be one of the purchase it stands in.
        if (told or not line.problem) and not (told and told == self._number):
            self._purchase, self._number = self._purchase + 1, told
        shown = json.dumps(self._shown(line.cells), ensure_ascii=False) if self._keeps_cells else None
        written = json.dumps(cells, ensure_ascii=False)
        return number, self._purchase, line.number, line.problem is not None, written, shown

    def _booked(self, session: Session, after: int, book: Callable[[Session, Sale], bool]) -> _Slice:
        rows = session.execute(_NEXT, {"after": after, "most": SLICE}).all()
        came = _Slice(rows[-1].row_number, Counter(refused=sum(row.is_broken for row in rows)))
        told = [list(group) for _, group in groupby(rows, key=lambda row: row.purchase)]
        sales = [(group, sale) for group in told if (sale := self._sale(group, came))]
        fresh = self._without_booked(session, sales, came)
        till.hold(session, [sale.member for _, sale in fresh if sale.member])
        for group, sale in fresh:
            self._outcome(session, group, sale, came, book)
        return came

    def _without_booked(
        self, session: Session, sales: Sequence[tuple[list[Any], Sale]], came: _Slice
    ) -> list[tuple[list[Any], Sale]]:
        """What is not booked yet just like that: a file that was imported before costs little."""
        known = purchases.booked(session, source=API, external_ids=[sale.external_id for _, sale in sales])
        fresh = [each for each in sales if known.get(each[1].external_id) != fingerprint(each[1])]
        came.figures["unchanged"] += len(sales) - len(fresh)
        return fresh

    def _sale(self, group: Sequence[Any], came: _Slice) -> Sale | None:
        rows = _rows(group)
        if not rows:
            return None
        try:
            if broken := _broken(group):
                raise RowsRefused([Refused(rows[0].line, "", Sentence(BROKEN.words, {"line": broken.line}))])
            return purchase_rows.sale(rows, self._ground)
        except RowsRefused as refusal:
            self._refuse(group, refusal.refused, came)
            return None

    def _outcome(
        self, session: Session, group: Sequence[Any], sale: Sale, came: _Slice, book: Callable[[Session, Sale], bool]
    ) -> None:
        try:
            with session.begin_nested():
                is_new = book(session, sale)
        except Refusal as refusal:
            self._refuse(group, purchase_rows.refused_by_rule(_rows(group), refusal), came)
        else:
            came.figures["created" if is_new else "unchanged"] += 1

    def _book(self, session: Session, sale: Sale) -> bool:
        return checkout.ring_up_imported(session, sale, now=self._loading.now).is_new

    def _try_out(self, session: Session, sale: Sale) -> bool:
        content = fingerprint(sale)
        if sale.external_id in self._rehearsed:
            if self._rehearsed[sale.external_id] != content:
                raise Conflict(TOLD_OTHERWISE)
            return False
        is_new = self._book(session, sale)
        if is_new:
            self._rehearsed[sale.external_id] = content
        return is_new

    def _refuse(self, group: Sequence[Any], refused: Sequence[Refused], came: _Slice) -> None:
        stood = {row.line: row for row in group}
        for each in refused:
            row = stood[each.line]
            came.remarks.append(Remark(row.row_number, row.line, each.column, each.reason, cells=row.shown))
        came.figures["refused"] += len({each.line for each in refused})

    def _shown(self, cells: Sequence[str]) -> list[str] | None:
        return list(cells) if self._keeps_cells else None


def _rows(group: Sequence[Any]) -> list[Row]:
    return [Row(row.line, row.cells) for row in group if not row.is_broken]


def _broken(group: Sequence[Any]) -> Any:
    """A line of the purchase that can't be read: it tells its number, or others of the purchase follow it."""
    return next((row for row in group if row.is_broken and (row.cells or row is not group[-1])), None)
