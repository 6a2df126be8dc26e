"""SendGrid played on loopback: refuses what SendGrid refuses, and reports signed batches of events."""

import base64
import json
import time
from typing import Any
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from werkzeug.wrappers import Request, Response

from tests.played.http import PlayedHttp, json_answer

API_KEY = "SG.played.key"
_TOP = {"personalizations", "from", "reply_to", "subject", "content", "headers", "categories", "custom_args",
        "tracking_settings", "mail_settings", "asm", "send_at"}  # fmt: skip
_RESERVED = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to",
             "from", "subject", "reply-to", "cc", "bcc"}  # fmt: skip


def errors(status: int, message: str, field: str | None = None, **headers: str) -> Response:
    """An answer with SendGrid's error document."""
    return json_answer(status, {"errors": [{"message": message, "field": field, "help": None}]}, **headers)


class PlayedSendgrid(PlayedHttp):
    """`mails` are the documents it took."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.mails: list[dict[str, Any]] = []
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """As the settings of its webhook show it."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    @property
    def config(self) -> dict[str, str]:
        """A gateway's settings for this server."""
        return {
            "api_key": API_KEY,
            "from": "hello@cafe.example",
            "url": self.url,
            "webhook_public_key": self.public_key,
        }

    def answer(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {API_KEY}":
            return errors(401, "The provided authorization grant is invalid, expired, or revoked")
        if (request.method, request.path) != ("POST", "/v3/mail/send"):
            return errors(404, "not found")
        mail = json.loads(request.get_data())
        refused = _refused(mail)
        if refused:
            return errors(400, *refused)
        self.mails.append(mail)
        return Response(status=202, headers={"X-Message-Id": uuid4().hex[:22]})

    def report(self, url: str, *events: dict[str, Any], timestamp: int | None = None) -> httpx.Response:
        """Tell a batch of events, signed."""
        body = json.dumps(events).encode() + b"\r\n"
        return httpx.post(url, content=body, headers=self.signed(body, timestamp=timestamp), trust_env=False)

    def signed(self, body: bytes, *, timestamp: int | None = None) -> dict[str, str]:
        """The headers that prove a body."""
        at = str(timestamp if timestamp is not None else int(time.time()))
        signature = base64.b64encode(self._key.sign(at.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
        return {
            "X-Twilio-Email-Event-Webhook-Signature": signature,
            "X-Twilio-Email-Event-Webhook-Timestamp": at,
            "Content-Type": "application/json",
        }


def _refused(mail: dict[str, Any]) -> tuple[str, str] | None:
    people = mail.get("personalizations") or [{}]
    checks = [
        (set(mail) - _TOP, "Unknown field", "body"),
        ("@" not in mail.get("from", {}).get("email", ""), "The from email does not contain a valid address.", "from"),
        (len(people) != 1, "One at a time here", "personalizations"),
        (
            not _is_address(people[0].get("to", [{}])[0].get("email", "")),
            "Does not contain a valid address.",
            "personalizations.0.to.0.email",
        ),
        (not mail.get("subject"), "The subject is required.", "subject"),
        ([each["type"] for each in mail.get("content", [])] not in (["text/plain"], ["text/plain", "text/html"]),
         "The text/plain content comes first", "content"),
        (any(not each["value"] for each in mail.get("content", [])), "Content must not be empty", "content"),
        (_RESERVED & {name.lower() for name in mail.get("headers", {})}, "Reserved header", "headers"),
        (any(not isinstance(value, str) for value in people[0].get("custom_args", {}).values()), "Text only", "args"),
    ]  # fmt: skip
    return next(((words, field) for minded, words, field in checks if minded), None)


def _is_address(text: str) -> bool:
    name, _, domain = text.partition("@")
    return bool(name) and "." in domain and " " not in text
