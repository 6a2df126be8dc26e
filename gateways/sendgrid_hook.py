"""What SendGrid's event webhook tells, signed by ECDSA over its timestamp and the raw body."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from domain.delivery.ports import DeliveryReport, ReportKind
from domain.sentences import say
from gateways.provider import Incoming, Told

MESSAGE = "message"  # the name under which a mail carries our number, and events carry it back
FRESH = timedelta(minutes=5)
_SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
_TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_LONGEST_ID = 18  # digits a row number can have

_KINDS = {
    "processed": ReportKind.SENT,
    "deferred": ReportKind.SENT,
    "delivered": ReportKind.DELIVERED,
    "bounce": ReportKind.BOUNCED,
    "dropped": ReportKind.FAILED,
    "open": ReportKind.OPENED,
    "click": ReportKind.CLICKED,
    "unsubscribe": ReportKind.UNSUBSCRIBED,
    "group_unsubscribe": ReportKind.UNSUBSCRIBED,
    "spamreport": ReportKind.COMPLAINED,
}
_DROPPED = {
    "Bounced Address": "bounced",
    "Unsubscribed Address": "opted_out",
    "Spam Reporting Address": "complained",
    "Invalid": "invalid_address",
}


class SendgridHook:
    """Verifies with the public key of the webhook's settings; without one nothing is believed."""

    def __init__(self, public_key: str) -> None:
        self._key = read_public_key(public_key) if public_key else None

    def verify(self, incoming: Incoming, *, now: datetime) -> bool:
        """Whether SendGrid signed this body within the last minutes."""
        timestamp = incoming.header(_TIMESTAMP)
        if self._key is None or not _is_fresh(timestamp, now):
            return False
        try:
            signature = base64.b64decode(incoming.header(_SIGNATURE), validate=True)
            self._key.verify(signature, timestamp.encode() + incoming.raw, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def read(self, incoming: Incoming) -> list[Told] | None:
        """A batch of events, of which those we know count; None when it holds none of them."""
        try:
            events = json.loads(incoming.raw)
        except ValueError:
            return None
        if not isinstance(events, list):
            return None
        told: list[Told] = [report for each in events if isinstance(each, dict) and (report := _report(each))]
        return told or None

    def answer(self, words: str = "") -> tuple[str, str]:
        """Nobody reads it."""
        return "", "text/plain"


def read_public_key(text: str) -> ec.EllipticCurvePublicKey:
    """The key as SendGrid shows it: base64 of DER. Raises `ValueError` with what to do."""
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError(say("Paste the verification key as SendGrid shows it, in one line."))
    return key


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not timestamp.isdecimal() or len(timestamp) > 11:
        return False
    return abs(now - datetime.fromtimestamp(int(timestamp), UTC)) <= FRESH


def _report(event: Mapping[str, Any]) -> DeliveryReport | None:
    kind, key = _KINDS.get(str(event.get("event"))), event.get("sg_event_id")
    if kind is None or not isinstance(key, str) or not key:
        return None
    if kind is ReportKind.BOUNCED and event.get("type") == "blocked":
        kind = ReportKind.FAILED  # refused for now: another day it may be taken
    number = str(event.get(MESSAGE, ""))
    return DeliveryReport(
        key=key[:200],
        kind=kind,
        provider_ref=str(event.get("sg_message_id", "")).partition(".")[0] or None,
        message_id=int(number) if number.isdecimal() and len(number) <= _LONGEST_ID else None,
        detail=_detail(event),
        suppress=_suppress(kind, event),
        at=_instant(event.get("timestamp")),
        properties=_properties(kind, event),
    )


def _suppress(kind: ReportKind, event: Mapping[str, Any]) -> str | None:
    if kind is ReportKind.BOUNCED:
        return "bounced"
    if kind is ReportKind.COMPLAINED:
        return "complained"
    return _DROPPED.get(str(event.get("reason"))) if event.get("event") == "dropped" else None


def _properties(kind: ReportKind, event: Mapping[str, Any]) -> dict[str, Any]:
    if kind is ReportKind.OPENED:
        return {"machine": event.get("sg_machine_open") is True}
    return {"url": str(event.get("url", ""))[:2000]} if kind is ReportKind.CLICKED else {}


def _detail(event: Mapping[str, Any]) -> str:
    words = [str(event[name]) for name in ("status", "reason", "response") if event.get(name)]
    return " ".join([str(event.get("event")), *words])[:500]


def _instant(seconds: Any) -> datetime | None:
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds < 10**11:
        return None
    return datetime.fromtimestamp(seconds, UTC)
