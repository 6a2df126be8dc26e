"""Requests that carry a key of the caller's own: done once, answered the same way for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.errors import Conflict
from domain.tenant_scope import bound_tenant_id
from models.idempotency import IdempotencyKey

KEPT_FOR = timedelta(hours=24)
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a request: status, body as it went out, its content type."""

    status: int
    body: str
    content_type: str


class StillRunning(Conflict):
    """The first request with this key is being worked on. `retry_after` in seconds."""

    retry_after = 1


def is_key(text: str) -> bool:
    """Whether this can be a key: 1 to 255 printable ASCII characters."""
    return 0 < len(text) <= LONGEST and text.isascii() and text.isprintable()


def claim(session: Session, key: str, request_hash: str, *, now: datetime) -> Answer | None:
    """Take the key for this transaction; None means: go ahead, and `remember` the answer before the commit.

    An answer means that the same request was answered within the last day. Rolling back gives the key free again.
    Raises `StillRunning` while another transaction holds the key, `Conflict` when it stood for another content.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_lock(key)))):
        raise StillRunning("The first request with this Idempotency-Key is still running. Ask again in a moment.")
    fresh = insert(IdempotencyKey).values(key=key, request_hash=request_hash, created_at=now)
    taken = fresh.on_conflict_do_update(
        index_elements=["tenant_id", "key"],
        set_={"request_hash": request_hash, "status": None, "body": None, "content_type": None, "created_at": now},
        where=or_(IdempotencyKey.created_at <= now - KEPT_FOR, IdempotencyKey.status.is_(None)),
    )
    if session.scalar(taken.returning(IdempotencyKey.key)):
        return None
    return _earlier_answer(session, key, request_hash)


def remember(session: Session, key: str, answer: Answer) -> None:
    """Keep the answer under the key that this transaction claimed."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.key == key)
        .values(status=answer.status, body=answer.body, content_type=answer.content_type)
    )


def _lock(key: str) -> object:
    return func.hashtextextended(f"idempotency:{bound_tenant_id()}:{key}", 0)


def _earlier_answer(session: Session, key: str, request_hash: str) -> Answer:
    row = session.execute(
        select(
            IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.body, IdempotencyKey.content_type
        ).where(IdempotencyKey.key == key)
    ).one()
    if row.request_hash != request_hash:
        raise Conflict("This Idempotency-Key was used for another request. Take a new one.")
    return Answer(row.status, row.body, row.content_type)
