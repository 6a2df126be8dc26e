"""How rewards are used, and whom their messages can reach."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.reward import Reward


@dataclass(frozen=True, slots=True)
class Standing:
    """A reward and its year: open now, running out within a week, redeemed since New Year's, unlocked ever."""

    id: int
    name: str
    threshold: int
    currency: str
    messages_enabled: bool
    channels: list[str]
    waiting: int
    redeemed: int
    unlocked: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How many members agreed to hear about rewards on a channel, and whether a gateway serves it."""

    agreed: int
    has_gateway: bool


_STANDING = """
    SELECT r.id, r.name, r.threshold, c.name AS currency, r.messages_enabled,
           coalesce(array(SELECT channel FROM reward_channels s WHERE s.tenant_id = r.tenant_id AND s.reward_id = r.id
                           ORDER BY channel), '{}') AS channels,
           coalesce(e.waiting, 0) AS waiting, coalesce(e.redeemed, 0) AS redeemed, coalesce(e.unlocked, 0) AS unlocked
      FROM rewards r
      JOIN currencies c ON c.tenant_id = r.tenant_id AND c.id = r.currency_id
      LEFT JOIN (SELECT reward_id, count(*) AS unlocked, count(*) FILTER (WHERE state = 'open') AS waiting,
                        count(*) FILTER (WHERE state = 'redeemed'
                                           AND closed_at >= date_trunc('year', now())) AS redeemed
                   FROM reward_events GROUP BY reward_id) e ON e.reward_id = r.id
"""
_LISTED = text(f"{_STANDING} WHERE r.archived_at IS NULL ORDER BY r.threshold, r.id")
_ONE = text(f"{_STANDING} WHERE r.id = :reward_id")
_REACH = text("""
    SELECT wanted.channel,
           (SELECT count(*) FROM consent_states s JOIN members m ON m.id = s.member_id
             WHERE s.channel = wanted.channel AND s.topic = 'rewards' AND s.granted AND m.erased_at IS NULL
               AND CASE wanted.channel WHEN 'email' THEN m.email IS NOT NULL ELSE m.phone_takes_texts END),
           EXISTS (SELECT 1 FROM gateways g WHERE g.channel = wanted.channel AND g.stopped_at IS NULL)
      FROM (VALUES ('sms'), ('email')) AS wanted (channel)
""")


def listed(session: Session) -> list[Standing]:
    """The rewards that can be earned, the easiest first."""
    return [Standing(*row) for row in session.execute(_LISTED)]


def of(session: Session, reward: Reward) -> Standing:
    """One reward."""
    return Standing(*session.execute(_ONE, {"reward_id": reward.id}).one())


def reach(session: Session) -> Mapping[str, Reach]:
    """By channel: who may be told about a reward."""
    return {channel: Reach(agreed, has_gateway) for channel, agreed, has_gateway in session.execute(_REACH)}
