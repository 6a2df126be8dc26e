"""Texts and calls through Plivo: one JSON document each. What a call says is asked for when the guest picks up."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import Field, SecretStr

from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from domain.errors import Unacceptable
from gateways.address import WEB
from gateways.http_gateway import HttpConfig, ReportedGateway, document_of, may_report_to, outcome_of_status, text_of
from gateways.plivo_hook import MESSAGE, SPEAK, PlivoHook
from gateways.provider import Provider, Surroundings
from models.message import Channel

_RING_SECONDS = 30
_SHORTEST_EXPIRY, _LONGEST_EXPIRY = 5, 10800  # seconds
_SET_UP = (401, 404, 405)


class PlivoConfig(HttpConfig):
    """`sender` (`from`) is a number, a short code, or a name of up to eleven characters for texts."""

    auth_id: str = Field(pattern=r"^[MS]A[A-Z0-9]{18}$")
    auth_token: SecretStr = Field(min_length=1)
    sender: str = Field(alias="from", min_length=2, max_length=16)
    url: str = "https://api.plivo.com"
    markets: str = Field("", pattern=r"^([A-Za-z]{2}(, *[A-Za-z]{2})*)?$")


class _PlivoGateway(ReportedGateway):
    """What texts and calls have in common."""

    path: str

    def __init__(self, config: PlivoConfig, **around: Any) -> None:
        super().__init__(config, (config.auth_id, config.auth_token), **around)
        self._config = config
        self._url = f"{config.url}/v1/Account/{config.auth_id}/{self.path}/"

    def request(self, outgoing: Outgoing, *, now: datetime) -> httpx.Request:
        """One document."""
        return self.client_request("POST", self._url, json=self.document(outgoing, now=now))

    def document(self, outgoing: Outgoing, *, now: datetime) -> dict[str, Any]:
        """What Plivo is asked."""
        raise NotImplementedError

    def refused(self, message_id: int, answer: httpx.Response) -> SendResult:
        """An answer other than a success. Plivo names no time to come back."""
        words = document_of(answer).get("error", "")
        detail = f"HTTP {answer.status_code}: {words}"[:300].rstrip(": ")
        return SendResult(message_id, outcome_of_status(answer, set_up=_SET_UP), detail=detail)


class PlivoTexts(_PlivoGateway):
    """Texts."""

    channel: str = Channel.SMS
    path = "Message"

    def document(self, outgoing: Outgoing, *, now: datetime) -> dict[str, Any]:
        """A text, with where to report to."""
        document: dict[str, Any] = {
            "src": self._config.sender.lstrip("+"),
            "dst": outgoing.to.lstrip("+"),
            "text": text_of(outgoing),
            "type": "sms",
        }
        if self.hook_url:
            document |= {"url": f"{self.hook_url}?{urlencode({MESSAGE: outgoing.message_id})}", "method": "POST"}
        if outgoing.expires_at:
            left = int((outgoing.expires_at - now).total_seconds())
            document["message_expiry"] = min(max(left, _SHORTEST_EXPIRY), _LONGEST_EXPIRY)
        return document

    def read(self, message_id: int, answer: httpx.Response) -> SendResult:
        """202 with an id; a number that Plivo will not have is named beside the ids."""
        document = document_of(answer)
        if not answer.is_success:
            return self.refused(message_id, answer)
        ids = document.get("message_uuid")
        if isinstance(ids, list) and ids and isinstance(ids[0], str):
            return SendResult(message_id, SendOutcome.ACCEPTED, provider_ref=ids[0])
        if document.get("invalid_number"):
            return SendResult(
                message_id, SendOutcome.REFUSED, detail="Plivo takes no such number", suppress="invalid_address"
            )
        return SendResult(message_id, SendOutcome.UNSURE, detail="answered without a message id")


class PlivoCalls(_PlivoGateway):
    """Calls, one at a time: what one crash can leave unsure is one ringing phone."""

    channel: str = Channel.VOICE
    path = "Call"
    group_size = 1

    def document(self, outgoing: Outgoing, *, now: datetime) -> dict[str, Any]:
        """A call, with where to ask what to say and where to report to."""
        asked, told = ({MESSAGE: outgoing.message_id, SPEAK: 1}, {MESSAGE: outgoing.message_id})
        return {
            "from": self._config.sender.lstrip("+"),
            "to": outgoing.to.lstrip("+"),
            "answer_url": f"{self.hook_url}?{urlencode(asked)}",
            "answer_method": "POST",
            "hangup_url": f"{self.hook_url}?{urlencode(told)}",
            "hangup_method": "POST",
            "ring_timeout": _RING_SECONDS,
        }

    def read(self, message_id: int, answer: httpx.Response) -> SendResult:
        """201 with an id."""
        if not answer.is_success:
            return self.refused(message_id, answer)
        request_id = document_of(answer).get("request_uuid")
        if isinstance(request_id, str):
            return SendResult(message_id, SendOutcome.ACCEPTED, provider_ref=request_id)
        return SendResult(message_id, SendOutcome.UNSURE, detail="answered without a call id")


def _open(config: PlivoConfig, around: Surroundings) -> _PlivoGateway:
    kind = PlivoCalls if around.channel == Channel.VOICE else PlivoTexts
    if kind is PlivoCalls and not may_report_to(around.hook_url, config):
        raise Unacceptable("Calls need a public https address: Plivo asks there what to say.")
    return kind(config, hook_url=around.hook_url, trusted_hosts=around.trusted_hosts)


def _hook(config: PlivoConfig) -> PlivoHook:
    return PlivoHook(config.auth_token.get_secret_value())


PROVIDER = Provider(channels=(Channel.SMS, Channel.VOICE), config=PlivoConfig, ports=WEB, open=_open, hook=_hook)
