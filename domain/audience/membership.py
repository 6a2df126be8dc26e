"""Who is in which segment: stored, and kept true by the difference between what is stored and what its question says.

Entering and leaving are events, written in the statement that stores them. Whoever changes memberships of a café holds
them (`hold`), so that no two collide.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, Select, delete, select, text, update
from sqlalchemy.orm import Session

from domain.audience import breakage, conditions, presets, segment_order
from domain.audience.facts.scope import Scope
from models.member import Member
from models.segment import Segment, SegmentMember
from models.tenant import Tenant

_KEY = "hashtextextended('segments:' || current_setting('app.tenant_id'), 0)"
_HOLD = text(f"SELECT pg_advisory_xact_lock({_KEY})")
_TRY_TO_HOLD = text(f"SELECT pg_try_advisory_xact_lock({_KEY})")

# What is summed up for all members of a large café stays in memory, and so do the pages that are read for it: looking
# up one member in eight or fewer by the index is faster than reading everybody's rows, as measured.
_ROOM_FOR_EVERYBODY = text("""
    SELECT set_config('work_mem', '64MB', true), set_config('seq_page_cost', '0.5', true),
           set_config('random_page_cost', '0.5', true)""")

# Beside `found`, the members that the question finds. A full join is hashed or merged whatever the planner expects; it
# would look through all of `found` for each who stands there if it expected few.
_DIFFERENCE = """
    SELECT found.member_id AS came, stood.member_id AS went
      FROM found FULL JOIN (
           SELECT member_id FROM segment_members
            WHERE segment_id = :segment_id
              AND (CAST(:member_ids AS bigint[]) IS NULL OR member_id = ANY(CAST(:member_ids AS bigint[])))) AS stood
        ON stood.member_id = found.member_id
     WHERE found.member_id IS NULL OR stood.member_id IS NULL"""
_ENTERED = """
    INSERT INTO segment_members (segment_id, member_id, since)
    SELECT :segment_id, came, :now FROM difference WHERE came IS NOT NULL
    RETURNING member_id"""
_LEFT = """
    DELETE FROM segment_members s USING difference
     WHERE s.segment_id = :segment_id AND s.member_id = difference.went
    RETURNING s.member_id"""
_TOLD = """
    INSERT INTO events (type, member_id, occurred_at, recorded_at, properties)
    SELECT moved.type, member_id, :now, :now,
           jsonb_build_object('segment', CAST(:segment_id AS bigint), 'name', CAST(:name AS text))
      FROM (SELECT 'segment.entered' AS type, member_id FROM entered
             UNION ALL SELECT 'segment.left', member_id FROM gone) AS moved"""
_STEPS = tuple(
    text(sql).columns().cte(name)
    for name, sql in (("difference", _DIFFERENCE), ("entered", _ENTERED), ("gone", _LEFT), ("told", _TOLD))
)
_MOVED = text("""
    SELECT ARRAY(SELECT member_id FROM entered) AS entered, ARRAY(SELECT member_id FROM gone) AS gone,
           (SELECT count(*) FROM found) AS found""").columns()
_ANYBODY = select(Member.id).limit(1)


@dataclass(frozen=True, slots=True)
class Moved:
    """The ids of members who entered and left a segment."""

    entered: Sequence[int] = ()
    left: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.entered) + len(self.left)


def hold(session: Session) -> None:
    """Be the only one who changes memberships of this café until the transaction ends."""
    session.execute(_HOLD)


def try_to_hold(session: Session) -> bool:
    """The same without waiting; False when somebody else is at it."""
    return bool(session.scalar(_TRY_TO_HOLD))


def has_more_than(session: Session, number: int) -> bool:
    """Whether the café has more members than that."""
    return session.scalar(_ANYBODY.offset(number)) is not None


def living(session: Session) -> list[segment_order.Placed]:
    """The café's segments in use, each after those it asks for."""
    return segment_order.in_order(session.scalars(select(Segment).where(Segment.archived_at.is_(None))))


def question(session: Session, segment: Segment, scope: Scope) -> Select[int]:
    """The members whom a segment asks for, as a query of their ids, to be asked in the running transaction."""
    if scope.member_ids is None:
        session.execute(_ROOM_FOR_EVERYBODY)
    if segment.preset is not None:
        return presets.matching(session, segment.preset, segment.parameters or {}, scope)
    return conditions.matching(segment.definition or {}, scope)


