"""What business systems told a café: kept once, worked through in order, tried again, never lost."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.connector import InboundHook

NEW, DONE, PARKED, UNKNOWN = "new", "done", "parked", "unknown"

_LEASE = timedelta(minutes=2)  # longer than all the questions that one hook can cause
_WAITS = [timedelta(seconds=seconds) for seconds in (1, 5, 30, 300, 1800)]
_LATER = timedelta(hours=1)
_GIVE_UP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A hook that is ours until the lease runs out. `attempts` tells our claim from a later one."""

    id: int
    connector_id: int
    kind: str
    body: Mapping[str, Any]
    attempts: int
    received_at: datetime


def keep(
    session: Session,
    connector_id: int,
    *,
    key: str,
    kind: str,
    body: Mapping[str, Any],
    state: str = NEW,
    detail: str | None = None,
    now: datetime,
) -> bool:
    """Keep a hook; False when one with this key is there already and nothing was done."""
    row = {"connector_id": connector_id, "key": key, "kind": kind, "body": dict(body), "state": state, "detail": detail}
    statement = insert(InboundHook).values(row | {"due_at": now, "received_at": now})
    once = statement.on_conflict_do_nothing(constraint="uq_inbound_hooks_once")
    return session.scalar(once.returning(InboundHook.id)) is not None


def claim(session: Session, *, now: datetime) -> Claimed | None:
    """Take the oldest hook that is due, or None. Until the lease runs out nobody else takes it."""
    due = (
        select(InboundHook.id)
        .where(InboundHook.state == NEW, InboundHook.due_at <= now)
        .order_by(InboundHook.received_at, InboundHook.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(InboundHook)
        .where(InboundHook.id == due.scalar_subquery())
        .values(attempts=InboundHook.attempts + 1, due_at=func.greatest(func.now(), now) + _LEASE)
        .returning(
            InboundHook.id,
            InboundHook.connector_id,
            InboundHook.kind,
            InboundHook.body,
            InboundHook.attempts,
            InboundHook.received_at,
        )
    )
    row = session.execute(statement).first()
    return Claimed(*row) if row else None


def settle(session: Session, hook: Claimed, *, detail: str | None = None) -> bool:
    """The hook is worked through; False when our claim had run out and somebody else has it."""
    return _write(session, hook, {"state": DONE, "detail": detail})


def park(session: Session, hook: Claimed, *, detail: str) -> bool:
    """Trying again changes nothing: kept with its reason for the owner."""
    return _write(session, hook, {"state": PARKED, "detail": detail})


def put_off(session: Session, hook: Claimed, *, detail: str, now: datetime, wait: timedelta | None = None) -> bool:
    """Try again later, after growing waits or at least `wait`; parked a day after it came."""
    if now - hook.received_at > _GIVE_UP:
        return park(session, hook, detail=detail)
    planned = max(_wait(hook.attempts), wait or timedelta())
    return _write(session, hook, {"due_at": now + planned, "detail": detail})


def parked(session: Session, *, limit: int) -> list[InboundHook]:
    """What waits for somebody to look: given up or not understood, newest first."""
    waiting = select(InboundHook).where(InboundHook.state.in_((PARKED, UNKNOWN)))
    return list(session.scalars(waiting.order_by(InboundHook.received_at.desc(), InboundHook.id.desc()).limit(limit)))


def try_again(session: Session, connector_id: int, *, now: datetime) -> int:
    """Put a connection's parked hooks back in line; how many those are. What was not understood stays."""
    theirs = (InboundHook.connector_id == connector_id, InboundHook.state == PARKED)
    again = {"state": NEW, "due_at": now, "attempts": 0, "detail": None}
    return session.execute(update(InboundHook).where(*theirs).values(**again)).rowcount  # type: ignore[attr-defined]


def _write(session: Session, hook: Claimed, values: dict[str, Any]) -> bool:
    ours = (InboundHook.id == hook.id, InboundHook.state == NEW, InboundHook.attempts == hook.attempts)
    written = session.execute(update(InboundHook).where(*ours).values(**values))
    return written.rowcount == 1  # type: ignore[attr-defined]


def _wait(attempts: int) -> timedelta:
    planned = _WAITS[attempts - 1] if attempts <= len(_WAITS) else _LATER
    return planned * random.uniform(0.8, 1.2)  # noqa: S311 (so that what failed together does not come back together)
