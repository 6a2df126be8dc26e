"""Connections kept open between transactions: a broken one is found before anything is asked of it."""

import select
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

RESTED_LONG = 5.0  # seconds; under load a look does, and saves every transaction a question and its answer


def watch(engine: Engine) -> None:
    """Check every connection of this engine before its use; in the place of a broken one the pool opens another.

    A server that ended says goodbye, so there is something to read. What rested long is asked as well: what lies
    between us and the server may have forgotten it without a word.
    """

    def check(connection: Any, record: Any, _proxy: Any) -> None:
        rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
        if is_broken(connection) or (rested > RESTED_LONG and not _answers(engine, connection)):
            raise DisconnectionError

    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", check)


def is_broken(connection: Any) -> bool:
    """Whether a resting connection is closed or has been told something, which no healthy one is."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error:
        return False
