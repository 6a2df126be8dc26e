"""Plivo played on loopback: takes texts and calls as Plivo does, asks what to say, and reports signed."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit
from uuid import uuid4

import httpx
from werkzeug.wrappers import Request, Response

from tests.played.http import PlayedHttp, json_answer

AUTH_ID = "MA" + "A" * 18
AUTH_TOKEN = "played-plivo-token"
SENDER = "+4367712345678"
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_TEXT_FIELDS = {"src", "dst", "text", "type", "url", "method", "message_expiry"}
_CALL_FIELDS = {"from", "to", "answer_url", "answer_method", "hangup_url", "hangup_method", "ring_url", "ring_timeout"}


class PlayedPlivo(PlayedHttp):
    """`texts` and `calls` are the documents it took, each with the `id` it gave."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.texts: list[dict[str, Any]] = []
        self.calls: list[dict[str, Any]] = []
        self.invalid: set[str] = set()

    @property
    def config(self) -> dict[str, str]:
        """A gateway's settings for this server."""
        return {"auth_id": AUTH_ID, "auth_token": AUTH_TOKEN, "from": SENDER, "url": self.url}

    def answer(self, request: Request) -> Response:
        login = request.authorization
        if login is None or (login.username, login.password) != (AUTH_ID, AUTH_TOKEN):
            return _error(401, "authentication_failed")
        document = json.loads(request.get_data())
        if request.path == f"/v1/Account/{AUTH_ID}/Message/":
            return self._text(document)
        return self._call(document) if request.path == f"/v1/Account/{AUTH_ID}/Call/" else _error(404, "not found")

    def report(self, url: str, fields: Mapping[str, str]) -> httpx.Response:
        """Tell something, signed by the third scheme."""
        return httpx.post(url, data=dict(fields), headers=signed(url, fields), trust_env=False)

    def _text(self, document: dict[str, Any]) -> Response:
        if set(document) - _TEXT_FIELDS or not _NUMBER.fullmatch(document.get("dst", "")):
            return _error(400, "invalid_parameter")
        if not re.fullmatch(r"[A-Za-z0-9]{1,15}", document.get("src", "")) or document["src"] == document["dst"]:
            return _error(400, "src parameter is invalid")
        if not 1 <= len(document.get("text", "")) <= 1600 or not 5 <= document.get("message_expiry", 5) <= 10800:
            return _error(400, "invalid_parameter")
        if document["dst"] in self.invalid:
            return json_answer(202, {"api_id": _id(), "message": "none", "invalid_number": [document["dst"]]})
        taken = document | {"id": _id()}
        self.texts.append(taken)
        return json_answer(202, {"api_id": _id(), "message": "message(s) queued", "message_uuid": [taken["id"]]})

    def _call(self, document: dict[str, Any]) -> Response:
        if set(document) - _CALL_FIELDS or not _NUMBER.fullmatch(document.get("to", "")):
            return _error(400, "invalid_parameter")
        if urlsplit(document.get("answer_url", "")).scheme not in ("http", "https"):
            return _error(400, "answer_url is required")
        taken = document | {"id": _id()}
        self.calls.append(taken)
        return json_answer(201, {"api_id": _id(), "message": "call fired", "request_uuid": taken["id"]})


def signed(url: str, fields: Mapping[str, str], *, token: str = AUTH_TOKEN, nonce: str = "12345") -> dict[str, str]:
    """The third scheme's headers for a POST."""
    parts = urlsplit(url)
    query = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(parts.query)))
    body = "".join(f"{name}{fields[name]}" for name in sorted(fields))
    base = urlunsplit(parts._replace(query="")) + (f"?{query}" if query or body else "")
    base += ("." if query and body else "") + body
    digest = hmac.digest(token.encode(), f"{base}.{nonce}".encode(), hashlib.sha256)
    return {"X-Plivo-Signature-V3": base64.b64encode(digest).decode(), "X-Plivo-Signature-V3-Nonce": nonce}


def _error(status: int, words: str) -> Response:
    return json_answer(status, {"api_id": _id(), "error": words})


def _id() -> str:
    return str(uuid4())
