"""Members who turned out to be one: whatever named the row that went still leads to the one that was kept."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select, text, tuple_
from sqlalchemy.orm import Session

from models.merge import MemberAlias

_HOLD = text("SELECT id FROM members WHERE id = ANY(:ids) AND erased_at IS NULL ORDER BY id FOR KEY SHARE")
_KEPT = text("""
    WITH RECURSIVE path AS (
      SELECT gone_id AS began, kept_id FROM member_merges WHERE gone_id = ANY(:ids)
       UNION ALL
      SELECT path.began, m.kept_id FROM path JOIN member_merges m ON m.gone_id = path.kept_id)
    SELECT path.began, path.kept_id FROM path JOIN members w ON w.id = path.kept_id WHERE w.erased_at IS NULL""")


def find(session: Session, kind: str, value: str) -> int | None:
    """The member who is found by an address or number of a row that was merged into theirs.

    `kind` is `external_id`, `email` (lower case), `phone` (E.164) or `card`.
    """
    known = select(MemberAlias.member_id).where(MemberAlias.kind == kind, MemberAlias.value == value)
    return session.scalar(known)


def of_member(session: Session, member_id: int) -> list[str]:
    """Every address and number by which the member is found beside their own."""
    theirs = select(MemberAlias.value).where(MemberAlias.member_id == member_id)
    return list(session.scalars(theirs.order_by(MemberAlias.kind, MemberAlias.value)))


def without_theirs(session: Session, member_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without addresses that lead to the member as aliases: nothing new is said by them."""
    known = session.execute(select(MemberAlias.kind, MemberAlias.value).where(MemberAlias.member_id == member_id))
    theirs = {(kind, value) for kind, value in known}
    return {name: value for name, value in values.items() if (name, _spelling(name, value)) not in theirs}


def of_others(session: Session, member_id: int | None, values: Mapping[str, Any]) -> str | None:
    """The first of these values, `email`, `phone` or `card`, by which somebody else is found as an alias."""
    asked = [(kind, _spelling(kind, values[kind])) for kind in ("email", "phone", "card") if values.get(kind)]
    if not asked:
        return None
    theirs = select(MemberAlias.kind).where(tuple_(MemberAlias.kind, MemberAlias.value).in_(asked))
    return session.scalar(theirs.where(MemberAlias.member_id.is_distinct_from(member_id)).limit(1))


def kept(session: Session, member_ids: Iterable[int]) -> dict[int, int]:
    """Who was kept of members that were merged away, by the id that went. Erased ones and strangers are left out."""
    return dict(session.execute(_KEPT, {"ids": list(member_ids)}).all())


def hold(session: Session, member_ids: Iterable[int]) -> dict[int, int]:
    """Keep members from being merged or erased until the transaction ends: the living id of each id.

    One that was merged, perhaps a moment ago, leads to the one that was kept; an erased one is left out.
    """
    wanted = set(member_ids)
    found = {each: each for each in session.scalars(_HOLD, {"ids": sorted(wanted)})}
    if missing := wanted - found.keys():
        moved = kept(session, missing)
        living = set(session.scalars(_HOLD, {"ids": sorted(set(moved.values()))}))
        found |= {gone: into for gone, into in moved.items() if into in living}
    return found


def _spelling(kind: str, value: Any) -> Any:
    return value.lower() if kind == "email" and value else value
