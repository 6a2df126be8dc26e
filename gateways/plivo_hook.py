"""What Plivo sends us: reports of texts and calls, guests' texts, and the question what a call says."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from domain.delivery.ports import DeliveryReport, InboundText, ReportKind, SpokenFor
from gateways.plivo_codes import suppression
from gateways.provider import Form, Incoming, Told

MESSAGE, SPEAK = "message", "speak"  # names in the addresses that Plivo calls
_LONGEST_ID = 18  # digits a row number can have

_TEXTS = {
    "queued": ReportKind.SENT,
    "sent": ReportKind.SENT,
    "delivered": ReportKind.DELIVERED,
    "read": ReportKind.DELIVERED,
    "undelivered": ReportKind.FAILED,  # or bounced, when the number is to blame
    "failed": ReportKind.FAILED,
    "rejected": ReportKind.FAILED,
}
_NO_SUCH_NUMBER = frozenset({"Invalid Destination Address", "Unallocated Number", "Destination Out Of Service"})


class PlivoHook:
    """Verifies with the auth token: by the third scheme where Plivo used it, else by the second."""

    def __init__(self, auth_token: str) -> None:
        self._token = auth_token.encode()

    def verify(self, incoming: Incoming, *, now: datetime) -> bool:
        """Whether Plivo signed this request. The second scheme leaves the fields out: our path's secret has to do."""
        third = _signatures(incoming, "X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3")
        if third:
            base = f"{_third_base(incoming.url, incoming.form)}.{incoming.header('X-Plivo-Signature-V3-Nonce')}"
            return self._is_among(third, base)
        second = _signatures(incoming, "X-Plivo-Signature-V2", "X-Plivo-Signature-Ma-V2")
        bare = urlunsplit(urlsplit(incoming.url)._replace(query=""))
        return self._is_among(second, bare + incoming.header("X-Plivo-Signature-V2-Nonce"))

    def _is_among(self, signatures: list[str], signed: str) -> bool:
        expected = base64.b64encode(hmac.digest(self._token, signed.encode(), hashlib.sha256))
        return sum(hmac.compare_digest(expected, each.encode()) for each in signatures) > 0

    def read(self, incoming: Incoming) -> list[Told] | None:
        """A report, a guest's text, or the question what to say; None for what says nothing we know."""
        fields, message_id = incoming.fields(), _message_id(incoming.url)
        if SPEAK in parse_qs(urlsplit(incoming.url).query) and message_id is not None:
            return [SpokenFor(message_id)]
        if "CallUUID" in fields:
            return _call(fields, message_id)
        if fields.get("Status", "") in _TEXTS and "MessageUUID" in fields:
            return [_text(fields, message_id)]
        if "Text" in fields and "MessageUUID" in fields and fields.get("From", "").lstrip("+").isdecimal():
            sender = f"+{fields['From'].lstrip('+')}"
            return [InboundText(fields["MessageUUID"], sender, fields["Text"], {"to": fields.get("To", "")})]
        return None

    def answer(self, words: str = "") -> tuple[str, str]:
        """Plivo's XML: `words` are spoken to the guest who was called, or texted to the one who wrote."""
        inside = f"<Speak>{escape(words)}</Speak>" if words else ""
        return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>', "application/xml"


def _signatures(incoming: Incoming, *names: str) -> list[str]:
    given = ",".join(incoming.header(name) for name in names)
    return [each.strip() for each in given.split(",") if each.strip()]


def _third_base(url: str, form: Form) -> str:
    """Address, sorted query and sorted fields, joined as Plivo joins them for POST."""
    parts = urlsplit(url)
    base = urlunsplit(parts._replace(query="", fragment=""))
    query = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True)))
    body = "".join(f"{name}{value}" for name in sorted(form) for value in sorted(form[name]))
    if not query and not body:
        return base
    return f"{base}?{query}{'.' if query and body else ''}{body}"


def _text(fields: Mapping[str, str], message_id: int | None) -> DeliveryReport:
    """Long texts are reported part by part: the parent's id is the one we know."""
    status, code = fields["Status"], fields.get("ErrorCode", "")
    ref, suppress = fields.get("ParentMessageUUID") or fields["MessageUUID"], suppression(code)
    kind = _TEXTS[status]
    if kind is ReportKind.FAILED and suppress == "invalid_address":
        kind = ReportKind.BOUNCED
    return DeliveryReport(
        key=f"{ref}:{status}:{code}",
        kind=kind,
        provider_ref=ref,
        message_id=message_id,
        detail=f"{status}, error {code}" if code and code != "000" else status,
        suppress=suppress,
    )


def _call(fields: Mapping[str, str], message_id: int | None) -> list[Told]:
    """Ringing says it left; who picked up was reached, others were not."""
    ref = fields.get("RequestUUID") or fields["CallUUID"]
    event, cause = fields.get("Event", ""), fields.get("HangupCauseName") or fields.get("HangupCause", "")
    if event.lower() != "hangup" and "HangupCause" not in fields:
        return [DeliveryReport(f"{ref}:ring", ReportKind.SENT, ref, message_id, "ringing")]
    if fields.get("AnswerTime"):
        return [DeliveryReport(f"{ref}:hangup", ReportKind.DELIVERED, ref, message_id, cause)]
    is_nobodys = cause in _NO_SUCH_NUMBER
    kind = ReportKind.BOUNCED if is_nobodys else ReportKind.FAILED
    suppress = "invalid_address" if is_nobodys else None
    return [DeliveryReport(f"{ref}:hangup", kind, ref, message_id, cause, suppress)]


def _message_id(url: str) -> int | None:
    number = parse_qs(urlsplit(url).query).get(MESSAGE, [""])[0]
    return int(number) if number.isdecimal() and len(number) <= _LONGEST_ID else None
