"""Segments: saved questions about members. Made, changed, copied, archived, looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain import trees
from domain.audience import conditions, membership, presets, segment_order, tag_rules
from domain.audience.facts.scope import Scope
from domain.errors import Conflict, FieldError, NotFound, Unacceptable
from domain.sentences import say
from domain.trees import Tree
from models.member import Member
from models.segment import Segment, SegmentMember, SegmentSize
from models.tenant import Tenant

FIELDS = ("name", "preset", "parameters", "definition")
LONGEST_NAME = 120
SAMPLE = 3
NAMES = {presets.NEW: "New", presets.TOP: "Top", presets.DEFECTING: "Defecting"}
READY = (  # made once, when a café opens; from then on they are its own
    (
        {"en": "Not seen for 6 months", "de": "Seit 6 Monaten nicht gesehen"},
        {"all": [{"fact": "purchases.months_without", "op": "gte", "value": 6}]},
    ),
    (
        {"en": "Has revenue, but an incomplete profile", "de": "Bringt Umsatz, aber das Profil ist unvollständig"},
        {
            "all": [
                {"fact": "tags", "op": "contains", "value": tag_rules.REVENUE},
                {"fact": "member.missing", "op": "is_set"},
            ]
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Inside:
    """A member of a segment; `since` is None where nobody was stored yet."""

    member_id: int
    external_id: str
    first_name: str | None
    last_name: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """How many a question finds, and up to three of them."""

    count: int
    sample: list[Inside]


def open_cafe(session: Session, tenant: Tenant, *, now: datetime) -> None:
    """Give the café those of the three presets that it never had, and with the first of them what is ready-made.

    Nobody is in them until the calendar is followed.
    """
    there = set(session.scalars(select(Segment.preset).where(Segment.preset.is_not(None))))
    rows = [_preset(preset, now) for preset in NAMES if preset not in there]
    if not there:
        rows += [_ready(names, definition, tenant, now) for names, definition in READY]
    if rows:
        session.execute(insert(Segment).values(rows).on_conflict_do_nothing())


def create(session: Session, tenant: Tenant, values: Mapping[str, Any], *, now: datetime) -> Segment:
    """A new segment from `name` and either `preset` (with `parameters`) or `definition`; its members are stored.

    Raises `Unacceptable` with the fields that are wrong, `Conflict` for a name that another segment has.
    """
    _refuse_unknown(values)
    membership.hold(session)
    name = _name(values.get("name"))
    asked = _question(session, values)
    segment = Segment(name=name, **asked, size=0, created_at=now, updated_at=now)
    session.add(segment)
    _flush(session)
    membership.fill(session, segment, Scope.of(tenant, now=now))
    return segment


def update(session: Session, tenant: Tenant, segment_id: int, values: Mapping[str, Any], *, now: datetime) -> Segment:
    """Change what is given of `name`, `parameters` and `definition`; what is absent stays. Members follow at once."""
    _refuse_unknown(values)
    membership.hold(session)
    segment = in_use(session, segment_id)
    if "name" in values:
        segment.name = _name(values["name"])
    asked = _changed(session, segment, values)
    for field, value in asked.items():
        setattr(segment, field, value)
    segment.updated_at = now
    _flush(session)
    if asked:
        _fill_with_those_that_ask(session, tenant, segment, now=now)
    return segment


def copy(session: Session, tenant: Tenant, segment_id: int, *, name: str, now: datetime) -> Segment:
    """The same question under another name."""
    segment = get(session, segment_id)
    asked = {"definition": segment.definition} if segment.definition else _numbers_of(segment)
    return create(session, tenant, {"name": name, **asked}, now=now)


def without(session: Session, tenant: Tenant, *, name: str, inside: int, outside: int, now: datetime) -> Segment:
    """A segment of the members who are in one segment but not in another; it follows both."""
    for field, segment_id in (("inside", inside), ("outside", outside)):
        if session.scalar(listing().where(Segment.id == segment_id)) is None:
            raise Unacceptable.at(field, say("Choose a segment."))
    definition = {"all": [_in_segment(inside), {"not": _in_segment(outside)}]}
    return create(session, tenant, {"name": name, "definition": definition}, now=now)


def archive(session: Session, segment_id: int, *, now: datetime) -> Segment:
    """Put a segment away: nobody is in it any more, and its name is free. `Conflict` while another one asks for it."""
    membership.hold(session)
    segment = in_use(session, segment_id)
    if users := used_by(session, segment_id):
        names = ", ".join(f"“{each.name}”" for each in users)
        raise Conflict(say("This segment is used by %(names)s. Change that first.", names=names))
    segment.archived_at, segment.size = now, 0
    session.execute(delete(SegmentMember).where(SegmentMember.segment_id == segment_id))
    session.flush()
    return segment


def get(session: Session, segment_id: int) -> Segment:
    """The segment of this id, also one that was put away."""
    return _found(session.scalar(select(Segment).where(Segment.id == segment_id)))


def in_use(session: Session, segment_id: int) -> Segment:
    """The segment of this id, unless it was put away."""
    return _found(session.scalar(listing().where(Segment.id == segment_id)))


def listing() -> Select[Segment]:
    """The segments in use."""
    return select(Segment).where(Segment.archived_at.is_(None))


def preview(
    session: Session, tenant: Tenant, values: Mapping[str, Any], *, now: datetime, segment_id: int | None = None
) -> Preview:
    """How many a question finds before it is saved: `definition`, or `preset` with `parameters`.

    `segment_id` is the segment being edited: it may not ask for itself.
    """
    asked = Segment(**_question(session, values, segment_id=segment_id))
    found = membership.question(session, asked, Scope.of(tenant, now=now))
    look = _look_at_preset if asked.preset else _look_at_definition
    count, ids = look(session, found)
    return Preview(count, _sample(session, ids))


def members(segment_id: int) -> Select[Member, datetime]:
    """The members of a segment as `Member, since`."""
    inside = select(Member, SegmentMember.since).join(SegmentMember, SegmentMember.member_id == Member.id)
    return inside.where(SegmentMember.segment_id == segment_id)


def of_members(session: Session, member_ids: Sequence[int]) -> dict[int, list[Segment]]:
    """The segments that each of these members is in, by name."""
    rows = session.execute(
        select(SegmentMember.member_id, Segment)
        .join(Segment, Segment.id == SegmentMember.segment_id)
        .where(SegmentMember.member_id.in_(member_ids), Segment.archived_at.is_(None))
        .order_by(Segment.name_key, Segment.id)
    )
    found: dict[int, list[Segment]] = {}
    for member_id, segment in rows:
        found.setdefault(member_id, []).append(segment)
    return found


def sizes(session: Session, segment_id: int, *, since: date) -> list[tuple[date, int]]:
    """How many members it had at the end of each day."""
    noted = select(SegmentSize.day, SegmentSize.size).where(SegmentSize.segment_id == segment_id)
    rows = session.execute(noted.where(SegmentSize.day >= since).order_by(SegmentSize.day))
    return [(row.day, row.size) for row in rows]


def used_by(session: Session, segment_id: int) -> list[Segment]:
    """The segments in use that ask for this one, by name."""
    asking = [each for each in session.scalars(listing()) if segment_id in segment_order.sources_of(each)]
    return sorted(asking, key=lambda each: each.name_key)


def _preset(preset: str, now: datetime) -> dict[str, Any]:
    numbers = presets.checked(preset, None)
    asked = {"preset": preset, "parameters": numbers, "definition": None}
    return {"name": NAMES[preset], **asked, "created_at": now, "updated_at": now}


def _ready(names: Mapping[str, str], definition: Tree, tenant: Tenant, now: datetime) -> dict[str, Any]:
    name = names.get(tenant.locale[:2], names["en"])
    asked = {"preset": None, "parameters": None, "definition": definition}
    return {"name": name, **asked, "created_at": now, "updated_at": now}


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    errors = [FieldError(field, say("Not a field of a segment.")) for field in values if field not in FIELDS]
    if errors:
        raise Unacceptable(say("This segment cannot be saved."), errors)


def _name(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME or not name.strip().isprintable():
        raise Unacceptable.at("name", say("Give a name of at most %(most)s characters.", most=LONGEST_NAME))
    return name.strip()


def _question(session: Session, values: Mapping[str, Any], *, segment_id: int | None = None) -> dict[str, Any]:
    preset, definition = values.get("preset"), values.get("definition")
    if (preset is None) == (definition is None):
        raise Unacceptable.at("definition", say("Give either a preset or a definition."))
    if definition is None:
        return {
            "preset": preset,
            "parameters": presets.checked(str(preset), values.get("parameters")),
            "definition": None,
        }
    if values.get("parameters") is not None:
        raise Unacceptable.at("parameters", say("Only a preset has parameters."))
    conditions.check(session, definition, path="definition", segment_id=segment_id)
    _refuse_any_segment(definition)
    return {"preset": None, "parameters": None, "definition": definition}


def _refuse_any_segment(definition: Tree) -> None:
    """Whether somebody is in any segment hangs on the answer itself."""
    errors = [
        FieldError(f"definition{spot}.op", say("Name the segments that you mean."))
        for spot, leaf in trees.leaves(definition)
        if leaf["fact"] == "segments" and leaf.get("value") is None
    ]
    if errors:
        raise Unacceptable(errors[0].message, errors)


def _changed(session: Session, segment: Segment, values: Mapping[str, Any]) -> dict[str, Any]:
    """The question of a segment after a change; numbers that are absent stay."""
    given = {field: values[field] for field in ("preset", "parameters", "definition") if values.get(field) is not None}
    if not given:
        return {}
    if "definition" not in given:
        preset = given.get("preset", segment.preset)
        if preset is None:
            raise Unacceptable.at("parameters", say("Only a preset has parameters."))
        stays = (segment.parameters or {}) if preset == segment.preset else {}
        numbers = given.get("parameters", {})
        given = {"preset": preset, "parameters": {**stays, **numbers} if isinstance(numbers, Mapping) else numbers}
    return _question(session, given, segment_id=segment.id)


def _fill_with_those_that_ask(session: Session, tenant: Tenant, segment: Segment, *, now: datetime) -> None:
    changed = {segment.id}
    for each in membership.living(session):
        if each.segment.id in changed or each.sources & changed:
            changed.add(each.segment.id)
            membership.fill(session, each.segment, Scope.of(tenant, now=now))


def _numbers_of(segment: Segment) -> dict[str, Any]:
    return {"preset": segment.preset, "parameters": segment.parameters}


def _found(segment: Segment | None) -> Segment:
    if segment is None:
        raise NotFound(say("There is no such segment."))
    return segment


def _in_segment(segment_id: int) -> dict[str, Any]:
    return {"fact": "segments", "op": "contains", "value": segment_id}


def _look_at_preset(session: Session, found: Select[int]) -> tuple[int, Sequence[int]]:
    """How many, and a few of their ids: indexes count without touching a row, and end early when a few are enough."""
    count = session.scalar(select(func.count()).select_from(found.subquery()))
    return count or 0, session.scalars(found.limit(SAMPLE)).all()


def _look_at_definition(session: Session, found: Select[int]) -> tuple[int, Sequence[int]]:
    """The same where asking twice would cost twice."""
    once = found.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    ids = func.array(select(once.c[0]).limit(SAMPLE).scalar_subquery())
    row = session.execute(select(select(func.count()).select_from(once).scalar_subquery(), ids)).one()
    return row[0], row[1]


def _sample(session: Session, member_ids: Sequence[int]) -> list[Inside]:
    people = select(Member.id, Member.external_id, Member.first_name, Member.last_name)
    rows = session.execute(people.where(Member.id.in_(member_ids)).order_by(Member.id))
    return [Inside(*row, since=None) for row in rows]


def _flush(session: Session) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if "uq_segments_name" not in str(error.orig):
            raise
        raise Conflict(
            say("Another segment has this name."), [FieldError("name", say("Another segment has this name."))]
        ) from error