def fill(session: Session, segment: Segment, scope: Scope) -> Moved:
    """Ask everybody, and store the difference."""
    if not segment.size and session.scalar(_ANYBODY) is None:  # a café that just opened has nobody to ask
        segment.size, segment.refreshed_at = 0, scope.now
        return Moved()
    everybody = replace(scope, member_ids=None)
    segment.border_minor = _border(session, segment, everybody)
    moved, found = _store(session, segment, _known(session, segment, everybody), everybody)
    segment.size, segment.refreshed_at = found, scope.now
    session.flush()
    return moved


def refresh(session: Session, tenant: Tenant, member_ids: Sequence[int], *, now: datetime) -> int:
    """Ask every segment about these members, to whom something happened; returns how many entered or left one.

    Others move only where these moved the border of Top, and where a segment asks for one that they entered or left.
    """
    moved: dict[int, Moved] = {}
    for each in living(session):
        also = (member_id for source in each.sources & moved.keys() for member_id in _everyone(moved[source]))
        scope = Scope.of(tenant, now=now, member_ids=sorted({*member_ids, *also}))
        moved[each.segment.id] = _tried(session, each.segment, scope)
    return sum(map(len, moved.values()))


def recompute(session: Session, tenant: Tenant, *, now: datetime) -> int:
    """Ask every segment about everybody; returns how many entered or left one, which is nobody where all was true."""
    return sum(len(refill(session, each.segment, Scope.of(tenant, now=now))) for each in living(session))


def refill(session: Session, segment: Segment, scope: Scope) -> Moved:
    """`fill` where one segment that cannot be answered shall not stop the others."""
    return breakage.tried(session, segment, lambda: fill(session, segment, scope), Moved(), now=scope.now)


def ask_about(session: Session, segment: Segment, scope: Scope) -> Moved:
    """Ask a segment about the members in the scope, and store the difference."""
    if not scope.member_ids:
        return Moved()
    moved, _found = _store(session, segment, _known(session, segment, scope), scope)
    if moved:
        segment.size += len(moved.entered) - len(moved.left)
        session.flush()
    return moved


def forget(session: Session, member_ids: Sequence[int]) -> None:
    """These members are gone: they are in no segment any more. Nobody is told."""
    hold(session)
    gone = delete(SegmentMember).where(SegmentMember.member_id.in_(member_ids)).returning(SegmentMember.segment_id)
    for segment_id in session.scalars(gone).all():
        session.execute(update(Segment).where(Segment.id == segment_id).values(size=Segment.size - 1))


def _tried(session: Session, segment: Segment, scope: Scope) -> Moved:
    """One that could not be answered before overlooked members: it asks everybody."""
    if breakage.rests(segment, now=scope.now):
        return Moved()
    ask = _refresh if segment.failed_at is None else fill
    return breakage.tried(session, segment, lambda: ask(session, segment, scope), Moved(), now=scope.now)


def _refresh(session: Session, segment: Segment, scope: Scope) -> Moved:
    if segment.preset != presets.TOP:
        return ask_about(session, segment, scope)
    before, after = segment.border_minor, _border(session, segment, scope)
    if before is None or after is None:
        return fill(session, segment, scope)
    segment.border_minor = after
    moved_with_it = _between(session, segment, before, after)
    return ask_about(session, segment, replace(scope, member_ids=sorted({*(scope.member_ids or ()), *moved_with_it})))


def _border(session: Session, segment: Segment, scope: Scope) -> int | None:
    numbers = segment.parameters or {}
    if segment.preset != presets.TOP or not presets.looks_at_a_year(session, numbers, scope):
        return None
    return presets.border(session, numbers)


def _between(session: Session, segment: Segment, before: int, after: int) -> Iterable[int]:
    if before == after:
        return ()
    return session.scalars(presets.between_borders(segment.parameters or {}, before, after))


def _known(session: Session, segment: Segment, scope: Scope) -> Select[int]:
    """The segment's question, where its border is known already."""
    if segment.border_minor is not None:
        return presets.top_of_year(segment.parameters or {}, scope, border=segment.border_minor)
    return question(session, segment, scope)


def _store(session: Session, segment: Segment, asked: Select[int], scope: Scope) -> tuple[Moved, int]:
    found = select(asked.subquery().columns[0].label("member_id")).cte("found")
    values = {
        "segment_id": segment.id,
        "name": segment.name,
        "now": scope.now,
        "member_ids": None if scope.member_ids is None else list(scope.member_ids),
    }
    row: Row = session.execute(_MOVED.add_cte(found, *_STEPS), values).one()
    return Moved(row.entered, row.gone), row.found


def _everyone(moved: Moved) -> Iterable[int]:
    return (*moved.entered, *moved.left)
