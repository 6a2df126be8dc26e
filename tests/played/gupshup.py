"""Gupshup played on loopback: takes session words and approved wordings, refuses what is none of both."""

import json
import re
from typing import Any
from uuid import uuid4

import httpx
from werkzeug.wrappers import Request, Response

from tests.played.http import PlayedHttp, json_answer

API_KEY = "played-gupshup-key"
SOURCE = "+436601234567"
APP = "CafeAurora"
APPROVED = "c6aecef6-bcb0-4fb1-8100-28c094e3bc6b"
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_FIELDS = {"channel", "source", "destination", "src.name"}


class PlayedGupshup(PlayedHttp):
    """`messages` are the forms it took, with the words in them read."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.messages: list[dict[str, Any]] = []

    @property
    def config(self) -> dict[str, str]:
        """A gateway's settings for this server."""
        return {"api_key": API_KEY, "source": SOURCE, "app_name": APP, "url": self.url}

    def answer(self, request: Request) -> Response:
        if request.headers.get("apikey") != API_KEY:
            return _error(401, "Authentication Failed")
        form = request.form.to_dict()
        kind = {"/wa/api/v1/msg": "message", "/wa/api/v1/template/msg": "template"}.get(request.path)
        if kind is None:
            return _error(404, "Not found")
        if set(form) != _FIELDS | {kind} or form["channel"] != "whatsapp" or form["src.name"] != APP:
            return _error(400, "Invalid Param")
        if not _NUMBER.fullmatch(form["destination"]) or not _NUMBER.fullmatch(form["source"]):
            return _error(400, "Invalid Destination")
        words = json.loads(form[kind])
        if kind == "template" and words["id"] != APPROVED:
            return _error(400, "Template does not exist")
        taken = form | {kind: words, "id": str(uuid4())}
        self.messages.append(taken)
        return json_answer(202, {"status": "submitted", "messageId": taken["id"]})

    def tell(self, url: str, kind: str, payload: dict[str, Any], *, app: str = APP) -> httpx.Response:
        """Call back."""
        document = {"app": app, "timestamp": 1_772_000_000_000, "version": 2, "type": kind, "payload": payload}
        return httpx.post(url, json=document, trust_env=False)


def _error(status: int, words: str) -> Response:
    return json_answer(status, {"status": "error", "message": words})
