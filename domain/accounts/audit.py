"""Who did what, when, on whose behalf. Rows are added, never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditEntry

SYSTEM = "system"


def by_user(user_id: int) -> str:
    """How a person is named as the actor."""
    return f"user:{user_id}"


def by_key(key_id: int) -> str:
    """How an API key is named as the actor."""
    return f"key:{key_id}"


def record(
    session: Session,
    *,
    actor: str,
    action: str,
    now: datetime,
    subject: str = "",
    details: dict[str, Any] | None = None,
    address: str = "",
) -> AuditEntry:
    """Write down one deed in the bound café. `details` hold ids and settings, never secrets or addresses of people."""
    entry = AuditEntry(at=now, actor=actor, action=action, subject=subject, details=details or {}, address=address)
    session.add(entry)
    session.flush()
    return entry


def latest(session: Session, *, limit: int = 50) -> list[AuditEntry]:
    """The bound café's newest entries."""
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)))
