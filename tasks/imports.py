"""Files on their way in: rehearsed, loaded or undone, each by one worker at a time on one connection.

A worker that is killed leaves a lease; whoever takes it over reads the file again and goes on behind the last slice.
"""

import io
import os
import socket
from collections import Counter
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from domain import clock, tables
from domain.accounts import audit
from domain.audience.imports import records, undoing
from domain.audience.imports.merging import Loading
from domain.audience.imports.records import Hold, Lost
from domain.errors import Unacceptable
from domain.sentences import Sentence, say
from domain.tables import Table
from domain.tenant_scope import bound_tenant_id, tenant_scope
from models.database import db
from models.imports import Import
from models.tenant import Tenant
from tasks import loading, queues, shutdown
from tasks.import_kinds import KINDS, Reads
from tasks.loading import Stopped

MOST_TRIES = 5
GONE = say("The file is not here any more. Upload it again: what is saved stays as it is.")
BROKEN = say("Something went wrong on our side. What is saved stays as it is; the rest was left out.")

log = structlog.get_logger()


def work(tenant_id: int, import_id: int) -> None:
    """Take an import and bring it to its end; without one to take, let go of files whose day is over."""
    queues.taken("imports.work", tenant_id, import_id)
    owner = f"{socket.gethostname()}.{os.getpid()}.{uuid4().hex[:12]}"
    with tenant_scope(tenant_id), loading.one_connection(db.engine) as session:
        row = records.claim(session, import_id, owner=owner, now=clock.now())
        if row is None:
            records.tidy(session, now=clock.now())
        session.commit()
        if row is not None:
            _do(session, row, Hold(import_id, owner))


def _do(session: Session, row: Import, held: Hold) -> None:
    try:
        if row.tries > MOST_TRIES:
            _end(session, held, "refused", BROKEN)
        elif row.task == "undo":
            _undo(session, row, held)
        elif (content := records.content(session, row.id)) is None:
            _end(session, held, "done", GONE)
        else:
            _read(session, row, held, content)
    except Lost:
        session.rollback()
    except Stopped:
        records.give_back(session, held)
        session.commit()
    except Unacceptable as refusal:
        session.rollback()
        _end(session, held, "refused", refusal.detail)
    except Exception:
        session.rollback()
        log.exception("import.failed", tenant=bound_tenant_id(), import_id=row.id)
        _end(session, held, "refused", BROKEN)


def _read(session: Session, row: Import, held: Hold, content: bytes) -> None:
    table, kind, options = opened(content, row.options), KINDS[row.kind], row.options
    reads = Reads(kind.assign(table.headers, options.get("mapping", {})), options.get("dates"), keeps_cells=True)
    cafe = session.get_one(Tenant, bound_tenant_id())
    begun = Loading(row.id, _actor(row), row.started_at or clock.now(), cafe.timezone)
    file = kind.file(reads, cafe, begun)
    try:
        total = loading.read(session, file, table.lines, held, should_stop=shutdown.is_asked_for)
        if row.task == "rehearse":
            figures = file.rehearse(session, total=total) + Counter(rows=total)
            file.keep_remarks(session, total=total)
            _end(session, held, "rehearsed", rows_total=total, figures=dict(figures))
        else:
            figures = loading.merge(session, file, total, held, should_stop=shutdown.is_asked_for)
            _tell(session, row, f"{row.kind}.imported", figures)
            _end(session, held, "done", figures=dict(figures))
    finally:
        session.rollback()
        file.clear(session)
        session.commit()


def opened(content: bytes, options: dict[str, str]) -> Table:
    """The table in a file that was uploaded, read as was chosen. Raises `Unacceptable`."""
    return tables.opened(io.BytesIO(content), encoding=options.get("encoding"), delimiter=options.get("delimiter"))


def _undo(session: Session, row: Import, held: Hold) -> None:
    figures, now = Counter(row.figures), clock.now()
    while batch := undoing.undo_some(session, row, after=row.rows_done, actor=_actor(row), now=now):
        figures += batch.figures
        records.hold(session, held, {"rows_done": batch.last_id, "figures": dict(figures)})
        session.commit()
        session.refresh(row)
        if shutdown.is_asked_for():
            raise Stopped
    _tell(session, row, "import.undone", figures)
    _end(session, held, "undone", undone_at=now)


def _end(session: Session, held: Hold, state: str, problem: Sentence | None = None, **changes: object) -> None:
    records.end(session, held, state, now=clock.now(), problem=problem, **changes)
    session.commit()


def _tell(session: Session, row: Import, action: str, figures: Counter[str]) -> None:
    audit.record(
        session,
        actor=_actor(row),
        action=action,
        subject=f"import:{row.id}",
        details=dict(figures),
        now=clock.now(),
    )


def _actor(row: Import) -> str:
    return audit.SYSTEM if row.user_id is None else audit.by_user(row.user_id)
