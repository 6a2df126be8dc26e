"""Mails that came back: reports about a delivery (RFC 3464) and complaints (RFC 5965), as a mail server pipes them in.

A mail is believed when it holds the signed return path of one of our messages. Its words are never shown as anything
but words.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from types import MappingProxyType

from domain.delivery.ports import DeliveryReport, ReportKind
from gateways.provider import Incoming, Told
from gateways.return_path import message_id_in
from gateways.smtp_replies import is_dead
from gateways.verdict import printable

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_KINDS: Mapping[str, ReportKind] = MappingProxyType(
    {
        "failed": ReportKind.FAILED,  # or bounced, when the address is to blame
        "delayed": ReportKind.SENT,  # they go on trying
        "delivered": ReportKind.DELIVERED,
        "relayed": ReportKind.SENT,
        "expanded": ReportKind.SENT,
    }
)
_COMPLAINTS = frozenset({"abuse", "fraud"})


class SmtpHook:
    """What comes back to the return paths of one account."""

    def verify(self, incoming: Incoming, *, now: datetime) -> bool:
        """Whether one of our return paths stands in it."""
        return message_id_in(incoming.raw, hook_url=incoming.url) is not None

    def read(self, incoming: Incoming) -> list[Told] | None:
        """What the mail says of its message; nothing for an answer of an absent guest, None for what is no report."""
        try:
            mail = message_from_bytes(incoming.raw)
        except RecursionError:  # parts in parts in parts: no mail server wrote this
            return None
        return self._read(mail, message_id_in(incoming.raw, hook_url=incoming.url))

    def _read(self, mail: Message, message_id: int | None) -> list[Told] | None:
        kind = str(mail.get_param("report-type") or "").lower()
        if mail.get_content_type() == "multipart/report" and kind == "delivery-status":
            return list(_deliveries(mail, message_id)) or None
        if mail.get_content_type() == "multipart/report" and kind == "feedback-report":
            return list(_complaints(mail, message_id))
        return [] if _said(mail, "Auto-Submitted").startswith("auto-replied") else None

    def answer(self, words: str = "") -> tuple[str, str]:
        """Nobody reads it."""
        return "", "text/plain"


def _deliveries(mail: Message, message_id: int | None) -> Iterator[Told]:
    """One report for each recipient named; the block without an action is about the mail as a whole."""
    for block in _blocks(mail, "message/delivery-status"):
        kind = _KINDS.get(_said(block, "Action"))
        if kind is not None:
            yield _report(block, kind, message_id)


def _report(block: Message, kind: ReportKind, message_id: int | None) -> DeliveryReport:
    diagnosis = _as_said(block, "Diagnostic-Code").partition(";")[2].strip()
    status = _status(_said(block, "Status"), diagnosis)
    is_dead_end = kind is ReportKind.FAILED and is_dead(status)
    return DeliveryReport(
        key=f"{message_id}:{kind}:{status}",
        kind=ReportKind.BOUNCED if is_dead_end else kind,
        message_id=message_id,
        detail=printable(f"{status} {diagnosis}" if status not in diagnosis else diagnosis),
        suppress="bounced" if is_dead_end else None,
    )


def _complaints(mail: Message, message_id: int | None) -> Iterator[Told]:
    for block in _blocks(mail, "message/feedback-report"):
        if _said(block, "Feedback-Type") in _COMPLAINTS:
            key, kind = f"{message_id}:complained", ReportKind.COMPLAINED
            yield DeliveryReport(key, kind, message_id=message_id, detail="complaint", suppress="complained")


def _blocks(mail: Message, content_type: str) -> Iterator[Message]:
    """The groups of fields in the parts of that kind, however the parser took them."""
    for part in mail.walk():
        if part.get_content_type() != content_type:
            continue
        inside = part.get_payload()
        if isinstance(inside, list):
            yield from (each for each in inside if isinstance(each, Message))
        else:
            text = part.get_payload(decode=True)
            yield message_from_bytes(text if isinstance(text, bytes) else b"")


def _status(status: str, diagnosis: str) -> str:
    """The enhanced status; servers that give none, or only its class, often say more in their own words."""
    told, in_words = _STATUS.search(status), _STATUS.search(diagnosis)
    if in_words and (told is None or told[0].endswith(".0.0")):
        return in_words[0]
    return told[0] if told else ""


def _said(fields: Message, name: str) -> str:
    return _as_said(fields, name).strip().lower()


def _as_said(fields: Message, name: str) -> str:
    """A field as one line."""
    return " ".join(str(fields.get(name, "")).split())
