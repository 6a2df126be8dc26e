"""Rewards that speak, and members who unlocked one: many at once, as they stand before anything is planned."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain import clock
from domain.outreach import reward_setup
from domain.outreach.reward_setup import Words
from models.reward import Reward
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

_UNLOCK = text("""
    INSERT INTO reward_events (reward_id, member_id, number, code, unlocked_at, valid_until)
    SELECT :reward_id, id, 1, 'C' || id, :now, CAST(:now AS timestamptz) + interval '60 days'
      FROM members ORDER BY id RETURNING id""")


def offer(
    session: Session, channels: list[str], *, name: str = "Ten percent", currency: str = "points", threshold: int = 100
) -> Reward:
    """A reward that speaks at once through `channels`, saved with its words as an owner does."""
    tenant = session.get_one(Tenant, current_tenant_id.get())
    values = {
        "name": name,
        "currency": currency,
        "threshold": threshold,
        "cost": threshold,
        "discount": {"percent": "10"},
        "valid_days": 60,
        "messages": {"enabled": True, "delay_minutes": 0, "quiet_hours": None},
    }
    return reward_setup.save(session, tenant, None, values, channels=channels, words=WORDS, now=clock.now())


def unlock(session: Session, reward: Reward, *, now: datetime) -> list[int]:
    """Every member unlocks the reward: the ids of the reward events."""
    return list(session.scalars(_UNLOCK, {"reward_id": reward.id, "now": now}))
