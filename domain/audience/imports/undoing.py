"""An import taken back, within a day: whom it enrolled is forgotten unless something happened to them since, what it
changed is put back unless somebody changed it again. What can't be taken back stays, and is told.

Consents are never edited: a yes that the file brought is followed by a no.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.audience import consent, erasure, membership, tags
from domain.audience.consent import Answer, Proof, Told
from domain.loyalty import summaries
from models.imports import Import, ImportChange
from models.member import Member

BATCH = 200  # members
DAYS = ("birthday", "joined_on")
SOURCE = "import undone"
PUT_BACK, REMOVED, KEPT = "put_back", "removed", "kept"

_ENROLLED = """
    SELECT member_id FROM events
     WHERE type = 'registration.completed' AND properties->>'import' = CAST(:import_id AS text)"""
_NEXT = text(f"""
    SELECT id FROM (
      {_ENROLLED}
       UNION
      SELECT member_id FROM import_changes WHERE import_id = :import_id) AS affected (id)
     WHERE id > :after ORDER BY id LIMIT :limit""")  # noqa: S608 (our own fragments)
_NEW = text(f"{_ENROLLED} AND member_id = ANY(:ids)")
# What else may have happened to somebody whom the import enrolled; whom nobody noticed yet can be forgotten.
_LIVED = text("""
    SELECT id FROM members m
     WHERE id = ANY(:ids)
       AND (m.erased_at IS NOT NULL OR m.updated_at <> m.created_at
            OR EXISTS (SELECT FROM purchases p WHERE p.member_id = m.id)
            OR EXISTS (SELECT FROM ledger_entries l WHERE l.member_id = m.id)
            OR EXISTS (SELECT FROM reward_events r WHERE r.member_id = m.id)
            OR EXISTS (SELECT FROM messages s WHERE s.member_id = m.id AND s.state <> 'skipped')
            OR EXISTS (SELECT FROM consents c WHERE c.member_id = m.id AND c.recorded_at <> :began)
            OR EXISTS (SELECT FROM member_tags t WHERE t.member_id = m.id AND t.source IN ('hand', 'api'))
            OR EXISTS (SELECT FROM member_merges g WHERE g.kept_id = m.id)
            OR EXISTS (SELECT FROM events e
                        WHERE e.member_id = m.id AND e.type <> 'registration.completed'
                          AND e.type NOT LIKE 'segment.%' AND e.type NOT LIKE 'tag.%'))""")
_TAGS = text("""
    SELECT tag_id, array_agg(member_id ORDER BY member_id) FROM member_tags
     WHERE member_id = ANY(:ids) AND source = 'import' AND because->>'import' = CAST(:import_id AS text)
     GROUP BY tag_id""")
_YESES = text("""
    SELECT s.member_id, s.channel, s.topic
      FROM consent_states s JOIN consents c ON c.tenant_id = s.tenant_id AND c.id = s.consent_id
     WHERE s.member_id = ANY(:ids) AND s.granted AND c.recorded_at = :began""")


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of some members, by `put_back`, `removed` and `kept`, and the id of the last of them."""

    figures: Counter[str]
    last_id: int


def undo_some(session: Session, row: Import, *, after: int, actor: str, now: datetime) -> Batch | None:
    """Take the import back for the next members behind id `after`; None when there are no more."""
    membership.hold(session)  # before the members are held, as all do who change memberships
    asked = {"import_id": row.id, "after": after, "limit": BATCH}
    ids = list(session.scalars(_NEXT, asked))
    if not ids:
        return None
    found = asked | {"ids": ids, "began": row.started_at}
    held = select(Member).where(Member.id.in_(ids)).order_by(Member.id).with_for_update()
    members = list(session.scalars(held.execution_options(populate_existing=True)))
    new, lived = set(session.scalars(_NEW, found)), set(session.scalars(_LIVED, found))
    forgotten = [member for member in members if member.id in new - lived]
    left = [member for member in members if member.id not in {each.id for each in forgotten}]
    figures = Counter({REMOVED: len(forgotten)})
    for member in forgotten:
        erasure.erase(session, member, now=now)
    _take_tags_off(session, found, [member.id for member in left], actor, now)
    _take_yeses_back(session, found, [member.id for member in left], actor, now)
    figures += _put_back(session, row, [member for member in left if member.erased_at is None], new, now)
    return Batch(figures, ids[-1])


def kept(session: Session, import_id: int, *, after_id: int | None, limit: int) -> list[Member]:
    """Members of whom an import that was undone could not be taken back, or not all of it."""
    theirs = select(Member).join(ImportChange, ImportChange.member_id == Member.id)
    query = theirs.where(ImportChange.import_id == import_id).order_by(Member.id).limit(limit)
    return list(session.scalars(query if after_id is None else query.where(Member.id > after_id)))


def _put_back(session: Session, row: Import, members: Sequence[Member], new: set[int], now: datetime) -> Counter[str]:
    query = select(ImportChange).where(
        ImportChange.import_id == row.id, ImportChange.member_id.in_([member.id for member in members])
    )
    changes = {change.member_id: change for change in session.scalars(query)}
    figures: Counter[str] = Counter()
    for member in members:
        if member.id in new:
            figures[KEPT] += 1
            _note(session, row, member, changes.get(member.id))
        elif _is_put_back(session, member, changes[member.id], now):
            figures[PUT_BACK] += 1
            session.execute(delete(ImportChange).where(_is(changes[member.id])))
        else:
            figures[KEPT] += 1
    summaries.touch(session, [member.id for member in members], now=now)
    return figures


def _is_put_back(session: Session, member: Member, change: ImportChange, now: datetime) -> bool:
    """Whether everything is as it was before. What was changed again since stays, and so does an address that somebody
    else has by now."""
    unchanged = {name: change.was[name] for name, value in change.became.items() if _plain(member, name) == value}
    try:
        with session.begin_nested():
            for name, value in unchanged.items():
                setattr(member, name, _typed(name, value))
            member.updated_at = now
            session.flush()
    except IntegrityError:
        session.refresh(member)
        return False
    return len(unchanged) == len(change.became)


def _note(session: Session, row: Import, member: Member, known: ImportChange | None) -> None:
    """Whom the import enrolled stays: the page that tells it finds them among the changes."""
    if known is None:
        session.add(ImportChange(import_id=row.id, member_id=member.id, was={}, became={}))
        session.flush()


def _take_tags_off(session: Session, found: dict[str, Any], ids: list[int], actor: str, now: datetime) -> None:
    for tag_id, member_ids in session.execute(_TAGS, found | {"ids": ids}).all():
        tag = tags.get(session, tag_id)
        if tag.rule is None and tag.definition is None and tag.archived_at is None:
            tags.take_off(session, tag, member_ids, source=SOURCE, actor=actor, now=now)


def _take_yeses_back(session: Session, found: dict[str, Any], ids: list[int], actor: str, now: datetime) -> None:
    proof = Proof(SOURCE, recorded_by=actor)
    rows = session.execute(_YESES, found | {"ids": ids}).all()
    told = [Told(row.member_id, Answer(row.channel, row.topic, granted=False), proof) for row in rows]
    consent.record_all(session, told, now=now)


def _plain(member: Member, name: str) -> Any:
    value = getattr(member, name)
    return value.isoformat() if isinstance(value, date) else value


def _typed(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if value and name in DAYS else value


def _is(change: ImportChange) -> Any:
    return (ImportChange.import_id == change.import_id) & (ImportChange.member_id == change.member_id)
