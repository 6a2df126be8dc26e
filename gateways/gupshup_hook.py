"""What Gupshup calls us back with. It signs nothing: the secret in our address, and the app's own name, have to do."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from domain.delivery.ports import DeliveryReport, InboundText, ReportKind
from gateways.provider import Incoming, Told

_KINDS = {
    "enqueued": ReportKind.SENT,
    "sent": ReportKind.SENT,
    "delivered": ReportKind.DELIVERED,
    "read": ReportKind.OPENED,
    "failed": ReportKind.FAILED,
}
_SUPPRESSES = {"1002": "invalid_address", "1012": "opted_out"}
_STOP_BUTTONS = ("button_reply", "quick_reply", "list_reply")


class GupshupHook:
    """Believes only what names our app."""

    def __init__(self, app_name: str) -> None:
        self._app_name = app_name.encode()

    def verify(self, incoming: Incoming, *, now: datetime) -> bool:
        """Whether this is about our app; who called knew the secret of our address."""
        document = _document(incoming.raw)
        app = document.get("app") if document else None
        return isinstance(app, str) and hmac.compare_digest(app.encode(), self._app_name)

    def read(self, incoming: Incoming) -> list[Told] | None:
        """A report, a guest's words, or their leaving; None for what says nothing we know."""
        document = _document(incoming.raw) or {}
        payload = document.get("payload")
        if not isinstance(payload, dict):
            return None
        reader = {"message-event": _event, "message": _message, "user-event": _user}.get(str(document.get("type")))
        return reader(payload, document) if reader else None

    def answer(self, words: str = "") -> tuple[str, str]:
        """Empty: what goes back to a guest goes as a message."""
        return "", "text/plain"


def _event(payload: Mapping[str, Any], document: Mapping[str, Any]) -> list[Told] | None:
    """Gupshup's own id counts, which some events carry as `gsId` and others as `id`."""
    kind, inner = _KINDS.get(str(payload.get("type"))), payload.get("payload")
    ref = payload.get("gsId") or payload.get("id")
    if kind is None or not isinstance(ref, str):
        return [] if payload.get("type") == "deleted" else None
    code = str(inner.get("code", "")) if isinstance(inner, dict) else ""
    suppress = _SUPPRESSES.get(code) if kind is ReportKind.FAILED else None
    return [
        DeliveryReport(
            key=f"{ref}:{payload['type']}:{code}",
            kind=ReportKind.BOUNCED if suppress == "invalid_address" else kind,
            provider_ref=ref,
            detail=_detail(str(payload["type"]), inner),
            suppress=suppress,
            at=_instant(document.get("timestamp")),
        )
    ]


def _message(payload: Mapping[str, Any], _document: Mapping[str, Any]) -> list[Told] | None:
    sender, inner, key = str(payload.get("source", "")), payload.get("payload"), payload.get("id")
    if not sender.isdecimal() or not isinstance(inner, dict) or not isinstance(key, str):
        return None
    is_button = payload.get("type") in _STOP_BUTTONS
    words = inner.get("postbackText") or inner.get("title") if is_button else inner.get("text")
    return [InboundText(key, f"+{sender}", str(words or ""))]


def _user(payload: Mapping[str, Any], document: Mapping[str, Any]) -> list[Told] | None:
    """Leaving counts as a STOP; coming back is the guest's to say on their own page."""
    phone, kind = str(payload.get("phone", "")), payload.get("type")
    if kind != "opted-out" or not phone.isdecimal():
        return []
    key = hashlib.sha256(f"{phone}:{document.get('timestamp')}".encode()).hexdigest()
    return [InboundText(key, f"+{phone}", "STOP", {"opt_out_type": "STOP"})]


def _document(raw: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(raw)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _detail(kind: str, inner: Any) -> str:
    if not isinstance(inner, dict) or "code" not in inner:
        return kind
    return f"{kind}, error {inner['code']}: {inner.get('reason', '')}"[:500]


def _instant(milliseconds: Any) -> datetime | None:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool) or not 0 < milliseconds < 10**14:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
