"""Facts of belonging: tags, segments."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import func, literal, select, true

from domain.audience.facts.fact import Asked, AudienceFact, Membership, Said
from domain.audience.facts.statement import Condition, Query, Statement
from domain.fact import Type
from models.segment import Segment, SegmentMember
from models.tag import MemberTag, Tag


def _tags(statement: Statement, _asked: Asked) -> Said:
    def of(names: Sequence[str] | None) -> Query:
        tagged = select(MemberTag.member_id).join(Tag, Tag.id == MemberTag.tag_id).where(Tag.archived_at.is_(None))
        tagged = tagged.where(*statement.members(MemberTag.member_id)).distinct()
        return (
            tagged if names is None else tagged.where(Tag.name_key.in_([func.lower(literal(each)) for each in names]))
        )

    return _membership(statement, "tags", of)


def _segments(statement: Statement, _asked: Asked) -> Said:
    def of(ids: Sequence[int] | None) -> Query:
        inside = select(SegmentMember.member_id).where(*statement.members(SegmentMember.member_id)).distinct()
        standing = select(Segment.id).where(Segment.archived_at.is_(None))
        if ids is not None:
            return inside.where(SegmentMember.segment_id.in_(ids))
        return inside.where(SegmentMember.segment_id.in_(standing))

    return _membership(statement, "segments", of)


def _membership(statement: Statement, name: str, of: Callable[[Sequence[Any] | None], Query]) -> Membership:
    def has(values: Sequence[Any] | None) -> Condition:
        statement.grouped((name, values and tuple(sorted(values))), lambda: of(values))
        return true()

    return Membership(has)


FACTS: tuple[AudienceFact, ...] = (
    AudienceFact("tags", Type.SET, "Tags", "regular", names="tags", family="groups", say=_tags),
    AudienceFact("segments", Type.IDS, "Segments", 12, names="segments", family="groups", say=_segments),
)
