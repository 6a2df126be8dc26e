"""What an unlocked reward says to its member: once per channel and unlock, or the reason why not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.delivery import quiet_hours
from domain.delivery.policy import (
    CONSENT,
    CONTROL_GROUP,
    ERASED,
    MARKET,
    PAUSED,
    PERSON,
    SUPPRESSION,
    UNREACHABLE,
    UNWANTED,
    WORDING,
)
from models.message import MessageState, Reason

EXPIRES_AFTER = timedelta(hours=72)
LATE_AFTER = timedelta(hours=48)
NOISY = tuple(channel.value for channel in quiet_hours.NOISY)

_UNLOCKS = """
    SELECT e.tenant_id, e.id AS reward_event_id, e.member_id, e.reward_id, rc.channel, rc.template_id,
           'reward:' || r.id AS cause, r.control_group_percent,
           'rewards'::text AS topic, r.message_delay_minutes AS delay, p.occurred_at AS bought_at,
           CASE WHEN r.message_delay_minutes = 0 AND rc.channel = 'email' THEN NULL ELSE r.quiet_from END AS quiet_from,
           CASE WHEN r.message_delay_minutes = 0 AND rc.channel = 'email' THEN NULL ELSE r.quiet_to END AS quiet_to,
           coalesce(l.timezone, t.timezone) AS timezone_here
      FROM reward_events e
      JOIN tenants t ON t.id = e.tenant_id
      JOIN rewards r ON r.tenant_id = e.tenant_id AND r.id = e.reward_id AND r.messages_enabled
      JOIN reward_channels rc ON rc.tenant_id = r.tenant_id AND rc.reward_id = r.id
      LEFT JOIN purchases p ON p.tenant_id = e.tenant_id AND p.id = e.purchase_id
      LEFT JOIN locations l ON l.tenant_id = p.tenant_id AND l.id = p.location_id
     WHERE e.id = ANY(:reward_event_ids)"""
_ZONE = "coalesce(w.timezone, x.timezone_here)"
_HOURS_OF = """
    CASE WHEN x.channel <> ALL(:noisy) THEN NULL
         WHEN w.phone_country = 'US' THEN 'US-' || substr(w.phone, 3, 3)
         ELSE coalesce(w.phone_country, w.country, t.country) END"""

_NIGHTS = text(f"""
    WITH x AS ({_UNLOCKS})
    SELECT DISTINCT x.delay, {_ZONE} AS timezone, x.quiet_from, x.quiet_to, {_HOURS_OF} AS hours_of
      FROM x JOIN tenants t ON t.id = x.tenant_id {PERSON}""")  # noqa: S608 (our own fragments)

_PLAN = text(f"""
    WITH x AS ({_UNLOCKS}),
    nights AS (
      SELECT * FROM unnest(CAST(:delays AS bigint[]), CAST(:zones AS text[]), CAST(:quiet_froms AS smallint[]),
                           CAST(:quiet_tos AS smallint[]), CAST(:hours AS text[]), CAST(:dues AS timestamptz[]))
             AS n (delay, timezone, quiet_from, quiet_to, hours_of, due_at)),
    speaking AS MATERIALIZED (SELECT DISTINCT channel FROM gateways),
    -- The nights are joined to what is judged already: nobody can tell how many rows that join leaves, and a low guess
    -- in the middle would have every suppression looked at for every message.
    judged AS MATERIALIZED (
      SELECT x.*, {_ZONE} AS timezone, {_HOURS_OF} AS hours_of, CASE
             {ERASED}
             WHEN CAST(:held_back AS text) IS NOT NULL THEN CAST(:held_back AS text)
             WHEN x.bought_at < :late_before THEN 'expired'
             {UNREACHABLE} {UNWANTED} {PAUSED} {MARKET}
             WHEN b.id IS NULL THEN 'template_missing' {WORDING}
             WHEN g.channel IS NULL THEN 'gateway_missing' {CONTROL_GROUP} END AS reason
        FROM x JOIN tenants t ON t.id = x.tenant_id {PERSON} {CONSENT} {SUPPRESSION}
        LEFT JOIN templates b ON b.tenant_id = x.tenant_id AND b.id = x.template_id AND b.archived_at IS NULL
        LEFT JOIN speaking g ON g.channel = x.channel)
    INSERT INTO messages (tenant_id, member_id, cause, occasion, channel, topic, lane, state, reason, template_id,
                          due_at, expires_at, timezone, quiet_from, quiet_to, hours_of, created_at)
    SELECT tenant_id, member_id, cause, 'reward_event:' || reward_event_id, channel, topic, 'instant',
           CASE WHEN reason IS NULL THEN 'planned' ELSE 'skipped' END, reason, template_id,
           n.due_at, n.due_at + :expires_after, j.timezone, j.quiet_from, j.quiet_to, j.hours_of, :now
      FROM judged j
      JOIN nights n ON n.delay = j.delay AND n.timezone = j.timezone
           AND n.quiet_from IS NOT DISTINCT FROM j.quiet_from AND n.quiet_to IS NOT DISTINCT FROM j.quiet_to
           AND n.hours_of IS NOT DISTINCT FROM j.hours_of
        ON CONFLICT ON CONSTRAINT uq_messages_once DO NOTHING""")  # noqa: S608 (our own fragments)

_CANCEL = text(f"""
    UPDATE messages m SET state = '{MessageState.CANCELLED}', reason = '{Reason.EVENT_HAPPENED}', settled_at = :now,
           lease_until = NULL
      FROM reward_events e
     WHERE e.id = ANY(:reward_event_ids) AND m.tenant_id = e.tenant_id AND m.cause = 'reward:' || e.reward_id
       AND m.occasion = 'reward_event:' || e.id AND m.state IN ('planned', 'claimed')""")  # noqa: S608 (our own fragments)


def plan(session: Session, reward_event_ids: Sequence[int], *, now: datetime, held_back: Reason | None = None) -> int:
    """Plan what these unlocks say to their members and return how many messages were written down.

    Told twice about the same unlock it plans once. `held_back` is a reason that holds for all of them: an import of
    old purchases counts, but its messages come too late (`expired`).
    """
    unlocks = {"reward_event_ids": list(reward_event_ids), "noisy": list(NOISY)}
    nights = session.execute(_NIGHTS, unlocks).all() if unlocks["reward_event_ids"] else []
    if not nights:
        return 0
    values = (
        unlocks
        | _dues(nights, now)
        | {
            "now": now,
            "late_before": now - LATE_AFTER,
            "expires_after": EXPIRES_AFTER,
            "held_back": held_back,
        }
    )
    return session.execute(_PLAN, values).rowcount  # type: ignore[attr-defined]


def cancel(session: Session, reward_event_ids: Sequence[int], *, now: datetime) -> int:
    """Stop what has not left about unlocks that were withdrawn or redeemed; returns how many messages that were."""
    if not reward_event_ids:
        return 0
    happened = {"reward_event_ids": list(reward_event_ids), "now": now}
    return session.execute(_CANCEL, happened).rowcount  # type: ignore[attr-defined]


def _dues(nights: Sequence[Any], now: datetime) -> dict[str, list[Any]]:
    return {
        "delays": [night.delay for night in nights],
        "zones": [night.timezone for night in nights],
        "quiet_froms": [night.quiet_from for night in nights],
        "quiet_tos": [night.quiet_to for night in nights],
        "hours": [night.hours_of for night in nights],
        "dues": [_due(night, now) for night in nights],
    }


def _due(night: Any, now: datetime) -> datetime:
    quiet = None if night.quiet_from is None else (night.quiet_from, night.quiet_to)
    return quiet_hours.next_allowed(now + timedelta(minutes=night.delay), night.timezone, quiet, night.hours_of)
