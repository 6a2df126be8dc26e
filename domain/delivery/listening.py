"""Who listens to what a provider tells: one worker at a time for each account, so long by the database's clock."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

LEASE = timedelta(seconds=90)  # longer than anybody listens at a stretch

_TAKE = text("""
    UPDATE gateways SET heard_by = :owner, heard_until = clock_timestamp() + :lease
     WHERE id = :gateway_id AND stopped_at IS NULL AND (heard_until IS NULL OR heard_until < clock_timestamp())
 RETURNING id""")
_END = text("""
    UPDATE gateways SET heard_at = :now, heard_by = NULL, heard_until = NULL
     WHERE id = :gateway_id AND heard_by = :owner""")


def take(session: Session, gateway_id: int, owner: str) -> bool:
    """Begin to listen; False when somebody does already, or when the account is out of service."""
    return session.scalar(_TAKE, {"gateway_id": gateway_id, "owner": owner, "lease": LEASE}) is not None


def end(session: Session, gateway_id: int, owner: str, *, now: datetime) -> None:
    """Have listened, whatever was heard."""
    session.execute(_END, {"gateway_id": gateway_id, "owner": owner, "now": now})
