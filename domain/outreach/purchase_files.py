"""A file of purchases on its way in, step by step: laid down in blocks, then rehearsed or booked in slices.

Each is booked as the till's door books it, in the order of the file; of what it unlocks nobody hears.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
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
from domain.loyalty import purchases
from domain.loyalty.purchases import TOLD_OTHERWISE
from domain.loyalty.sales import API, Sale, fingerprint
from domain.outreach import checkout, purchase_rows
from domain.outreach.purchase_rows import Ground, Refused, Row, RowsRefused
from domain.sentences import Sentence, say
from domain.statements import copy
from domain.tables import Line

SLICE = 200  # purchases booked in one transaction: so long their members are held
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


_Told = tuple[Sequence[Any], Sale]  # rows of the file, and the purchase that they tell


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
        came = self._booked(session, after, self._rehearsed)
        savepoint.rollback()
        remark_table.lay_down(session, came.remarks)
        return came.figures, came.until

    def keep_remarks(self, session: Session, *, total: int) -> None:
        """Keep what a rehearsal would say about the rows."""
        remark_table.keep(session, self._loading.import_id, after=0, until=total)

    def merge(self, session: Session, *, after: int) -> tuple[Counter[str], int]:
        """Book the next purchases behind row number `after`: what came of them, and the number of their last row."""
        came = self._booked(session, after, {})
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

    def _booked(self, session: Session, after: int, known: dict[str, str]) -> _Slice:
        """Book the next purchases. `known` are fingerprints of what counts as booked, by number; it is filled up."""
        rows = session.execute(_NEXT, {"after": after, "most": SLICE}).all()
        came = _Slice(rows[-1].row_number, Counter(refused=sum(row.is_broken for row in rows)))
        told = [list(group) for _, group in groupby(rows, key=lambda row: row.purchase)]
        sales = [(group, sale) for group in told if (sale := self._sale(group, came))]
        fresh = self._without_booked(session, sales, came)
        while fresh:
            firsts, again = _firsts(fresh)
            self._book(session, firsts, known, came)
            fresh = again
        return came

    def _without_booked(self, session: Session, sales: Sequence[_Told], came: _Slice) -> list[_Told]:
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

    def _book(self, session: Session, told: Sequence[_Told], known: dict[str, str], came: _Slice) -> None:
        """Book these purchases, each with a number of its own."""
        new = [(group, sale) for group, sale in told if self._is_new(group, sale, known, came)]
        outcomes = checkout.ring_up_imported(session, [sale for _, sale in new], now=self._loading.now)
        for (group, sale), outcome in zip(new, outcomes, strict=True):
            if isinstance(outcome, Refusal):
                self._refuse(group, purchase_rows.refused_by_rule(_rows(group), outcome), came)
                continue
            known[sale.external_id] = fingerprint(sale)
            came.figures["created" if outcome.is_new else "unchanged"] += 1

    def _is_new(self, group: Sequence[Any], sale: Sale, known: dict[str, str], came: _Slice) -> bool:
        told = known.get(sale.external_id)
        if told is None:
            return True
        if told == fingerprint(sale):
            came.figures["unchanged"] += 1
        else:
            self._refuse(group, purchase_rows.refused_by_rule(_rows(group), Conflict(TOLD_OTHERWISE)), came)
        return False

    def _refuse(self, group: Sequence[Any], refused: Sequence[Refused], came: _Slice) -> None:
        stood = {row.line: row for row in group}
        for each in refused:
            row = stood[each.line]
            came.remarks.append(Remark(row.row_number, row.line, each.column, each.reason, cells=row.shown))
        came.figures["refused"] += len({each.line for each in refused})

    def _shown(self, cells: Sequence[str]) -> list[str] | None:
        return list(cells) if self._keeps_cells else None


def _firsts(told: Sequence[_Told]) -> tuple[list[_Told], list[_Told]]:
    """Of each number the first purchase; and what tells the number again further down."""
    firsts: dict[str, _Told] = {}
    again = [each for each in told if firsts.setdefault(each[1].external_id, each) is not each]
    return list(firsts.values()), again


def _rows(group: Sequence[Any]) -> list[Row]:
    return [Row(row.line, row.cells) for row in group if not row.is_broken]


def _broken(group: Sequence[Any]) -> Any:
    """A line of the purchase that can't be read: it tells its number, or others of the purchase follow it."""
    return next((row for row in group if row.is_broken and (row.cells or row is not group[-1])), None)
