"""Members who unlocked a reward that speaks: many at once, as they stand before anything is planned."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.outreach import reward_setup
from domain.outreach.reward_setup import Words
from models.tenancy import current_tenant_id
from models.tenant import Tenant

STORY = (
    "{{ member.first_name }}, you know how it goes here: the first cup is for waking up, the second one for the paper, "
    "and the third one, honestly, for the cake. We roast on Tuesdays, we hang new pictures on the first Friday of the "
    "month, and in between we keep your table by the window as long as we can. "
)
WORDS = Words(
    sms_body="{{ member.first_name }}, you've unlocked {{ reward.discount }} off. Code {{ reward.code }}.",
    email_subject="{{ member.first_name }}, you've unlocked a reward!",
    email_body=f"{STORY * 6}\n\nCome in and get {{{{ reward.discount }}}} off your entire purchase.",
)

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
_UNLOCK = text("""
    INSERT INTO reward_events (reward_id, member_id, number, code, unlocked_at, valid_until)
    SELECT :reward_id, id, 1, 'C' || id, :now, CAST(:now AS timestamptz) + interval '60 days'
      FROM members ORDER BY id RETURNING id""")


def invite(session: Session, count: int, *, now: datetime) -> None:
    """`count` members who can be reached by mail and text and agreed to hear about rewards."""
    session.execute(_INVITE, {"count": count, "now": now})


def lose_some(session: Session, *, now: datetime) -> None:
    """About every sixth message has a reason not to leave: no consent, taken back, no number, a dead address."""
    for statement in _LOSE:
        session.execute(statement, {"now": now})


def unlock(session: Session, channels: list[str], *, now: datetime) -> list[int]:
    """Every member unlocks a reward that speaks at once through `channels`: the ids of the reward events."""
    tenant = session.get_one(Tenant, current_tenant_id.get())
    values = {
        "name": "Ten percent",
        "currency": "points",
        "threshold": 100,
        "cost": 100,
        "discount": {"percent": "10"},
        "messages": {"enabled": True, "delay_minutes": 0, "quiet_hours": None},
    }
    reward = reward_setup.save(session, tenant, None, values, channels=channels, words=WORDS, now=now)
    return list(session.scalars(_UNLOCK, {"reward_id": reward.id, "now": now}))
