"""Where consent stands, told anew from everything a member ever said."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_PAUSE = text("SELECT max(paused_until) FROM consent_states WHERE member_id = ANY(:ids)")
_FORGET = text("DELETE FROM consent_states WHERE member_id = ANY(:ids)")
_RESTATE = text("""
    INSERT INTO consent_states (member_id, channel, topic, granted, since, is_dated, closed_at, paused_until,
                                consent_id)
    SELECT DISTINCT ON (channel, topic) member_id, channel, topic, granted, given_at, is_dated,
           max(given_at) FILTER (WHERE NOT granted) OVER (PARTITION BY channel, topic), :paused_until, id
      FROM consents WHERE member_id = :member_id
     ORDER BY channel, topic, is_dated DESC, given_at DESC, granted, id DESC""")


def restate(session: Session, member_id: int, *, instead_of: int | None = None) -> None:
    """Write the member's consent states anew, and take away those of the row that was merged into theirs.

    The latest word stands, and a tie is a no, as when the answers came one by one.
    """
    ids = [each for each in (member_id, instead_of) if each is not None]
    paused_until = session.scalar(_PAUSE, {"ids": ids})
    session.execute(_FORGET, {"ids": ids})
    session.execute(_RESTATE, {"member_id": member_id, "paused_until": paused_until})
