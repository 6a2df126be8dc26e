"""What comes due in a café by itself: points that activate or expire, rewards that were not used in time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.loyalty import ledger, settling, unlocks
from domain.loyalty.book import Book
from domain.loyalty.unlocks import Unlock

_DUE = text("""
    SELECT id FROM members
     WHERE id IN (SELECT member_id FROM lots WHERE remaining > 0 AND NOT active AND activates_at <= :now
                  UNION SELECT member_id FROM lots WHERE remaining > 0 AND expires_at <= :now)
     ORDER BY id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED""")


@dataclass(frozen=True, slots=True)
class Done:
    """How many members and unlocks were looked after, and which rewards unlocked because points became usable."""

    number: int
    unlocked: list[Unlock]


def run(session: Session, *, now: datetime, limit: int) -> Done:
    """Look after at most `limit` members and `limit` unlocks of the bound café; less than that means it is done."""
    members = list(session.scalars(_DUE, {"now": now, "limit": limit}))
    unlocked = settling.settle_due(session, members, now=now) if members else []
    expired = unlocks.expire(session, now=now, limit=limit)
    if expired:
        ledger.write(session, Book([], now, events=expired))
    return Done(len(members) + len(expired), unlocked)
