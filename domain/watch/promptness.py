"""The share of messages that left within ten seconds of being due, by day: our promise, counted in the open."""

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.prompt_day import PromptDay

PROMPT = timedelta(seconds=10)
COUNT_EVERY = timedelta(minutes=5)
SHOWN = timedelta(days=30)


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether nobody counted today for a while."""
    newest = session.scalar(select(func.max(PromptDay.counted_at)))
    return newest is None or now - newest >= COUNT_EVERY


def count(session: Session, *, now: datetime) -> None:
    """Count today and yesterday anew. A day nobody was there for stays uncounted, and no message left on it."""
    today = now.astimezone(UTC).date()
    for day in (today - timedelta(days=1), today):
        _count(session, day, now=now)


def newest(session: Session, *, now: datetime) -> list[PromptDay]:
    """The days of the last thirty on which anything left, the newest first."""
    since = (now - SHOWN).astimezone(UTC).date()
    query = select(PromptDay).where(PromptDay.day > since, PromptDay.handed_over > 0)
    return list(session.scalars(query.order_by(PromptDay.day.desc())))


def _count(session: Session, day: date, *, now: datetime) -> None:
    begins = datetime.combine(day, time(), UTC)
    span = {"begins": begins, "ends": begins + timedelta(days=1), "within": PROMPT}
    handed_over, promptly = session.execute(text("SELECT * FROM watch_day(:begins, :ends, :within)"), span).one()
    row = {"day": day, "handed_over": handed_over, "promptly": promptly, "counted_at": now}
    changed = {name: row[name] for name in ("handed_over", "promptly", "counted_at")}
    session.execute(insert(PromptDay).values(row).on_conflict_do_update(index_elements=["day"], set_=changed))
