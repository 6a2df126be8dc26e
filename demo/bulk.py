"""Many rows at once into a café's tables, row-level security on: a few thousand of them as one document."""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

AT_ONCE = 5000


def load(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert `rows` into `table`. PostgreSQL reads each value as the column's type; dicts and lists become JSON.

    While the server takes one document the next is written, so that both have something to do.
    """
    names = ", ".join(columns)
    statement = f"INSERT INTO {table} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{table}, %s)"
    records = (dict(zip(columns, row, strict=True)) for row in rows)
    with _cursor(session) as cursor, ThreadPoolExecutor(1) as line:
        taken = None
        while some := list(islice(records, AT_ONCE)):
            document = json.dumps(some, default=_plain)
            if taken:
                taken.result()
            taken = line.submit(cursor.execute, statement, [document])
        if taken:
            taken.result()


def numbers(session: Session, table: str, key: str, *, value: str = "id") -> Mapping[Any, int]:
    """`{key: id}` of a café's whole table."""
    with _cursor(session) as cursor:
        return dict(cursor.execute(f"SELECT {key}, {value} FROM {table}").fetchall())


def _cursor(session: Session) -> Any:
    return session.connection().connection.driver_connection.cursor()


def _plain(value: Any) -> str:
    if isinstance(value, date):  # an instant is one too
        return value.isoformat()
    raise TypeError(f"no column takes a {type(value).__name__}")
