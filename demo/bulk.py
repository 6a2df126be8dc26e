"""Many rows at once into a café's tables, row-level security on: COPY into a passing table, one INSERT from there."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session


def load(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert `rows` into `table`. Values are plain; dicts and lists become JSON."""
    names = ", ".join(columns)
    with session.connection().connection.driver_connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE loading ON COMMIT DROP AS SELECT {names} FROM {table} WITH NO DATA")
        with cursor.copy(f"COPY loading ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([_plain(value) for value in row])
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM loading")
        cursor.execute("DROP TABLE loading")


def numbers(session: Session, table: str, key: str) -> Mapping[Any, int]:
    """`{key: id}` of a café's whole table."""
    with session.connection().connection.driver_connection.cursor() as cursor:
        return dict(cursor.execute(f"SELECT {key}, id FROM {table}").fetchall())


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
