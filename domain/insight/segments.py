"""How a café's segments stand: how many are in each, and how that changed in a month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, case, select, tuple_
from sqlalchemy.orm import Session

from domain.audience import condition_names, presets, segments
from domain.trees import Tree
from models.segment import Segment, SegmentSize
from models.tag import Tag

MONTH = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """A segment, and its size at the end of the day a month ago; None when nobody counted then."""

    segment: Segment
    before: int | None

    @property
    def change(self) -> int | None:
        """How many more are in it than a month ago."""
        return None if self.before is None else self.segment.size - self.before


def listed(
    session: Session,
    *,
    today: date,
    words: str = "",
    is_archived: bool = False,
    after_id: int | None = None,
    limit: int = 50,
) -> Sequence[Standing]:
    """The segments whose name contains `words`, the three presets first, then by name; `after_id` is the one above."""
    wanted = Segment.archived_at.is_not(None) if is_archived else Segment.archived_at.is_(None)
    query = _standing(today).where(wanted, Segment.name_key.contains(words.strip().lower(), autoescape=True))
    if after_id is not None:
        above = segments.get(session, after_id)
        query = query.where(tuple_(*_ORDER) > (_RANKS.get(above.preset or "", len(_RANKS)), above.name_key, above.id))
    return [Standing(*row) for row in session.execute(query.order_by(*_ORDER).limit(limit))]


def of(session: Session, segment: Segment, *, today: date) -> Standing:
    """One segment."""
    return Standing(*session.execute(_standing(today).where(Segment.id == segment.id)).one())


def tags_that_ask(session: Session, segment_id: int) -> list[Tag]:
    """The tags whose rule asks for a segment, by name."""
    ruled = session.scalars(
        select(Tag).where(Tag.definition.is_not(None), Tag.archived_at.is_(None)).order_by(Tag.name)
    )
    return [tag for tag in ruled if ("segments", segment_id) in _named(tag.definition or {})]


def _named(tree: Tree) -> set[tuple[str, Any]]:
    return {(each.kind, each.value) for each in condition_names.named(tree)}


def _standing(today: date) -> Select[Segment, int | None]:
    """A day on which nobody counted has the size of the last one before it."""
    counted = select(SegmentSize.size).where(
        SegmentSize.segment_id == Segment.id, SegmentSize.day <= today - timedelta(days=MONTH)
    )
    return select(Segment, counted.order_by(SegmentSize.day.desc()).limit(1).scalar_subquery())


_RANKS = {preset: rank for rank, preset in enumerate(presets.NUMBERS)}
_ORDER = (case(_RANKS, value=Segment.preset, else_=len(_RANKS)), Segment.name_key, Segment.id)
