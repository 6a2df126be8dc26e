"""Consoles: the jobs a café has run on a schedule, and what each run did.

A slot is run once: its row, its work and the next slot are one transaction, so that a run that is killed never was.
Slots that were missed are caught up by one run, however many they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain import cron
from domain.errors import FieldError, Unacceptable
from domain.sentences import say
from models.console import Console, ConsoleRun
from models.tenant import Tenant

TAGS = "tags"
SCHEDULE, BUTTON, COMMAND = "schedule", "button", "command"
NIGHTLY = "0 3 * * *"
MONTHS, MOST_MONTHS = 6, 60
LATE_AFTER = 2  # intervals
RETRY_AFTER = timedelta(minutes=5)

Figures = dict[str, int]


@dataclass(frozen=True, slots=True)
class Tagging:
    """What a café decided about its tags: whether they follow their rules, when everybody is looked at, and how many
    months back "lately" reaches. `next_at` is None while it is switched off."""

    is_active: bool = True
    cron: str = NIGHTLY
    months: int = MONTHS
    next_at: datetime | None = None


def tagging(session: Session) -> Tagging:
    """The café's tagging console; its defaults where nobody decided yet."""
    console = _find(session, TAGS)
    if console is None:
        return Tagging()
    return Tagging(console.is_active, console.cron, console.settings.get("months", MONTHS), console.next_at)


def ensure(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """Have the tagging console planned."""
    if _find(session, TAGS) is not None:
        return
    row = {"name": TAGS, "is_active": True, "cron": NIGHTLY, "next_at": _next(tenant, NIGHTLY, now)}
    session.execute(insert(Console).values(row).on_conflict_do_nothing())


def change_tagging(
    session: Session, tenant: Tenant, *, is_active: bool, line: str, months: int, now: datetime
) -> list[str]:
    """Decide anew and return what differs now: `is_active`, `cron`, `months`.

    Raises `cron.CronRefused` for a line that is no schedule, `Unacceptable` for a window that is none.
    """
    schedule = cron.read(line)
    if not 1 <= months <= MOST_MONTHS:
        words = say("The window is 1 to %(most)s months.", most=MOST_MONTHS)
        raise Unacceptable(say("This window cannot be used."), [FieldError("months", words)])
    ensure(session, tenant, now=now)
    before, console = tagging(session), _held(session, TAGS)
    console.is_active, console.cron = is_active, schedule.line
    console.settings = {**console.settings, "months": months}
    console.next_at = _next(tenant, schedule.line, now) if is_active else None
    session.flush()
    after = tagging(session)
    return [name for name in ("is_active", "cron", "months") if getattr(before, name) != getattr(after, name)]


def replan(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """The café's clock is another one: plan the next slots by it."""
    for console in session.scalars(select(Console).where(Console.is_active).with_for_update()):
        console.next_at = _next(tenant, console.cron, now)
    session.flush()


def run(session: Session, name: str, work: Callable[[], Figures], *, trigger: str, now: datetime) -> ConsoleRun:
    """Do the work because somebody asked, and write down what it did."""
    return _run(session, name, work, trigger=trigger, slot=None, now=now)


def run_due(
    session: Session, tenant: Tenant, name: str, work: Callable[[], Figures], *, now: datetime
) -> ConsoleRun | None:
    """Do the work of the slot that is due and plan the next; None when none is, or when somebody is at it."""
    is_due = (Console.name == name, Console.is_active, Console.next_at <= now)
    console = session.scalar(select(Console).where(*is_due).with_for_update(skip_locked=True))
    if console is None:
        return None
    slot = cron.last_slot(cron.read(console.cron), ZoneInfo(tenant.timezone), until=now)
    console.next_at = _next(tenant, console.cron, now)
    is_done = session.scalar(select(ConsoleRun.id).where(ConsoleRun.name == name, ConsoleRun.slot == slot))
    return None if is_done else _run(session, name, work, trigger=SCHEDULE, slot=slot, now=now)


def note_failure(session: Session, name: str, problem: str, *, trigger: str, now: datetime) -> None:
    """Write down that a run broke off and changed nothing. A slot that is due is tried again soon."""
    session.add(ConsoleRun(name=name, trigger=trigger, started_at=now, finished_at=now, problem=problem))
    soon = update(Console).where(Console.name == name, Console.is_active, Console.next_at <= now)
    session.execute(soon.values(next_at=now + RETRY_AFTER))
    session.flush()


def runs(session: Session, name: str, *, limit: int) -> list[ConsoleRun]:
    """The latest runs, newest first."""
    newest = (
        select(ConsoleRun).where(ConsoleRun.name == name).order_by(ConsoleRun.started_at.desc(), ConsoleRun.id.desc())
    )
    return list(session.scalars(newest.limit(limit)))


def is_late(tenant: Tenant, line: str, next_at: datetime | None, *, now: datetime) -> bool:
    """Whether a console waits for more than two of its intervals."""
    if next_at is None or next_at >= now:
        return False
    following = _next(tenant, line, next_at)
    interval = _next(tenant, line, following) - following
    return now - next_at > LATE_AFTER * interval


def late(session: Session, tenant: Tenant, *, now: datetime) -> list[str]:
    """The names of the consoles that wait for too long."""
    overdue = session.scalars(select(Console).where(Console.is_active, Console.next_at < now))
    return [each.name for each in overdue if is_late(tenant, each.cron, each.next_at, now=now)]


def _run(
    session: Session, name: str, work: Callable[[], Figures], *, trigger: str, slot: datetime | None, now: datetime
) -> ConsoleRun:
    begun = session.scalars(select(func.clock_timestamp())).one()
    figures = work()
    took = session.scalars(select(func.clock_timestamp())).one() - begun  # the database may read the clock
    row = ConsoleRun(name=name, trigger=trigger, slot=slot, started_at=now, finished_at=now + took, figures=figures)
    session.add(row)
    session.flush()
    return row


def _next(tenant: Tenant, line: str, after: datetime) -> datetime:
    return cron.next_slot(cron.read(line), ZoneInfo(tenant.timezone), after=after)


def _find(session: Session, name: str) -> Console | None:
    return session.scalar(select(Console).where(Console.name == name))


def _held(session: Session, name: str) -> Console:
    return session.scalars(select(Console).where(Console.name == name).with_for_update()).one()
