"""Members as rows of a table, under the names that an import understands: what goes out can come in again.

Everybody, or whom a question finds (a select of members' ids), a batch at a time in the order of ids, so that no
transaction stays open while somebody reads slowly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.audience import tag_holders
from domain.audience.imports.columns import ATTRIBUTE, IDENTITY, PROFILE
from models.consent import ConsentState
from models.member import Member

BATCH = 1000
MOST_ATTRIBUTES = 100
PLAIN = (*IDENTITY, *PROFILE)

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """What the café knows of its members: fields of its own, and channels and topics that anybody answered."""

    attributes: Sequence[str]
    consents: Sequence[tuple[str, str]]

    @property
    def header(self) -> list[str]:
        """The names of all columns."""
        asked = [f"consent_{channel}_{topic}" for channel, topic in self.consents]
        return [*PLAIN, "tags", *asked, *(f"{ATTRIBUTE}{name}" for name in self.attributes)]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows, and the id of the last member in them."""

    rows: Sequence[Row]
    last_id: int


def columns(session: Session) -> Columns:
    """The columns of an export of the café we act for."""
    name = func.jsonb_object_keys(Member.attributes).label("name")
    named = select(name).where(Member.erased_at.is_(None)).distinct().order_by(name).limit(MOST_ATTRIBUTES)
    answered = select(ConsentState.channel, ConsentState.topic).distinct()
    pairs = session.execute(answered.order_by(ConsentState.channel, ConsentState.topic))
    return Columns(list(session.scalars(named)), [(channel, topic) for channel, topic in pairs])


def batch(session: Session, known: Columns, *, whom: Select[int] | None = None, after_id: int) -> Batch | None:
    """The next members behind an id: all of them, or those whose ids `whom` finds. None when there are no more."""
    query = select(Member).where(Member.erased_at.is_(None), Member.id > after_id).order_by(Member.id).limit(BATCH)
    if whom is not None:
        query = query.where(Member.id.in_(whom))
    members = list(session.scalars(query))
    if not members:
        return None
    ids = [member.id for member in members]
    tags, answers = tag_holders.names_of_many(session, ids), _answers(session, ids)
    return Batch([_row(member, tags.get(member.id, []), answers, known) for member in members], ids[-1])


def _answers(session: Session, ids: Sequence[int]) -> dict[tuple[int, str, str], bool]:
    state = ConsentState
    answered = select(state.member_id, state.channel, state.topic, state.granted).where(state.member_id.in_(ids))
    rows = session.execute(answered)
    return {(member_id, channel, topic): granted for member_id, channel, topic, granted in rows}


def _row(member: Member, tags: Sequence[str], answers: dict[tuple[int, str, str], bool], known: Columns) -> Row:
    said = (answers.get((member.id, *pair)) for pair in known.consents)
    own = (member.attributes.get(name) for name in known.attributes)
    return (*(getattr(member, name) for name in PLAIN), ", ".join(tags), *said, *own)
