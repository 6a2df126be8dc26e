"""What is said about the rows of a file on its way in: a table of this connection, kept with the import by slices."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience.imports.remarks import Remark
from domain.statements import copy

_DROP = text("DROP TABLE IF EXISTS incoming_remarks")
_CREATE = text("""
    CREATE TEMPORARY TABLE incoming_remarks (
      row_number bigint NOT NULL, line bigint NOT NULL, field text NOT NULL, words text NOT NULL,
      "values" jsonb NOT NULL, is_refusal boolean NOT NULL, cells jsonb)""")
_COPY = 'COPY incoming_remarks (row_number, line, field, words, "values", is_refusal, cells) FROM STDIN'
_ALL = text("""
    SELECT line, field, words, "values", is_refusal FROM incoming_remarks
     ORDER BY row_number, is_refusal DESC, field""")
_KEEP = text("""
    INSERT INTO import_remarks (import_id, line, field, words, "values", is_refusal, row)
    SELECT :import_id, line, field, words, "values", is_refusal, cells FROM incoming_remarks
     WHERE row_number > :after AND row_number <= :until ORDER BY row_number, field""")


def prepare(session: Session) -> None:
    """Make the table, empty. The session must stay on this connection until `clear`."""
    session.execute(_DROP)
    session.execute(_CREATE)


def lay_down(session: Session, remarks: Iterable[Remark]) -> None:
    """Add what is said about rows."""
    copy(session, _COPY, map(_as_row, remarks))


def all_of(session: Session) -> Sequence[Any]:
    """What is said about rows, in the order of the file: `line, field, words, values, is_refusal`."""
    return session.execute(_ALL).all()


def keep(session: Session, import_id: int, *, after: int, until: int) -> None:
    """Keep what is said about the rows above `after` and up to `until` with the import."""
    session.execute(_KEEP, {"import_id": import_id, "after": after, "until": until})


def clear(session: Session) -> None:
    """Drop the table: the connection goes back to others."""
    session.execute(_DROP)


def _as_row(remark: Remark) -> tuple[Any, ...]:
    shown = None if remark.cells is None else json.dumps(list(remark.cells), ensure_ascii=False)
    values = json.dumps(dict(remark.sentence.values), ensure_ascii=False)
    return remark.row, remark.line, remark.field, remark.sentence.words, values, remark.is_refusal, shown
