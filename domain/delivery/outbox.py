"""Claiming what is due: one worker takes a batch for itself, and the policy is asked again in that transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.delivery import policy, quiet_hours
from domain.delivery.leases import LEASE


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
    values: dict[str, Any]
    attempts: int
    address: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a claim brought: messages to send, and how many the policy took out of it."""

    owner: str
    messages: list[Claimed]
    cancelled: int = 0
    moved: int = 0


_CLAIM = text("""
    WITH due AS (
      SELECT m.id FROM messages m JOIN tenants t ON t.id = m.tenant_id AND t.paused_at IS NULL
             JOIN gateways g ON g.tenant_id = m.tenant_id AND g.id = :gateway_id AND g.stopped_at IS NULL
                  AND g.channel = m.channel
       WHERE m.lane = :lane AND m.state = 'planned' AND m.due_at <= :now
       ORDER BY m.due_at, m.id LIMIT :limit FOR UPDATE OF m SKIP LOCKED)
    UPDATE messages m
       SET state = 'claimed', claimed_by = :owner, lease_until = clock_timestamp() + :lease, gateway_id = :gateway_id
      FROM due WHERE m.id = due.id
 RETURNING m.id, m.member_id, m.cause, m.occasion, m.channel, m.topic, m.template_id, m.expires_at, m.timezone,
           m.quiet_from, m.quiet_to, m.hours_of, m.placeholder_values, m.attempts, m.address""")

_HOLD_BACK = text(f"""
    WITH x AS (SELECT * FROM messages WHERE id = ANY(:ids)),
    judged AS (
      SELECT x.id, CASE {policy.ERASED} {policy.OVERTAKEN} {policy.UNREACHABLE} {policy.UNWANTED} {policy.MARKET}
             END AS reason
        FROM x JOIN tenants t ON t.id = x.tenant_id
             {policy.PERSON} {policy.CONSENT} {policy.SUPPRESSION} {policy.REWARD})
    UPDATE messages m SET state = 'cancelled', reason = j.reason, settled_at = :now, lease_until = NULL
      FROM judged j WHERE m.id = j.id AND j.reason IS NOT NULL
 RETURNING m.id""")  # noqa: S608 (our own fragments)

_MOVE = text("""
    UPDATE messages m SET state = 'planned', due_at = moved.due_at, claimed_by = NULL, lease_until = NULL
      FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS timestamptz[])) AS moved (id, due_at)
     WHERE m.id = moved.id AND m.claimed_by = :owner AND m.state = 'claimed'""")


def claim(session: Session, gateway_id: int, lane: str, *, owner: str, limit: int, now: datetime) -> Batch:
    """Take up to `limit` due messages of one gateway and lane, and ask the policy again.

    What must wait goes back with a later `due_at`, what is a no is cancelled with its reason.
    """
    asked = {"gateway_id": gateway_id, "lane": lane, "owner": owner, "limit": limit, "lease": LEASE, "now": now}
    claimed = [Claimed(*row) for row in session.execute(_CLAIM, asked)]
    if not claimed:
        return Batch(owner, [])
    held_back = set(session.scalars(_HOLD_BACK, {"ids": [each.id for each in claimed], "now": now}))
    later = {each.id: due for each in claimed if each.id not in held_back and (due := _allowed(each, now)) > now}
    if later:
        session.execute(_MOVE, {"ids": list(later), "dues": list(later.values()), "owner": owner})
    ready = [each for each in claimed if each.id not in held_back and each.id not in later]
    return Batch(owner, ready, cancelled=len(held_back), moved=len(later))


def _allowed(message: Claimed, now: datetime) -> datetime:
    if message.timezone is None:
        return now
    quiet = None if message.quiet_from is None else (message.quiet_from, message.quiet_to or 0)
    return quiet_hours.next_allowed(now, message.timezone, quiet, message.hours_of)
