"""How long a worker has a message for itself, by the database's clock, and what follows when it does not come back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

LEASE = timedelta(seconds=60)
RENEW_EVERY = timedelta(seconds=15)
BATCH = 1000


@dataclass(frozen=True, slots=True)
class RanOut:
    """How many messages came back to be sent, and how many may have been sent already."""

    planned: int
    unsure: int


_RENEW = text("""
    UPDATE messages SET lease_until = clock_timestamp() + :lease
     WHERE claimed_by = :owner AND state IN ('claimed', 'attempting') AND lease_until > clock_timestamp()""")

_RELEASE = text("""
    UPDATE messages SET state = 'planned', claimed_by = NULL, lease_until = NULL,
           due_at = greatest(due_at, coalesce(CAST(:not_before AS timestamptz), due_at))
     WHERE claimed_by = :owner AND state = 'claimed' AND lease_until IS NOT NULL""")

_TAKE_BACK = text("""
    UPDATE messages m
       SET state = CASE m.state WHEN 'claimed' THEN 'planned' ELSE 'unsure' END,
           detail = CASE m.state WHEN 'claimed' THEN m.detail ELSE :broken_off END,
           claimed_by = CASE m.state WHEN 'claimed' THEN NULL ELSE m.claimed_by END,
           settled_at = CASE m.state WHEN 'claimed' THEN NULL ELSE CAST(:now AS timestamptz) END,
           lease_until = NULL
      FROM (SELECT tenant_id, id FROM messages
             WHERE state IN ('claimed', 'attempting') AND lease_until < clock_timestamp()
             LIMIT :limit FOR UPDATE SKIP LOCKED) AS late
     WHERE m.tenant_id = late.tenant_id AND m.id = late.id
 RETURNING m.state""")


def renew(session: Session, owner: str) -> None:
    """Keep what `owner` still works on; what ran out already is not taken back."""
    session.execute(_RENEW, {"owner": owner, "lease": LEASE})


def release(session: Session, owner: str, *, not_before: datetime | None = None) -> int:
    """Give back what `owner` claimed and has not started, to be tried not before that instant; how many that were."""
    released = session.execute(_RELEASE, {"owner": owner, "not_before": not_before})
    return released.rowcount  # type: ignore[attr-defined]


def take_back(session: Session, *, now: datetime) -> RanOut:
    """End leases that ran out, a bounded number: what was only claimed is planned again, what was started is unsure."""
    asked = {"now": now, "limit": BATCH, "broken_off": "The worker that was sending it was broken off."}
    states = list(session.scalars(_TAKE_BACK, asked))
    return RanOut(planned=states.count("planned"), unsure=states.count("unsure"))
