"""What Twilio sends us: status callbacks and guests' texts, signed over the URL and every field of the form."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit
from xml.sax.saxutils import escape

from domain.delivery.ports import DeliveryReport, InboundText, ReportKind
from gateways.provider import Form, Incoming, Told
from gateways.twilio_codes import suppression

_SIGNATURE = "x-twilio-signature"
_SETTINGS = "x-twilio-webhooks-signature-settings"
_PORTS = {"http": 80, "https": 443}

_KINDS = {
    # Twilio has it, which is all that `sent` says: for a message that was unsure this is the evidence.
    "accepted": ReportKind.SENT,
    "scheduled": ReportKind.SENT,
    "queued": ReportKind.SENT,
    "sending": ReportKind.SENT,
    "sent": ReportKind.SENT,
    "delivered": ReportKind.DELIVERED,
    "partially_delivered": ReportKind.DELIVERED,
    "read": ReportKind.DELIVERED,
    "undelivered": ReportKind.FAILED,  # or bounced, when the number is to blame
    "failed": ReportKind.FAILED,
    "canceled": ReportKind.FAILED,
}


class TwilioHook:
    """Verifies with the auth token, or with `shared_key` where the account signs by SHA-256 with one."""

    def __init__(self, auth_token: str, shared_key: str = "") -> None:
        self._auth_token = auth_token
        self._shared_key = shared_key or auth_token

    def verify(self, incoming: Incoming, *, now: datetime) -> bool:
        """Whether Twilio signed this form for this URL, which may have lost or gained its default port on the way."""
        signature = incoming.header(_SIGNATURE).encode()
        scheme = self._scheme(incoming.header(_SETTINGS))
        if not signature or scheme is None:
            return False
        key, digest = scheme
        expected = [_sign(key, each, incoming.form, digest) for each in _with_and_without_port(incoming.url)]
        return sum(hmac.compare_digest(each, signature) for each in expected) > 0  # no early end to be timed

    def _scheme(self, settings: str) -> tuple[str, Callable[..., Any]] | None:
        if not settings:
            return self._auth_token, hashlib.sha1
        wanted = dict(part.strip().partition("=")[::2] for part in settings.split(","))
        return (self._shared_key, hashlib.sha256) if wanted.get("algorithm") == "HMAC_SHA256" else None

    def read(self, incoming: Incoming) -> list[Told] | None:
        """A status callback (its URL names our message), a guest's text, or None for what says nothing we know."""
        fields = incoming.fields()
        sid = fields.get("MessageSid", "")
        if not sid:
            return None
        if fields.get("MessageStatus", "") in _KINDS:
            return [_report(sid, fields, incoming.url)]
        sender = fields.get("From", "")
        if "Body" in fields and sender.startswith("+"):
            return [InboundText(sid, sender, fields["Body"], _extra(fields))]
        return None

    def answer(self, words: str = "") -> tuple[str, str]:
        """TwiML and its content type: `words` go back to the guest who wrote, "" says nothing."""
        inside = f"<Message>{escape(words)}</Message>" if words else ""
        return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>', "text/xml"


def _sign(key: str, url: str, form: Form, digest: Callable[..., Any]) -> bytes:
    signed = url + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return base64.b64encode(hmac.new(key.encode(), signed.encode(), digest).digest())


def _with_and_without_port(url: str) -> list[str]:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host.removesuffix(f":{parts.port}") if parts.port else host
    ported = f"{bare}:{parts.port or _PORTS.get(parts.scheme, 443)}"
    return [urlunsplit(parts._replace(netloc=netloc)) for netloc in (bare, ported)]


def _report(sid: str, fields: Mapping[str, str], url: str) -> DeliveryReport:
    status, code = fields["MessageStatus"], fields.get("ErrorCode", "")
    suppress = suppression(int(code)) if code.isdecimal() else None
    kind = _KINDS[status]
    if status == "undelivered" and suppress == "invalid_address":
        kind = ReportKind.BOUNCED
    return DeliveryReport(
        key=f"{sid}:{status}",
        kind=kind,
        provider_ref=sid,
        message_id=_message_id(url),
        detail=f"{status}, error {code}" if code else status,
        suppress=suppress,
    )


def _message_id(url: str) -> int | None:
    number = parse_qs(urlsplit(url).query).get("message", [""])[0]
    return int(number) if number.isdecimal() and len(number) < 19 else None


def _extra(fields: Mapping[str, str]) -> dict[str, str]:
    """What the provider says beside the text: the number written to, and its own reading as STOP, START or HELP."""
    known = {"To": "to", "OptOutType": "opt_out_type"}
    return {ours: fields[theirs] for theirs, ours in known.items() if theirs in fields}
