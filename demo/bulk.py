"""Many rows at once into a café's tables, row-level security on: a few thousand of them as one document."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

AT_ONCE = 5000


def load(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert `rows` into `table`. PostgreSQL reads each value as the column's type; dicts and lists become JSON."""
    names = ", ".join(columns)
    statement = f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s)"
    with session.connection().connection.driver_connection.cursor() as cursor:
        records = (dict(zip(columns, row, strict=True)) for row in rows)
        while some := list(islice(records, AT_ONCE)):
            cursor.execute(statement, [json.dumps(some, default=_plain)])


def numbers(session: Session, table: str, key: str) -> Mapping[Any, int]:
    """`{key: id}` of a café's whole table."""
    with session.connection().connection.driver_connection.cursor() as cursor:
        return dict(cursor.execute(f"SELECT {key}, id FROM {table}").fetchall())


def _plain(value: Any) -> str:
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    raise TypeError(f"no column takes a {type(value).__name__}")
