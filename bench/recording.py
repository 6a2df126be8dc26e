"""The statements that requests execute, recorded so that a bare program can execute the same ones.

Ids that a recorded statement made come back in later ones, as numbers and inside of texts. The recording database
counts from far away, so they can be told from everything else, and a replay puts its own ids in their place.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, event

from tests.databases import Database

FIRST = 4_000_000_000_000_000
APART = 1_000_000_000_000  # from one table's ids to the next one's
_COUNTED = """
    SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relkind = 'r' AND a.attname = 'id' AND a.attidentity <> '' ORDER BY 1"""

Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One statement. `made` are places in its rows that held new ids (row, column, which number of it, the id); `uses`
    are those of earlier statements that its parameters hold, by parameter."""

    statement: str
    parameters: Parameters
    made: list[tuple[int, int, int, int]]
    uses: dict[str, list[int]]

    def filled(self, own: dict[int, int]) -> Parameters:
        """The parameters with a replay's own ids in the place of the recorded ones."""
        changed = {name: _with_own(self.parameters[name], ids, own) for name, ids in self.uses.items()}
        return self.parameters | changed if changed else self.parameters


@dataclass(slots=True)
class Recording:
    """The steps of the request being made."""

    steps: list[Step] = field(default_factory=list)
    known: list[int] = field(default_factory=list)

    def take(self) -> list[Step]:
        """The steps since the last time."""
        steps, self.steps, self.known = self.steps, [], []
        return steps

    def add(self, _connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        """Note what was just executed, and which ids it made."""
        made = [
            (row, column, place, number)
            for row, values in enumerate(_rows(cursor))
            for column, value in enumerate(values)
            for place, number in enumerate(numbers(value))
            if number >= FIRST and number not in self.known
        ]
        plain = _plain(parameters)
        uses = {name: ids for name, value in plain.items() if (ids := _ids_in(value, self.known))}
        self.steps.append(Step(statement, plain, made, uses))
        self.known += [number for *_, number in made]


@contextmanager
def recorded(engine: Engine) -> Iterator[Recording]:
    """Record what is executed on `engine`."""
    recording = Recording()
    event.listen(engine, "after_cursor_execute", recording.add)
    try:
        yield recording
    finally:
        event.remove(engine, "after_cursor_execute", recording.add)


def numbers(value: Any) -> list[int]:
    """The whole numbers in a cell, in order: one, or those of a list in JSON."""
    if isinstance(value, list):
        return [number for each in value for number in numbers(each)]
    return [value] if isinstance(value, int) else []


def prepare(database: Database) -> None:
    """Let every table's new ids be told from all other numbers, and no commit wait for the disk: nobody measures it."""
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(f"ALTER DATABASE {database.name} SET synchronous_commit = off")
        tables = [name for (name,) in connection.execute(_COUNTED)]
        for number, table in enumerate(tables):
            connection.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {FIRST + number * APART}")


def _rows(cursor: Any) -> list[tuple[Any, ...]]:
    if cursor.description is None:
        return []
    rows = cursor.fetchall()
    if rows:
        cursor.scroll(0, mode="absolute")
    return rows


def _plain(parameters: Mapping[str, Any]) -> Parameters:
    return {name: json.dumps(each.obj) if isinstance(each, Jsonb) else each for name, each in parameters.items()}


def _ids_in(value: Any, known: list[int]) -> list[int]:
    text = str(value)
    return [each for each in known if str(each) in text]


def _with_own(value: Any, ids: list[int], own: dict[int, int]) -> Any:
    if isinstance(value, str):
        for each in ids:
            value = value.replace(str(each), str(own[each]))
        return value
    if isinstance(value, list):
        return [own.get(each, each) for each in value]
    return own[value]
