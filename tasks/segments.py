"""Segments and tags keep up with purchases and with the calendar. In bounded slices, each committed by itself."""

from domain import clock
from domain.audience import freshness, membership
from domain.tenant_scope import bound_tenant_id, tenant_scope
from models.database import db
from models.tenant import Tenant
from tasks import queues

BRIEF_FOR = 2000  # members at most; more take more than a tenth of a second
MOST_SLICES = 20  # in one job; the rest goes to the back of the line


def turn_day(tenant_id: int) -> None:
    """Follow the calendar in a small café; a large one's takes longer, and goes where what takes longer is done."""
    queues.taken("segments.turn_day", tenant_id)
    with tenant_scope(tenant_id):
        is_large = membership.has_more_than(db.session, BRIEF_FOR)
        if not is_large:
            follow_calendar()
    if is_large:
        queues.nudge_segments(tenant_id)


def keep_up(tenant_id: int) -> None:
    """Follow the calendar if a new day began, then look again at a bounded part of those something happened to."""
    queues.rests("segments.keep_up", tenant_id)
    with tenant_scope(tenant_id):
        _asked, has_more = run(slices=MOST_SLICES)
    if has_more:
        queues.taken("segments.keep_up", tenant_id)
        queues.nudge_segments(tenant_id)


def run(*, slices: int) -> tuple[int, bool]:
    """The same for the café we act for, at most `slices` slices of members; how much was looked at, and whether there
    is more. Commits. Beside somebody who is at it already it does nothing."""
    asked = follow_calendar()
    for _ in range(slices):
        looked_at = freshness.look_at_touched(db.session, _tenant(), now=clock.now(), most=freshness.SLICE)
        db.session.commit()
        asked += looked_at
        if looked_at < freshness.SLICE:
            return asked, False
    return asked, True


def follow_calendar() -> int:
    """Let the café's summaries and segments stand at its today; how many segments were asked. Commits."""
    now = clock.now()
    if freshness.is_of_today(db.session, _tenant(), now=now):
        return 0
    freshness.turn_day(db.session, _tenant(), now=now)
    db.session.commit()
    asked = freshness.follow_calendar(db.session, _tenant(), now=now)
    db.session.commit()
    return asked


def _tenant() -> Tenant:
    return db.session.get_one(Tenant, bound_tenant_id())
