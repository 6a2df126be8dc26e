"""Workers killed for real in the middle of a file: nothing lost, nothing twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from domain.audience.imports import records
from domain.tenant_scope import tenant_scope
from models.imports import Import
from tests.databases import Database
from tests.factories import Make
from tests.processes import regulars
from tests.waiting import until

GUESTS, RECEIPTS = 10_000, 600
# Whatever a living worker writes right now keeps its lease: the dead hold no locks.
LEASES_END = text("""
    UPDATE imports SET lease_until = clock_timestamp() - interval '1 second'
     WHERE id IN (SELECT id FROM imports WHERE lease_until IS NOT NULL FOR UPDATE SKIP LOCKED)""")


class Upload:
    """A café with a file on its way in."""

    def __init__(self, database: Database) -> None:
        self.engine = create_engine(database.url, pool_pre_ping=True)
        with Session(self.engine) as session:
            self.tenant_id = Make(session).tenant().id
            session.commit()

    @contextmanager
    def session(self) -> Iterator[Session]:
        with tenant_scope(self.tenant_id), Session(self.engine) as session:
            yield session

    def ask(self, kind: str, content: str) -> None:
        """Let the workers load a file."""
        with self.session() as session:
            row = records.keep(session, kind, "file.csv", content.encode(), user_id=None, now=datetime.now(UTC))
            records.ask_for(session, row, "load", expected=["uploaded"])
            session.commit()
            self.import_id = row.id

    def stands(self) -> Import:
        with self.session() as session:
            return records.get(session, self.import_id)

    def is_done(self) -> bool:
        return self.stands().state == "done" or bool(self.time_passes())

    def time_passes(self) -> None:
        """The lease of whoever is gone runs out."""
        with self.session() as session:
            session.execute(LEASES_END)
            session.commit()

    def count(self, what: str) -> tuple[int, int]:
        """How many rows there are, and how many of them are different."""
        with self.session() as session:
            return tuple(session.execute(text(what)).one())

    def close(self) -> None:
        self.engine.dispose()


@pytest.fixture
def upload(database: Database) -> Iterator[Upload]:
    upload = Upload(database)
    yield upload
    upload.close()


def test_guests_of_a_file_whose_workers_are_killed_are_all_there_once(upload, environment):
    rows = (f"g{number},Nora,guest{number}@example.com,VIP" for number in range(GUESTS))
    upload.ask(records.MEMBERS, "\n".join(("external_id,first_name,email,tags", *rows)))

    with regulars("scheduler", environment=environment):
        for is_there in (lambda row: row.rows_read, lambda row: row.rows_done, lambda row: row.rows_done > GUESTS // 2):
            _killed_when(upload, is_there, environment)
        with regulars("worker", environment=environment):
            until(upload.is_done, within=120, what="the end of the import")

    assert upload.stands().figures == {"rows": GUESTS, "created": GUESTS}
    assert upload.count("SELECT count(*), count(DISTINCT external_id) FROM members") == (GUESTS, GUESTS)
    joined = "SELECT count(*), count(DISTINCT member_id) FROM events WHERE type = 'registration.completed'"
    assert upload.count(joined) == (GUESTS, GUESTS)
    assert upload.count("SELECT count(*), count(DISTINCT member_id) FROM member_tags WHERE source = 'import'") == (
        GUESTS,
        GUESTS,
    )


def test_receipts_of_a_file_whose_worker_is_killed_are_all_booked_once(upload, environment):
    with upload.session() as session:
        make = Make(session)
        make.earning_rule()
        make.member(card="7")
        session.commit()
    rows = (f"r{number},7,2.00,2026-01-05T10:00:00Z" for number in range(RECEIPTS))
    upload.ask(records.PURCHASES, "\n".join(("external_id,member_card,amount,occurred_at", *rows)))

    with regulars("scheduler", environment=environment):
        _killed_when(upload, lambda row: row.rows_done, environment)
        with regulars("worker", environment=environment):
            until(upload.is_done, within=120, what="the end of the import")

    assert upload.stands().figures == {"rows": RECEIPTS, "created": RECEIPTS}
    assert upload.count("SELECT count(*), count(DISTINCT external_id) FROM purchases") == (RECEIPTS, RECEIPTS)
    assert upload.count("SELECT sum(available), sum(available) FROM balances") == (2 * RECEIPTS, 2 * RECEIPTS)
    assert upload.count("SELECT sum(purchases), sum(net_minor) / 200 FROM member_summaries") == (RECEIPTS, RECEIPTS)


def _killed_when(upload: Upload, is_there, environment: dict[str, str]) -> None:
    with regulars("worker", environment=environment) as worker:
        until(lambda: is_there(upload.stands()), within=120, what="an import under way")
        worker.kill()
        worker.wait()
    assert upload.stands().state in ("running", "waiting")
    upload.time_passes()
