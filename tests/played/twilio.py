"""Twilio played on loopback: refuses what Twilio refuses, reports back signed, and texts like a guest."""

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from werkzeug.wrappers import Request, Response

from tests.played.http import PlayedHttp, json_answer

ACCOUNT_SID = "AC" + "a" * 32
AUTH_TOKEN = "played-token"
SENDER = "+15017122661"

_FIELDS = {
    "To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ValidityPeriod", "SmartEncoded", "MediaUrl",
    "ContentSid", "ContentVariables", "SendAt", "ScheduleType", "ShortenUrls", "TrafficType", "FallbackFrom",
}  # fmt: skip
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 ]{3,11}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_PATH = re.compile(r"/2010-04-01/Accounts/(?P<account>AC[0-9a-fA-F]{32})/Messages(/(?P<sid>SM[0-9a-f]{32}))?\.json")
_LOOPBACK = {"127.0.0.1", "localhost"}


@dataclass(frozen=True, slots=True)
class Text:
    """A text the played Twilio took. `status_callback` is "" when none was asked for."""

    sid: str
    to: str
    sender: str
    body: str
    status_callback: str
    at: datetime


def trouble(status: int, code: int, message: str = "No.", **headers: str) -> Response:
    """An answer with Twilio's error document."""
    document = {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return json_answer(status, document | {"status": status}, **headers)


class PlayedTwilio(PlayedHttp):
    """`messages` are the texts it took. `reports` names the statuses it reports by itself after taking one."""

    def __init__(
        self,
        *,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        reports: Sequence[str] = (),
        port: int = 0,
    ) -> None:
        super().__init__(port=port)
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.messages: list[Text] = []
        self._reports = reports
        self._codes: dict[str, int] = {}

    @property
    def config(self) -> dict[str, str]:
        """A gateway's settings for this server."""
        return {"account_sid": self.account_sid, "auth_token": self.auth_token, "from": SENDER, "url": self.url}

    def took(self, text: Text) -> None:
        """A text is on its way to its phone; for subclasses that are the phone."""

    def refuse(self, to: str, code: int) -> None:
        """From now on refuse texts to this number with 400 and this code (21610: opted out)."""
        self._codes[to] = code

    def answer(self, request: Request) -> Response:
        found = _PATH.fullmatch(request.path)
        if found is None or found["account"] != self.account_sid:
            return trouble(404, 20404, "The requested resource was not found")
        login = request.authorization
        if login is None or (login.username, login.password) != (self.account_sid, self.auth_token):
            return trouble(401, 20003, "Authenticate")
        if found["sid"]:
            return self._show(found["sid"])
        return self._take(request) if request.method == "POST" else trouble(405, 20004, "Method not allowed")

    def report(self, text: Text, status: str, *, error_code: int | None = None) -> httpx.Response:
        """Report on a text to its status callback, signed; gives what the callback answered."""
        form = {"MessageSid": text.sid, "SmsSid": text.sid, "AccountSid": self.account_sid, "ApiVersion": "2010-04-01"}
        form |= {"From": text.sender, "To": text.to, "MessageStatus": status, "SmsStatus": status}
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        return self.post_signed(text.status_callback, form)

    def text_in(self, url: str, *, sender: str, body: str, to: str = SENDER, **more: str) -> httpx.Response:
        """A guest texts the café: post it to `url`, signed; gives what was answered."""
        form = {"MessageSid": _sid(), "AccountSid": self.account_sid, "From": sender, "To": to, "Body": body}
        return self.post_signed(url, form | {"NumMedia": "0", "NumSegments": "1", "SmsStatus": "received"} | more)

    def post_signed(self, url: str, form: Mapping[str, str]) -> httpx.Response:
        """Post a form as Twilio signs it."""
        headers = {"X-Twilio-Signature": sign(self.auth_token, url, form)}
        return httpx.post(url, data=dict(form), headers=headers, trust_env=False)

    def _take(self, request: Request) -> Response:
        form = request.form
        refusal = _refusal(form) or self._refused_number(form["To"])
        if refusal is not None:
            return refusal
        sender = form.get("From") or form["MessagingServiceSid"]
        callback = form.get("StatusCallback", "")
        text = Text(_sid(), form["To"], sender, form["Body"], callback, datetime.now(UTC))
        self.messages.append(text)
        self.took(text)
        if callback and self._reports:
            threading.Thread(target=self._report_all, args=(text,), daemon=True).start()
        return json_answer(201, self._resource(text))

    def _refused_number(self, to: str) -> Response | None:
        return trouble(400, self._codes[to], "This number was refused") if to in self._codes else None

    def _report_all(self, text: Text) -> None:
        for status in self._reports:
            try:
                self.report(text, status)
            except httpx.HTTPError:
                return  # nobody listens any more; the vendor gives up as well

    def _show(self, sid: str) -> Response:
        for text in self.messages:
            if text.sid == sid:
                return json_answer(200, self._resource(text))
        return trouble(404, 20404, "The requested resource was not found")

    def _resource(self, text: Text) -> dict[str, Any]:
        return {
            "sid": text.sid,
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": text.body,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": text.sender,
            "num_media": "0",
            "num_segments": "1",
            "status": "queued",
            "to": text.to,
        }


def sign(token: str, url: str, form: Mapping[str, str]) -> str:
    """The signature of a form whose names come once each."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def _sid() -> str:
    return f"SM{uuid4().hex}"


def _refusal(form: Mapping[str, str]) -> Response | None:
    """What Twilio would say against this form, the first thing it minds."""
    checks = [
        (set(form) - _FIELDS, 20001, "Unknown parameters"),
        (not _E164.fullmatch(form.get("To", "")), 21211, "Invalid 'To' Phone Number"),
        (not _names_a_sender(form), 21603, "A 'From' phone number is required"),
        (not form.get("Body"), 21602, "Message body is required"),
        (len(form.get("Body", "")) > 1600, 21617, "The concatenated message body exceeds the 1600 character limit"),
        (not _may_call_back(form.get("StatusCallback")), 21609, "Invalid 'StatusCallback' URL"),
        (not _is_validity(form.get("ValidityPeriod", "1")), 21621, "Invalid ValidityPeriod"),
    ]
    return next((trouble(400, code, words) for minded, code, words in checks if minded), None)


def _names_a_sender(form: Mapping[str, str]) -> bool:
    return bool(_SENDER.fullmatch(form.get("From", "")) or _SERVICE.fullmatch(form.get("MessagingServiceSid", "")))


def _may_call_back(url: str | None) -> bool:
    """https without an underscore in the host; loopback stands for the public address in front of it."""
    if url is None:
        return True
    parts = urlsplit(url)
    return (parts.scheme == "https" and "_" not in parts.netloc) or parts.hostname in _LOOPBACK


def _is_validity(seconds: str) -> bool:
    return seconds.isdecimal() and 1 <= int(seconds) <= 36000
