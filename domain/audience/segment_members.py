"""Who is in a segment, a page at a time: for lists the newest first, for files everybody in the order of ids."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from models.member import Member
from models.segment import SegmentMember

Inside = tuple[Member, datetime]


def newest(session: Session, segment_id: int, *, before: tuple[datetime, int] | None, limit: int) -> Sequence[Inside]:
    """Members with the instant they entered, the newest first; `before` is the instant and id of the one above."""
    place = (SegmentMember.since, SegmentMember.member_id)
    inside = select(*place).where(SegmentMember.segment_id == segment_id)
    if before is not None:
        inside = inside.where(tuple_(*place) < before)
    page = inside.order_by(*(column.desc() for column in place)).limit(limit).subquery()
    people = select(Member, page.c.since).join(page, page.c.member_id == Member.id)
    return session.execute(people.order_by(page.c.since.desc(), page.c.member_id.desc())).all()


def after(session: Session, segment_id: int, *, member_id: int, limit: int) -> Sequence[Inside]:
    """The next members after this id."""
    inside = select(Member, SegmentMember.since).join(SegmentMember, SegmentMember.member_id == Member.id)
    inside = inside.where(SegmentMember.segment_id == segment_id, SegmentMember.member_id > member_id)
    return session.execute(inside.order_by(SegmentMember.member_id).limit(limit)).all()
