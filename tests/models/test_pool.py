"""Broken connections are found before they are used."""

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from models import pool

WHO = text("SELECT pg_backend_pid()")


@pytest.fixture
def engine(database):
    engine = create_engine(database.url, pool_size=1, max_overflow=0)
    pool.watch(engine)
    yield engine
    engine.dispose()


def _ask(engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(WHO)


def _end(database, pid: int) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_healthy_connection_is_used_again(engine):
    assert _ask(engine) == _ask(engine)


def test_a_connection_that_the_server_ended_is_replaced_unseen(engine, database):
    first = _ask(engine)
    _end(database, first)

    assert _ask(engine) != first


def test_what_rested_long_is_asked_because_nobody_may_have_said_goodbye(engine, database, monkeypatch):
    monkeypatch.setattr(pool, "is_broken", lambda _connection: False)
    first = _ask(engine)
    _end(database, first)
    with pytest.raises(OperationalError):
        _ask(engine)

    monkeypatch.setattr(pool, "RESTED_LONG", -1.0)
    second = _ask(engine)
    _end(database, second)
    assert _ask(engine) not in (first, second)
