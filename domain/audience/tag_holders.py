"""Who has which tag: since when, because of which bill or act, and until when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.orm import Session

from models.location import Location
from models.member import Member
from models.purchase import Purchase
from models.reward import Redemption, Reward
from models.tag import MemberTag, Tag

Because = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A tag that a member has: since when, by whose doing, because of what, and the day it ends by itself."""

    tag: Tag
    applied_at: datetime
    source: str
    because: Because
    lapses_on: date | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A member who has a tag, with the same."""

    member: Member
    applied_at: datetime
    source: str
    because: Because
    lapses_on: date | None


@dataclass(frozen=True, slots=True)
class Holders:
    """How many members have a tag, who has it longest, and who got it last."""

    count: int
    oldest: Holder | None
    newest: Holder | None


@dataclass(frozen=True, slots=True)
class Bill:
    """What stands behind a tag: a receipt, or a voucher by the reward's name."""

    occurred_at: datetime
    amount_minor: int
    currency: str
    channel: str
    location: str | None
    voucher: str | None = None


NOBODY = Holders(0, None, None)
_ENDS = text("""
    SELECT t.id, c.number, oldest.member_id AS oldest, newest.member_id AS newest
      FROM tags t JOIN (SELECT tag_id, count(*) AS number FROM member_tags
                         WHERE CAST(:tag_id AS bigint) IS NULL OR tag_id = :tag_id GROUP BY tag_id) c ON c.tag_id = t.id
     CROSS JOIN LATERAL (SELECT member_id FROM member_tags WHERE tag_id = t.id
                          ORDER BY applied_at, member_id LIMIT 1) oldest
     CROSS JOIN LATERAL (SELECT member_id FROM member_tags WHERE tag_id = t.id
                          ORDER BY applied_at DESC, member_id DESC LIMIT 1) newest""")
_COLUMNS = (MemberTag.applied_at, MemberTag.source, MemberTag.because, MemberTag.lapses_on)


def of_member(session: Session, member_id: int) -> list[Held]:
    """The tags a member has, the oldest first."""
    held = select(Tag, *_COLUMNS).join(MemberTag, MemberTag.tag_id == Tag.id)
    theirs = held.where(MemberTag.member_id == member_id, Tag.archived_at.is_(None))
    return [Held(*row) for row in session.execute(theirs.order_by(MemberTag.applied_at, Tag.id))]


def names_of_many(session: Session, member_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of the tags that each of these members has."""
    held = select(MemberTag.member_id, func.array_agg(Tag.name)).join(Tag, Tag.id == MemberTag.tag_id)
    theirs = held.where(MemberTag.member_id.in_(member_ids), Tag.archived_at.is_(None)).group_by(MemberTag.member_id)
    return {member_id: sorted(names) for member_id, names in session.execute(theirs)}


def of_tag(session: Session, tag_id: int, *, before: tuple[datetime, int] | None = None, limit: int) -> list[Holder]:
    """Members who have the tag, who got it last first; `before` is the instant and member's id of the last one seen."""
    held = select(Member, *_COLUMNS).join(MemberTag, MemberTag.member_id == Member.id)
    theirs = held.where(MemberTag.tag_id == tag_id, Member.erased_at.is_(None))
    if before is not None:
        theirs = theirs.where(tuple_(MemberTag.applied_at, MemberTag.member_id) < before)
    newest = theirs.order_by(MemberTag.applied_at.desc(), MemberTag.member_id.desc())
    return [Holder(*row) for row in session.execute(newest.limit(limit))]


def of_all(session: Session, *, tag_id: int | None = None) -> dict[int, Holders]:
    """By tag, for one or all: how many have it, the oldest and the newest. A tag that nobody has is missing."""
    ends = session.execute(_ENDS, {"tag_id": tag_id}).all()
    pairs = {(row.id, member_id) for row in ends for member_id in (row.oldest, row.newest)}
    held = select(MemberTag.tag_id, Member, *_COLUMNS).join(MemberTag, MemberTag.member_id == Member.id)
    rows = session.execute(held.where(tuple_(MemberTag.tag_id, MemberTag.member_id).in_(pairs))) if pairs else ()
    found = {(tag_id, member.id): Holder(member, *rest) for tag_id, member, *rest in rows}
    return {
        row.id: Holders(row.number, found.get((row.id, row.oldest)), found.get((row.id, row.newest))) for row in ends
    }


def bills(session: Session, reasons: Iterable[Because]) -> dict[str, dict[int, Bill]]:
    """The receipts and vouchers that these reasons name: `{"purchase": {id: Bill}, "redemption": {id: Bill}}`."""
    reasons = list(reasons)
    purchases = {each["purchase"] for each in reasons if "purchase" in each}
    redemptions = {each["redemption"] for each in reasons if "redemption" in each}
    return {
        "purchase": _receipts(session, purchases) if purchases else {},
        "redemption": _vouchers(session, redemptions) if redemptions else {},
    }


def _receipts(session: Session, ids: set[int]) -> dict[int, Bill]:
    row = Purchase
    columns = select(row.id, row.occurred_at, row.amount_minor - row.refunded_minor, row.currency, row.channel)
    known = columns.add_columns(Location.name).outerjoin(Location, Location.id == row.location_id)
    return {number: Bill(*bill) for number, *bill in session.execute(known.where(row.id.in_(ids)))}


def _vouchers(session: Session, ids: set[int]) -> dict[int, Bill]:
    row = Redemption
    used = (
        select(row.id, row.occurred_at, Location.name, Reward.name)
        .join(Reward, Reward.id == row.reward_id)
        .outerjoin(Location, Location.id == row.location_id)
        .where(row.id.in_(ids))
    )
    return {number: Bill(at, 0, "", "pos", place, name) for number, at, place, name in session.execute(used)}
