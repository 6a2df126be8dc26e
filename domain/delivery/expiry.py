"""What nobody needs any more: messages that wait past their time end, with the reason."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

BATCH = 1000

_EXPIRE = text("""
    UPDATE messages m SET state = 'cancelled', reason = 'expired', settled_at = :now, lease_until = NULL
      FROM (SELECT tenant_id, id FROM messages
             WHERE state = 'planned' AND expires_at <= :now LIMIT :limit FOR UPDATE SKIP LOCKED) AS late
     WHERE m.tenant_id = late.tenant_id AND m.id = late.id""")


def expire(session: Session, *, now: datetime) -> int:
    """End planned messages whose time is over, at most a batch; how many that were."""
    return session.execute(_EXPIRE, {"now": now, "limit": BATCH}).rowcount  # type: ignore[attr-defined]
