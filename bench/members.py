"""Invented members of a café, any number of them in one statement."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_INVITE = text("""
    WITH made AS (
      INSERT INTO members (external_id, first_name, last_name, email, phone, phone_country, phone_takes_texts, card,
                           joined_on, timezone)
      SELECT 'm-' || n, (ARRAY['Nora', 'Zsófia', 'Emil', 'Ayşe', 'Theo'])[1 + n % 5], 'Novak ' || n,
             'nora' || n || '@example.com', '+43664' || 1000000 + n, 'AT', true, 'card-' || n, CAST(:now AS date),
             (ARRAY['Europe/Vienna', NULL, 'Europe/London', 'America/New_York'])[1 + n % 4]
        FROM generate_series(1, :count) AS n RETURNING id),
    agreed AS (
      INSERT INTO consents (member_id, channel, topic, granted, given_at, source)
      SELECT id, channel, 'rewards', true, :now, 'a paper form'
        FROM made CROSS JOIN (VALUES ('email'), ('sms')) AS c (channel) RETURNING id, member_id, channel, topic)
    INSERT INTO consent_states (member_id, channel, topic, granted, since, consent_id)
    SELECT member_id, channel, topic, true, :now, id FROM agreed""")
_LOSE = (
    text("DELETE FROM consent_states WHERE member_id % 10 = 3 AND channel = 'sms'"),
    text("UPDATE consent_states SET granted = false, closed_at = :now WHERE member_id % 20 = 7"),
    text("UPDATE members SET phone = NULL, phone_country = NULL WHERE id % 20 = 11"),
    text("""INSERT INTO suppressions (channel, address, reason, since)
            SELECT 'email', email_key, 'bounced', :now FROM members WHERE id % 50 = 19"""),
)


def invite(session: Session, count: int, *, now: datetime) -> None:
    """Members `m-1`, `m-2` … who can be reached by mail and text and agreed to hear about rewards."""
    session.execute(_INVITE, {"count": count, "now": now})


def lose_some(session: Session, *, now: datetime) -> None:
    """About every sixth message has a reason not to leave: no consent, taken back, no number, a dead address."""
    for statement in _LOSE:
        session.execute(statement, {"now": now})
