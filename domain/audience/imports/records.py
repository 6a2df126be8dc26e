"""Imports as rows: the file in parts, who works on it, how far they are, what came of it.

A worker has an import for itself as long as its lease is kept, by the database's clock. Every later write names the
owner: when it changes nothing, somebody else has the import now.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.errors import Conflict, NotFound
from domain.sentences import Sentence, say
from models.imports import Import, ImportChange, ImportPart, ImportRemark

LEASE = timedelta(seconds=60)
KEPT_FOR = timedelta(days=1)
PART = 1024 * 1024
LONGEST_NAME = 200
MEMBERS, PURCHASES = "members", "purchases"

_CLAIM = text("""
    UPDATE imports SET state = 'running', claimed_by = :owner, lease_until = clock_timestamp() + :lease,
           started_at = coalesce(started_at, :now), tries = tries + 1
     WHERE id = :id AND (state = 'waiting' OR state = 'running' AND lease_until < clock_timestamp())
 RETURNING id""")
_HOLD = text("""
    UPDATE imports SET lease_until = clock_timestamp() + :lease
     WHERE id = :id AND claimed_by = :owner AND state = 'running' RETURNING id""")


class Lost(Exception):
    """Somebody else has the import now: stop, and write nothing."""


class Hold(NamedTuple):
    """An import and who works on it."""

    import_id: int
    owner: str


def keep(session: Session, kind: str, file_name: str, content: bytes, *, user_id: int | None, now: datetime) -> Import:
    """A file that was uploaded, kept in parts for a day so that a worker on any machine can read it."""
    row = _begin(session, kind, file_name, user_id=user_id, now=now)
    parts = (content[start : start + PART] for start in range(0, len(content), PART))
    rows = [{"import_id": row.id, "number": number, "data": data} for number, data in enumerate(parts)]
    if rows:
        session.execute(insert(ImportPart), rows)
    return row


def begin_here(session: Session, kind: str, file_name: str, *, owner: str, now: datetime) -> Import:
    """An import that the caller works on itself, from a file that is not kept."""
    row = _begin(session, kind, file_name, user_id=None, now=now)
    row.state, row.task, row.started_at = "waiting", "load", now
    session.flush()
    claim(session, row.id, owner=owner, now=now)
    return row


def get(session: Session, import_id: int) -> Import:
    """The import of this id."""
    found = session.scalar(select(Import).where(Import.id == import_id).execution_options(populate_existing=True))
    if found is None:
        raise NotFound(say("There is no such import."))
    return found


def latest(session: Session, *, before_id: int | None, limit: int) -> list[Import]:
    """Imports, newest first."""
    query = select(Import).order_by(Import.id.desc()).limit(limit)
    return list(session.scalars(query if before_id is None else query.where(Import.id < before_id)))


def content(session: Session, import_id: int) -> bytes | None:
    """The file; None when it is not kept any more, or never was."""
    parts = session.scalars(
        select(ImportPart.data).where(ImportPart.import_id == import_id).order_by(ImportPart.number)
    ).all()
    return b"".join(parts) if parts else None


def remarks(session: Session, import_id: int, *, after_id: int | None, limit: int) -> list[ImportRemark]:
    """What is said about rows, in the order of the file."""
    query = select(ImportRemark).where(ImportRemark.import_id == import_id).order_by(ImportRemark.id).limit(limit)
    return list(session.scalars(query if after_id is None else query.where(ImportRemark.id > after_id)))


def ask_for(session: Session, row: Import, task: str, *, expected: Sequence[str]) -> None:
    """Let a worker `rehearse`, `load` or `undo`. `Conflict` when the import does not stand where one can ask."""
    asked = (
        update(Import)
        .where(Import.id == row.id, Import.state.in_(expected))
        .values(state="waiting", task=task, rows_read=0, rows_done=0, tries=0, finished_at=None, problem=None)
        .values({} if task == "undo" else {"figures": {}, "started_at": None})
        .returning(Import.id)
    )
    if session.scalar(asked) is None:
        raise Conflict(say("Somebody was faster: look at the import again."))
    if task != "undo":
        session.execute(delete(ImportRemark).where(ImportRemark.import_id == row.id))


def claim(session: Session, import_id: int, *, owner: str, now: datetime) -> Import | None:
    """Take an import that waits, or whose worker is gone; None when there is nothing to take."""
    values = {"id": import_id, "owner": owner, "lease": LEASE, "now": now}
    return get(session, import_id) if session.scalar(_CLAIM, values) else None


def hold(session: Session, held: Hold, changes: Mapping[str, Any] | None = None) -> None:
    """Keep the lease and write down how far it is. Raises `Lost`."""
    if session.scalar(_HOLD, {"id": held.import_id, "owner": held.owner, "lease": LEASE}) is None:
        raise Lost
    if changes:
        session.execute(update(Import).where(Import.id == held.import_id).values(**changes))


def give_back(session: Session, held: Hold) -> None:
    """Another worker may go on where this one was. Only tries that broke off count."""
    tries = func.greatest(Import.tries - 1, 0)
    hold(session, held, {"state": "waiting", "claimed_by": None, "lease_until": None, "tries": tries})


def end(
    session: Session, held: Hold, state: str, *, now: datetime, problem: Sentence | None = None, **changes: Any
) -> None:
    """The work is over, one way or the other. Raises `Lost`."""
    told = None if problem is None else {"words": problem.words, "values": dict(problem.values)}
    changes |= {"state": state, "claimed_by": None, "lease_until": None, "finished_at": now, "problem": told}
    hold(session, held, changes | {"kept_until": now + KEPT_FOR})


def tidy(session: Session, *, now: datetime) -> int:
    """Let go of files, rows and changes whose day is over, and of imports that were never begun; how many it was."""
    over = select(Import.id, Import.state).where(Import.kept_until <= now, Import.state.not_in(("waiting", "running")))
    found = {row.id: row.state for row in session.execute(over)}
    for table in (ImportPart, ImportChange):
        session.execute(delete(table).where(table.import_id.in_(found)))
    session.execute(update(ImportRemark).where(ImportRemark.import_id.in_(found)).values(row=None))
    never_begun = [import_id for import_id, state in found.items() if state in ("uploaded", "rehearsed")]
    session.execute(delete(Import).where(Import.id.in_(never_begun)))
    session.execute(update(Import).where(Import.id.in_(found)).values(kept_until=None))
    return len(found)


def is_kept(session: Session, import_id: int) -> bool:
    """Whether the file is still there."""
    return bool(session.scalar(select(func.count()).where(ImportPart.import_id == import_id)))


def _begin(session: Session, kind: str, file_name: str, *, user_id: int | None, now: datetime) -> Import:
    shown = "".join(each for each in file_name if each.isprintable()).strip()[-LONGEST_NAME:]
    row = Import(kind=kind, file_name=shown or kind, user_id=user_id, created_at=now, kept_until=now + KEPT_FOR)
    session.add(row)
    session.flush()
    return row
