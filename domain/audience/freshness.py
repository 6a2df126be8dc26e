"""Segments and tags keep up: members something happened to are looked at within a minute, segments and tags follow the
calendar at the café's midnight.

Midnight comes in two steps, each committed by itself, so that no till waits for the second: summaries move to the new
day (`turn_day`), then segments follow (`follow_calendar`). Done twice or by two at once, nothing happens twice.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from domain.audience import consoles, membership, own_rules, presets, segments, tagging
from domain.audience.facts.scope import Scope
from domain.audience.segment_order import Placed
from domain.audience.tagging import Tally
from domain.loyalty import summaries
from models.segment import Segment
from models.summary import AudienceDay
from models.tag import Tag
from models.tenant import Tenant

SLICE = 5000

_NOTE_SIZES = text("""
    INSERT INTO segment_sizes (segment_id, day, size)
    SELECT id, day, size FROM segments
     CROSS JOIN generate_series(CAST(:first AS date), CAST(:today AS date) - 1, interval '1 day') AS day
     WHERE archived_at IS NULL AND day >= (created_at AT TIME ZONE :timezone)::date
        ON CONFLICT (tenant_id, segment_id, day) DO UPDATE SET size = excluded.size""")

_ABOUT_MESSAGES = ('%"messages.%', '%"reachable.%')  # a refused address is no longer one to reach
_ANYTHING_ASKS = text("""
    SELECT EXISTS (SELECT FROM segments WHERE archived_at IS NULL AND definition::text LIKE ANY(:families))
        OR EXISTS (SELECT FROM tags WHERE archived_at IS NULL AND definition::text LIKE ANY(:families))""")


def is_of_today(session: Session, tenant: Tenant, *, now: datetime) -> bool:
    """Whether summaries and segments stand at the café's today."""
    stood = _stood(session, tenant)
    return stood is not None and stood.recomputed_at is not None and _is_current(stood, tenant, now)


def turn_day(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """Note how large segments were when the day ended, and bring the summaries to the café's today."""
    membership.hold(session)
    stood = _stood(session, tenant)
    if stood is not None and _is_current(stood, tenant, now):
        return
    today = summaries.local_date(tenant, now)
    if stood is None or stood.timezone != tenant.timezone or stood.day > today:
        session.execute(update(Segment).values(refreshed_at=None))  # all days are others now
    else:
        session.execute(_NOTE_SIZES, {"first": stood.day, "today": today, "timezone": tenant.timezone})
    summaries.bring_to_today(session, tenant, now=now)


def follow_calendar(session: Session, tenant: Tenant, *, now: datetime) -> int:
    """Let segments follow the new day; returns how many were asked. Needs `turn_day` first."""
    membership.hold(session)
    stood = _stood(session, tenant)
    if stood is None or stood.recomputed_at is not None:
        return 0
    segments.open_cafe(session, tenant, now=now)
    consoles.ensure(session, tenant, now=now)
    standing = membership.living(session)
    _follow_tags(session, tenant, standing, now=now)  # first: segments may ask for tags
    for each in standing:
        _follow(session, tenant, each, now=now)
    stood.recomputed_at = now
    session.flush()
    return len(standing)


def look_at_touched(session: Session, tenant: Tenant, *, now: datetime, most: int) -> int:
    """Look again at members something happened to; returns how many, at most `most`. 0 when somebody else is at it."""
    if not membership.try_to_hold(session):
        return 0
    seen = summaries.touched(session, most=most)
    if seen:
        tagging.refresh(session, tenant, list(seen), now=now)  # first: segments may ask for tags
        membership.refresh(session, tenant, list(seen), now=now)
        summaries.looked_at(session, seen)
    return len(seen)


def look_at(session: Session, tenant: Tenant, member_id: int, *, now: datetime) -> None:
    """Look at one member now, because somebody is watching. When others are at it, they look within a minute."""
    if membership.try_to_hold(session):
        tagging.refresh(session, tenant, [member_id], now=now)
        membership.refresh(session, tenant, [member_id], now=now)


def follow_tag(session: Session, tenant: Tenant, tag: Tag, *, now: datetime) -> None:
    """A tag of the owner's own follows a rule, or another one than before: members have it at once, and whatever asks
    about it follows."""
    names = tagging.follow(session, tenant, tag, now=now)
    changed: set[int] = set()
    for each in membership.living(session):
        if each.sources & changed or own_rules.names_in(each.segment.definition) & names:
            changed.add(each.segment.id)
            membership.refill(session, each.segment, Scope.of(tenant, now=now))


def touch_for_messages(session: Session, member_ids: Iterable[int], *, now: datetime) -> None:
    """Messages to these members left, arrived or came back: look at them again, where anything asks about that.

    The last statement of its transaction: who holds a member's summary waits for nobody's consent.
    """
    if session.scalar(_ANYTHING_ASKS, {"families": list(_ABOUT_MESSAGES)}):
        summaries.touch(session, sorted(set(member_ids)), now=now)


def recompute(session: Session, tenant: Tenant, *, now: datetime) -> Tally:
    """Look at everybody, for all tags and all segments; returns what changed of the tags."""
    turn_day(session, tenant, now=now)
    segments.open_cafe(session, tenant, now=now)
    tally = tagging.recompute(session, tenant, now=now)
    membership.recompute(session, tenant, now=now)
    stood = _stood(session, tenant)
    assert stood is not None
    stood.recomputed_at = stood.recomputed_at or now
    session.flush()
    return tally


def _follow_tags(session: Session, tenant: Tenant, standing: Sequence[Placed], *, now: datetime) -> None:
    """Where a segment was never filled the café is new, or all its days are others than before."""
    if standing and all(each.segment.refreshed_at for each in standing):
        tagging.turn_day(session, tenant, now=now)
    elif consoles.tagging(session).is_active:
        tagging.recompute(session, tenant, now=now)


def _follow(session: Session, tenant: Tenant, placed: Placed, *, now: datetime) -> None:
    segment, scope = placed.segment, Scope.of(tenant, now=now)
    if segment.preset not in (presets.NEW, presets.DEFECTING) or not segment.refreshed_at or segment.failed_at:
        membership.refill(session, segment, scope)
        return
    since = summaries.local_date(tenant, segment.refreshed_at)
    crossing = presets.crossing(segment.preset, segment.parameters or {}, scope, since=since)
    moved = list(session.scalars(crossing))
    segment.refreshed_at = now
    membership.ask_about(session, segment, Scope.of(tenant, now=now, member_ids=moved))


def _stood(session: Session, tenant: Tenant) -> AudienceDay | None:
    return session.scalar(
        select(AudienceDay).where(AudienceDay.tenant_id == tenant.id).execution_options(populate_existing=True)
    )


def _is_current(stood: AudienceDay, tenant: Tenant, now: datetime) -> bool:
    day: date = summaries.local_date(tenant, now)
    return (stood.day, stood.timezone) == (day, tenant.timezone)
