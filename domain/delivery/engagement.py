"""What guests do with a message: opened, clicked, complained, left. Each is an event of theirs, kept once a report.

An opening by a mail program that fetches everything, or a click by a scanner, is told as a machine's (`machine`).
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.audience import consent
from domain.audience.consent import Proof
from domain.delivery.ports import ReportKind
from domain.loyalty import summaries

KINDS = frozenset({ReportKind.OPENED, ReportKind.CLICKED, ReportKind.COMPLAINED, ReportKind.UNSUBSCRIBED})

_INSERT = text("""
    INSERT INTO events (type, member_id, occurred_at, recorded_at, source, external_id, properties)
    SELECT type, member_id, occurred_at, :now, 'gateway', external_id, properties
      FROM jsonb_to_recordset(CAST(:events AS jsonb))
        AS e (type text, member_id bigint, occurred_at timestamptz, external_id text, properties jsonb)
        ON CONFLICT (tenant_id, source, external_id) WHERE external_id IS NOT NULL DO NOTHING""")


def keep(session: Session, reports: Sequence[Any], *, now: datetime) -> None:
    """Write down what these reports (rows with their message's member, channel, topic and cause) say guests did."""
    told = [each for each in reports if each.kind in KINDS and each.member_id is not None]
    if not told:
        return
    session.execute(_INSERT, {"events": json.dumps([_event(each) for each in told]), "now": now})
    for each in told:
        if each.kind in (ReportKind.UNSUBSCRIBED, ReportKind.COMPLAINED):
            _leave(session, each, now=now)
    summaries.touch(session, sorted({each.member_id for each in told}), now=now)


def _event(report: Any) -> dict[str, Any]:
    about = {"message": report.found, "channel": report.channel, "topic": report.topic, "cause": report.cause}
    return {
        "type": f"message.{report.kind}",
        "member_id": report.member_id,
        "occurred_at": report.happened_at.isoformat(),
        "external_id": f"report:{report.id}",
        "properties": about | report.properties,
    }


def _leave(session: Session, report: Any, *, now: datetime) -> None:
    """Who left, or called it spam, hears no more about this on this channel."""
    proof = Proof(source=f"provider: {report.kind}", given_at=report.happened_at, address=report.address or "")
    consent.withdraw(session, report.member_id, proof, now=now, channel=report.channel, topic=report.topic)
