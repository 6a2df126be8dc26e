"""What providers send us beside reports: guests' texts, and what nobody understands. Kept once, beside the reports."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.delivery.ports import InboundText
from models.message import Report

TEXT, UNKNOWN = "text", "unknown"


def keep_text(session: Session, gateway_id: int, text: InboundText, *, now: datetime) -> bool:
    """Keep a guest's text; False when it was told before, and its effect must not come twice."""
    return _keep(session, gateway_id, key=text.key, kind=TEXT, detail=text.body, now=now)


def keep_unknown(session: Session, gateway_id: int, *, key: str, detail: str, now: datetime) -> bool:
    """Keep what a provider signed and we don't understand, for the owner to see."""
    return _keep(session, gateway_id, key=key, kind=UNKNOWN, detail=detail, now=now)


def _keep(session: Session, gateway_id: int, *, key: str, kind: str, detail: str, now: datetime) -> bool:
    row = {
        "gateway_id": gateway_id,
        "key": key[:255],
        "kind": kind,
        "detail": detail.replace("\x00", "\ufffd")[:1600],
        "recorded_at": now,
        "applied_at": now,  # it is about no message: nothing waits for it
    }
    kept = insert(Report).values(row).on_conflict_do_nothing(constraint="uq_reports_once").returning(Report.id)
    return session.scalar(kept) is not None
