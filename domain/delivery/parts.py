"""Texts that left in several parts: one is delivered when all of its parts are, and fails with any of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.delivery.ports import ReportKind, SendResult

_KEEP = text("""
    INSERT INTO message_parts (message_id, gateway_id, number, ref)
    SELECT s.message_id, :gateway_id, s.number, s.ref
      FROM unnest(CAST(:messages AS bigint[]), CAST(:numbers AS smallint[]), CAST(:refs AS text[]))
           AS s (message_id, number, ref)
        ON CONFLICT (tenant_id, message_id, number)
           DO UPDATE SET ref = excluded.ref, gateway_id = excluded.gateway_id, delivered_at = NULL""")

# All parts of a text, held: two reports about two of its parts, applied side by side, would each find it incomplete.
_HOLD = text("SELECT id FROM message_parts WHERE message_id = ANY(:messages) ORDER BY id FOR UPDATE")
_DELIVERED = text("UPDATE message_parts SET delivered_at = :now WHERE id = ANY(:ids) AND delivered_at IS NULL")
_WHOLE = text("""
    SELECT message_id FROM message_parts WHERE message_id = ANY(:messages)
     GROUP BY message_id HAVING bool_and(delivered_at IS NOT NULL)""")


def keep(session: Session, gateway_id: int, results: Iterable[SendResult]) -> None:
    """Remember the ids of texts that left in several parts."""
    rows = [(each.message_id, number, ref) for each in results for number, ref in enumerate(each.part_refs, 1)]
    if rows:
        messages, numbers, refs = zip(*rows, strict=True)
        told = {"messages": list(messages), "numbers": list(numbers), "refs": list(refs)}
        session.execute(_KEEP, told | {"gateway_id": gateway_id})


def kinds(session: Session, reports: Sequence[Any], *, now: datetime) -> list[str]:
    """What each report (`kind`, `part`, `found`) says of its whole text: a part that arrived is only on its way."""
    arrived = [row for row in reports if row.part is not None and row.kind == ReportKind.DELIVERED]
    if not arrived:
        return [row.kind for row in reports]
    messages = sorted({row.found for row in arrived})
    session.execute(_HOLD, {"messages": messages})
    session.execute(_DELIVERED, {"ids": [row.part for row in arrived], "now": now})
    whole = set(session.scalars(_WHOLE, {"messages": messages}))
    waits = {row.id for row in arrived if row.found not in whole}
    return [ReportKind.SENT.value if row.id in waits else row.kind for row in reports]
