"""Whether what a guest opens and clicks may be counted: the café's way of counting, and the guest's own word."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.loyalty import summaries
from models.event import Event
from models.member import Member
from models.tenant import Counting

ALLOWED = "counting.allowed"
DECLINED = "counting.declined"
SOURCE = "member page"


def is_allowed(way: str, own: bool | None) -> bool:
    """Whether a guest is counted where the café counts `way` (`Counting`); `own` is their word, if they gave it."""
    if way == Counting.NEVER or own is False:
        return False
    return way == Counting.UNLESS_DECLINED or own is True


def choose(session: Session, member: Member, *, allowed: bool, now: datetime) -> None:
    """Take the guest's word, and keep in their story when they gave it."""
    if member.may_count is allowed:
        return
    member.may_count, member.updated_at = allowed, now
    kind = ALLOWED if allowed else DECLINED
    session.add(Event(type=kind, member_id=member.id, occurred_at=now, recorded_at=now, source=SOURCE))
    session.flush()
    summaries.touch(session, [member.id], now=now)
