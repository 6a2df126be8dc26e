"""Statements that every request or message needs: prepared so that little is left to do each time. Rows by the thousand
go in by COPY."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import CursorResult, TextualSelect, column, text
from sqlalchemy.orm import Session


def hot(sql: str, *, answers: str) -> TextualSelect:
    """A statement that answers with these columns, named in their order.

    Told beforehand they are worked out once, not from every answer. Without its indentation more of them stay within
    the 4,096 characters up to which psycopg keeps how it reads a statement.
    """
    return text("\n".join(line.strip() for line in sql.splitlines())).columns(*map(column, answers.split()))


def run(session: Session, statement: TextualSelect, values: Mapping[str, Any]) -> CursorResult[Any]:
    """Execute a hot statement in the session's transaction, without the session's own detours for mapped rows."""
    session.flush()  # it sees what was changed before, as every statement of a session does
    return session.connection().execute(statement, values)


def copy(session: Session, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Send rows to a `COPY … FROM STDIN`, in the session's transaction."""
    with session.connection().connection.cursor() as cursor, cursor.copy(statement) as sink:  # type: ignore[attr-defined]
        for row in rows:
            sink.write_row(row)
