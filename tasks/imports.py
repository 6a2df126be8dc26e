"""Files on their way in: rehearsed, loaded or undone, some steps at a time, each by one worker at a time.

A worker that is killed leaves a lease; whoever takes it over reads the file again and goes on behind the last slice.
"""

import io
from collections import Counter
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError
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
from tasks import open_imports, queues, shutdown
from tasks.import_kinds import KINDS, Reads
from tasks.loading import Load, Stopped
from tasks.owner import new_owner

MOST_TRIES = 5
STEPS = 6  # of thousands of rows, or of fifty purchases: then others have their turn
GONE = say("The file is not here any more. Upload it again: what is saved stays as it is.")
BROKEN = say("Something went wrong on our side. What is saved stays as it is; the rest was left out.")

log = structlog.get_logger()


def work(tenant_id: int, import_id: int) -> None:
    """Take an import some steps further, then go to the back of the line."""
    queues.taken("imports.work", tenant_id, import_id)
    if advance(tenant_id, import_id):
        queues.nudge_import(tenant_id, import_id)


def advance(tenant_id: int, import_id: int) -> bool:
    """Take an import some steps further, or let go of files whose day is over; whether more is to be done."""
    held = Hold(import_id, new_owner())
    with tenant_scope(tenant_id), Session(db.engine) as session:
        row = records.claim(session, import_id, owner=held.owner, now=clock.now())
        if row is None:
            records.tidy(session, now=clock.now())
        session.commit()
        return row is not None and _go_on(session, row, held)


def _go_on(session: Session, row: Import, held: Hold) -> bool:
    should_stop = _steps()
    try:
        if row.tries > MOST_TRIES:
            _end(session, held, "refused", BROKEN)
        elif row.task == "undo":
            _undo(session, row, held, should_stop)
        elif load := _load(session, row):
            _read(session, row, held, load, should_stop)
        else:
            _end(session, held, "done", GONE)
    except Lost:
        session.rollback()
    except Stopped:
        records.give_back(session, held)
        session.commit()
        return not shutdown.is_asked_for()
    except Unacceptable as refusal:
        session.rollback()
        _end(session, held, "refused", refusal.detail)
    except Exception as error:
        session.rollback()
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise  # the database went away: when the lease runs out somebody goes on
        log.exception("import.failed", tenant=bound_tenant_id(), import_id=held.import_id)
        _end(session, held, "refused", BROKEN)
    return False


def _steps() -> Callable[[], bool]:
    """Whether to let others have their turn, asked after each step."""
    left = iter(range(STEPS - 1, -1, -1))
    return lambda: shutdown.is_asked_for() or not next(left)


def _load(session: Session, row: Import) -> Load | None:
    """The import as this process kept it open, or opened anew; None when its file is gone."""
    kept = open_imports.take(row.tenant_id, row.id, begun_at=row.started_at)
    if kept is not None:
        return kept
    content = records.content(session, row.id)
    session.commit()
    if content is None:
        return None
    table, kind, options = opened(content, row.options), KINDS[row.kind], row.options
    reads = Reads(kind.assign(table.headers, options.get("mapping", {})), options.get("dates"), keeps_cells=True)
    cafe = session.get_one(Tenant, bound_tenant_id())
    begun = Loading(row.id, _actor(row), row.started_at or clock.now(), cafe.timezone)
    return Load(db.engine, kind.file(reads, cafe, begun), table.lines)


def _read(session: Session, row: Import, held: Hold, load: Load, should_stop: Callable[[], bool]) -> None:
    begun_at, task, kind, actor = row.started_at, row.task, row.kind, _actor(row)
    session.commit()  # from here on the import is written on its own connection
    try:
        load.read(held, should_stop=should_stop)
        if task == "rehearse":
            figures = load.rehearse(held, should_stop=should_stop)
            load.keep_remarks()
            _end(load.session, held, "rehearsed", rows_total=load.total, rows_done=0, figures=dict(figures))
        else:
            figures = load.merge(held, should_stop=should_stop)
            _tell(load.session, held.import_id, actor, f"{kind}.imported", figures)
            _end(load.session, held, "done", figures=dict(figures))
    except Stopped:
        if shutdown.is_asked_for():
            load.close()
        else:
            open_imports.keep(bound_tenant_id(), held.import_id, load, begun_at=begun_at)
        raise
    except BaseException:
        load.close()
        raise
    load.close()


def opened(content: bytes, options: dict[str, str]) -> Table:
    """The table in a file that was uploaded, read as was chosen. Raises `Unacceptable`."""
    return tables.opened(io.BytesIO(content), encoding=options.get("encoding"), delimiter=options.get("delimiter"))


def _undo(session: Session, row: Import, held: Hold, should_stop: Callable[[], bool]) -> None:
    figures, now = Counter(row.figures), clock.now()
    while batch := undoing.undo_some(session, row, after=row.rows_done, actor=_actor(row), now=now):
        figures += batch.figures
        records.hold(session, held, {"rows_done": batch.last_id, "figures": dict(figures)})
        session.commit()
        session.refresh(row)
        if should_stop():
            raise Stopped
    _tell(session, row.id, _actor(row), "import.undone", figures)
    _end(session, held, "undone", undone_at=now)


def _end(session: Session, held: Hold, state: str, problem: Sentence | None = None, **changes: object) -> None:
    records.end(session, held, state, now=clock.now(), problem=problem, **changes)
    session.commit()


def _tell(session: Session, import_id: int, actor: str, action: str, figures: Counter[str]) -> None:
    subject = f"import:{import_id}"
    audit.record(session, actor=actor, action=action, subject=subject, details=dict(figures), now=clock.now())


def _actor(row: Import) -> str:
    return audit.SYSTEM if row.user_id is None else audit.by_user(row.user_id)
