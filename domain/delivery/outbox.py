"""Claiming what is due: one worker takes a batch for itself, and the policy is asked again in that transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.delivery import duty, policy, quiet_hours
from domain.delivery.leases import LEASE
from models.gateway import GatewayAccount

REWARD_EVENT = "reward_event:"
SOON = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that one worker has for itself until its lease runs out."""

    id: int
    member_id: int | None
    cause: str
    occasion: str
    channel: str
    topic: str
    template_id: int | None
    expires_at: datetime | None
    timezone: str | None
    quiet_from: int | None
    quiet_to: int | None
    hours_of: str | None
    values: dict[str, Any] | None  # its own finished words, if it carries any
    attempts: int
    address: str | None
    due_at: datetime

    @property
    def reward_event_id(self) -> int | None:
        """The unlock it is about, if it is about one."""
        return int(self.occasion[len(REWARD_EVENT) :]) if self.occasion.startswith(REWARD_EVENT) else None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a claim brought: messages to send, and how many the policy took out of it."""

    owner: str
    messages: list[Claimed]
    cancelled: int = 0
    moved: int = 0


# What is due is found by its index alone, in its order: gateway and café are looked at once, beforehand.
_CLAIM = text(f"""
    WITH due AS (
      SELECT id FROM messages
       WHERE channel = :channel AND lane = :lane AND state = 'planned' AND due_at <= :now
         AND EXISTS (SELECT FROM gateways g JOIN tenants t ON t.id = g.tenant_id
                      WHERE g.id = :gateway_id AND t.paused_at IS NULL AND {duty.ON_DUTY})
       ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED)
    UPDATE messages m
       SET state = 'claimed', claimed_by = :owner, lease_until = clock_timestamp() + :lease, gateway_id = :gateway_id,
           cost = NULL, priced_at = NULL  -- priced anew: by another gateway, perhaps in another month
     WHERE m.id = ANY (ARRAY (SELECT id FROM due))
 RETURNING m.id, m.member_id, m.cause, m.occasion, m.channel, m.topic, m.template_id, m.expires_at, m.timezone,
           m.quiet_from, m.quiet_to, m.hours_of, nullif(m.placeholder_values, '{{}}') AS own_values, m.attempts,
           m.address, m.due_at""")  # noqa: S608 (our own fragment)

# A member's messages on a channel leave in order: what another worker has of theirs goes first.
_BUSY = text("""
    SELECT DISTINCT member_id FROM messages
     WHERE state IN ('claimed', 'attempting') AND lease_until IS NOT NULL AND claimed_by <> :owner
       AND channel = :channel AND member_id = ANY(:members)""")

# Small sets with the names of their tables: joined to a batch, the tables themselves would be read whole.
_JUDGE = text(f"""
    WITH members AS MATERIALIZED (SELECT * FROM members WHERE id = ANY(:members)),
    consent_states AS MATERIALIZED (
      SELECT member_id, channel, topic, granted, paused_until FROM consent_states
       WHERE member_id = ANY(:members) AND channel = :channel),
    reward_events AS MATERIALIZED (
      SELECT id, reward_id, state, valid_until FROM reward_events WHERE id = ANY(:unlocks)),
    x AS (
      SELECT u.reward_event_id, m.* FROM unnest(CAST(:ids AS bigint[]), CAST(:unlock_of AS bigint[]))
             AS u (message_id, reward_event_id) JOIN messages m ON m.id = u.message_id AND m.id = ANY(:ids)),
    judged AS (
      SELECT x.id, CASE {policy.ERASED} {policy.OVERTAKEN} {policy.UNREACHABLE} {policy.UNWANTED} {policy.PAUSED}
             {policy.MARKET} {policy.WORDING} {policy.FREQUENCY} END AS reason
        FROM x CROSS JOIN tenants t {policy.PERSON} {policy.CONSENT} {policy.SUPPRESSION} {policy.REWARD}
       WHERE t.id = current_setting('app.tenant_id')::bigint)
    SELECT id, reason FROM judged WHERE reason IS NOT NULL""")  # noqa: S608 (our own fragments)

_HOLD_BACK = text("""
    UPDATE messages m SET state = 'cancelled', reason = no.reason, settled_at = :now, lease_until = NULL
      FROM unnest(CAST(:ids AS bigint[]), CAST(:reasons AS text[])) AS no (id, reason)
     WHERE m.id = no.id AND m.claimed_by = :owner AND m.state = 'claimed'""")

_MOVE = text("""
    UPDATE messages m SET state = 'planned', due_at = moved.due_at, claimed_by = NULL, lease_until = NULL
      FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS timestamptz[])) AS moved (id, due_at)
     WHERE m.id = moved.id AND m.claimed_by = :owner AND m.state = 'claimed'""")


def claim(session: Session, account: GatewayAccount, lane: str, *, owner: str, limit: int, now: datetime) -> Batch:
    """Take up to `limit` due messages of one gateway and lane, oldest first, and ask the policy again.

    As many as the gateway has room for, and one of each member at a time. What must wait goes back, with a later
    `due_at` if it waits for an hour of the day; what is a no is cancelled with its reason.
    """
    room = duty.room(session, account, wanted=limit)
    claimed = _taken(session, account, lane, owner=owner, limit=room, now=now) if room > 0 else []
    if not claimed:
        return Batch(owner, [])
    held_back = _held_back(session, claimed, account.channel, owner, now)
    asked = [each for each in claimed if each.id not in held_back]
    later = {each.id: due for each in asked if (due := _allowed(each, now)) > now}
    ready = [each for each in asked if each.id not in later]
    first = _first_of_each(ready)
    busy = _busy(session, [each for each in ready if each.id in first], owner)
    back = later | {
        each.id: now + SOON if each.id in busy else each.due_at for each in ready if each.id not in first - busy
    }
    if back:
        session.execute(_MOVE, {"ids": list(back), "dues": list(back.values()), "owner": owner})
    leaving = [each for each in ready if each.id not in back]
    duty.use(session, account, len(leaving))
    return Batch(owner, leaving, cancelled=len(held_back), moved=len(back))


def _taken(
    session: Session, account: GatewayAccount, lane: str, *, owner: str, limit: int, now: datetime
) -> list[Claimed]:
    asked = {
        "gateway_id": account.id,
        "channel": account.channel,
        "lane": lane,
        "owner": owner,
        "limit": limit,
        "lease": LEASE,
        "now": now,
    }
    rows = session.execute(_CLAIM, asked)
    return sorted((Claimed(*row) for row in rows), key=lambda each: (each.due_at, each.id))


def _first_of_each(ready: Sequence[Claimed]) -> set[int]:
    """The ids of the messages that come before everything else to the same member."""
    first: dict[int, int] = {}
    for each in ready:
        first.setdefault(each.member_id if each.member_id is not None else -each.id, each.id)
    return set(first.values())


def _busy(session: Session, first: Sequence[Claimed], owner: str) -> set[int]:
    """The ids of those whose member another worker is writing to right now."""
    members = [each.member_id for each in first if each.member_id is not None]
    if not members:
        return set()
    asked = {"owner": owner, "channel": first[0].channel, "members": members}
    theirs = set(session.scalars(_BUSY, asked))
    return {each.id for each in first if each.member_id in theirs}


def _held_back(session: Session, claimed: Sequence[Claimed], channel: str, owner: str, now: datetime) -> set[int]:
    """Cancel what must not leave any more; the ids of these messages."""
    unlocks = [each.reward_event_id for each in claimed]
    asked = {
        "ids": [each.id for each in claimed],
        "unlock_of": unlocks,
        "unlocks": [unlock for unlock in unlocks if unlock is not None],
        "members": [each.member_id for each in claimed if each.member_id is not None],
        "channel": channel,
        "now": now,
    }
    reasons: dict[int, str] = dict(session.execute(_JUDGE, asked).all())
    if reasons:
        no = {"ids": list(reasons), "reasons": list(reasons.values()), "owner": owner, "now": now}
        session.execute(_HOLD_BACK, no)
    return set(reasons)


def _allowed(message: Claimed, now: datetime) -> datetime:
    if message.timezone is None:
        return now
    quiet = None if message.quiet_from is None else (message.quiet_from, message.quiet_to or 0)
    return quiet_hours.next_allowed(now, message.timezone, quiet, message.hours_of)
