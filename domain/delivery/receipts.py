"""What providers tell later: kept as it came, applied after, forwards only. Repeats, delays and disorder do no harm."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.audience import freshness, suppression
from domain.delivery import engagement, parts
from domain.delivery.ports import DeliveryReport
from models.message import Report

BATCH = 500
GIVE_UP_AFTER = timedelta(days=3)  # a report that arrived before its message was settled waits; then it has no message

# What is told last does not matter, only what weighs most: the end is the same in whatever order reports come.
# A late bounce may follow a delivery; what was planned again although the provider took it is not sent twice.
_WEIGHT = "CASE {0} WHEN 'bounced' THEN 4 WHEN 'delivered' THEN 3 WHEN 'failed' THEN 2 WHEN 'sent' THEN 1 ELSE 0 END"
# Who opens, clicks, complains or leaves has the message.
_SHOWS = "CASE WHEN r.kind IN ('opened', 'clicked', 'complained', 'unsubscribed') THEN 'delivered' ELSE r.kind END"
_MAY_FOLLOW = f"""(
    (m.state IN ('attempting', 'unsure', 'sent', 'failed', 'delivered')
     OR (m.state IN ('planned', 'claimed') AND m.attempts > 0 AND r.kind <> 'failed'))
    AND {_WEIGHT.format(_SHOWS)} > {_WEIGHT.format("m.state")})"""

_WAITING = text("""
    SELECT r.id, r.kind, r.suppress, r.detail, r.properties, coalesce(r.reported_at, r.recorded_at) AS happened_at,
           p.id AS part, m.id AS found, m.member_id, m.channel, m.topic, m.cause, m.address
      FROM reports r
      LEFT JOIN LATERAL (
           SELECT p.id, p.message_id FROM message_parts p
            WHERE r.message_id IS NULL AND p.tenant_id = r.tenant_id AND p.gateway_id = r.gateway_id
              AND p.ref = r.provider_ref ORDER BY p.id DESC LIMIT 1) p ON true
      LEFT JOIN messages m ON m.tenant_id = r.tenant_id
           AND (m.id = coalesce(r.message_id, p.message_id)
                OR (r.message_id IS NULL AND p.id IS NULL AND m.provider_ref = r.provider_ref))
           AND m.gateway_id = r.gateway_id
     WHERE r.applied_at IS NULL AND r.recorded_at > :after
     ORDER BY r.recorded_at, r.id LIMIT :limit FOR UPDATE OF r SKIP LOCKED""")

_APPLY = text(f"""
    UPDATE messages m
       SET state = {_SHOWS}, lease_until = NULL,
           detail = CASE WHEN m.address IS NOT NULL THEN coalesce(nullif(r.detail, ''), m.detail) END,
           provider_ref = coalesce(m.provider_ref, r.provider_ref),
           sent_at = CASE r.kind WHEN 'failed' THEN m.sent_at
                     ELSE coalesce(m.sent_at, r.reported_at, CAST(:now AS timestamptz)) END,
           settled_at = coalesce(r.reported_at, CAST(:now AS timestamptz))
      FROM (SELECT DISTINCT ON (r.target) r.*
              FROM (SELECT told.message_id AS target, told.kind, o.id, o.tenant_id, o.detail, o.provider_ref,
                           o.reported_at
                      FROM unnest(CAST(:reports AS bigint[]), CAST(:messages AS bigint[]), CAST(:kinds AS text[]))
                           AS told (report_id, message_id, kind)
                      JOIN reports o ON o.id = told.report_id) AS r
              JOIN messages m ON m.tenant_id = r.tenant_id AND m.id = r.target AND {_MAY_FOLLOW}
             ORDER BY r.target, {_WEIGHT.format(_SHOWS)} DESC, r.id) AS r
     WHERE m.tenant_id = r.tenant_id AND m.id = r.target AND {_MAY_FOLLOW}""")  # noqa: S608 (our own fragments)

_APPLIED = text("UPDATE reports SET applied_at = :now WHERE id = ANY(:ids)")
# The member was forgotten meanwhile: what a provider says about their address is forgotten too.
_WORDLESS = text("UPDATE reports SET detail = '', properties = '{}' WHERE id = ANY(:ids)")
_GIVEN_UP = text("UPDATE reports SET applied_at = :now WHERE applied_at IS NULL AND recorded_at <= :before")


def store(session: Session, gateway_id: int, report: DeliveryReport, *, now: datetime) -> bool:
    """Keep what a provider told; False when it told the same before."""
    row = {
        "gateway_id": gateway_id,
        "key": report.key,
        "kind": report.kind.value,
        "message_id": report.message_id,
        "provider_ref": report.provider_ref,
        "detail": report.detail[:500],
        "suppress": report.suppress,
        "properties": report.properties,
        "reported_at": report.at,
        "recorded_at": now,
    }
    kept = insert(Report).values(row).on_conflict_do_nothing(constraint="uq_reports_once").returning(Report.id)
    return session.scalar(kept) is not None


def apply(session: Session, *, now: datetime) -> int:
    """Apply what waits, at most a batch; how many reports were dealt with. One whose message is not known yet waits."""
    session.execute(_GIVEN_UP, {"now": now, "before": now - GIVE_UP_AFTER})
    waiting = session.execute(_WAITING, {"limit": BATCH, "after": now - GIVE_UP_AFTER}).all()
    known = [row for row in waiting if row.found is not None]
    if not known:
        return 0
    told = {"reports": [row.id for row in known], "messages": [row.found for row in known], "now": now}
    session.execute(_APPLY, told | {"kinds": parts.kinds(session, known, now=now)})
    of_somebody = [row for row in known if row.address is not None]
    _suppress(session, of_somebody, now=now)
    engagement.keep(session, of_somebody, now=now)
    freshness.touch_for_messages(session, [row.member_id for row in of_somebody if row.member_id], now=now)
    session.execute(_APPLIED, {"ids": told["reports"], "now": now})
    if len(of_somebody) < len(known):
        session.execute(_WORDLESS, {"ids": [row.id for row in known if row.address is None]})
    return len(known)


def _suppress(session: Session, reports: Sequence[Any], *, now: datetime) -> None:
    for row in reports:
        if row.suppress:
            suppression.suppress(session, row.channel, row.address, row.suppress, now=now, detail=row.detail)
