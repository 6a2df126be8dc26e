"""How delivery goes right now, over all cafés: what lies in the lanes, who is in trouble, what does not move."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

LATELY = timedelta(minutes=5)
STUCK_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LaneState:
    """One lane: messages due and since when the oldest is; claimed or being handed over; leases that ran out."""

    lane: str
    due: int
    oldest: datetime | None
    in_work: int
    leases_expired: int

    def age(self, now: datetime) -> float:
        """Seconds that the oldest due message has waited; 0 when none does."""
        return max((now - self.oldest).total_seconds(), 0.0) if self.oldest else 0.0


@dataclass(frozen=True, slots=True)
class TroubledGateway:
    """A gateway that was stopped, rests, or did not take its last messages; `due` is what waits for its channel."""

    tenant_id: int
    gateway_id: int
    channel: str
    provider: str
    stopped_at: datetime | None
    rests_until: datetime | None
    trouble: int
    due: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of messages lately, by state; seconds from due to handed over, for those that left."""

    state: str
    number: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class StuckWork:
    """Work of one café that should have been done: `messages`, `reports`, `hooks` or `members` to look at again."""

    tenant_id: int
    work: str
    number: int
    oldest: datetime


def lanes(session: Session, *, now: datetime) -> list[LaneState]:
    """Both lanes, the instant one first."""
    rows = session.execute(text("SELECT * FROM watch_lanes(:now)"), {"now": now})
    return sorted((LaneState(*row) for row in rows), key=lambda lane: lane.lane)


def gateways(session: Session, *, now: datetime) -> list[TroubledGateway]:
    """Those in trouble, the stopped ones first; at most a hundred."""
    rows = session.execute(text("SELECT * FROM watch_gateways(:now) LIMIT 100"), {"now": now})
    return [TroubledGateway(*row) for row in rows]


def settled(session: Session, *, now: datetime) -> list[Settled]:
    """What became of messages within `LATELY`."""
    rows = session.execute(text("SELECT * FROM watch_settled(:since)"), {"since": now - LATELY})
    return [Settled(*row) for row in rows]


def stuck(session: Session, *, now: datetime) -> list[StuckWork]:
    """Work due for longer than `STUCK_AFTER`, the oldest first; at most a hundred rows."""
    rows = session.execute(text("SELECT * FROM watch_stuck(:before) LIMIT 100"), {"before": now - STUCK_AFTER})
    return [StuckWork(*row) for row in rows]
