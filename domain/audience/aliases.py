"""Members who turned out to be one: whatever named the row that went still leads to the one that was kept."""

from collections.abc import Iterable

from sqlalchemy import select, text
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
