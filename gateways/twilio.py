"""Texts through Twilio's Messages API: one form POST each.

The status callback carries our message's number and settles what was unsure. An answered 5xx is "may have been
processed" too: only a 429 is promised never to be, and a 503 with Twilio's own error document (or a time to come back)
says it took nothing. A 500, or a 503 of something in between, says neither.
"""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import Field, SecretStr

from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from gateways.address import WEB
from gateways.http_gateway import (
    HttpConfig,
    ReportedGateway,
    document_of,
    outcome_of_status,
    text_of,
    waiting_time,
)
from gateways.provider import Provider, Surroundings
from gateways.twilio_codes import BAD_SET_UP, BUSY, Trouble, suppression
from gateways.twilio_hook import TwilioHook
from models.message import Channel

_LONGEST_VALIDITY = 36000


class TwilioConfig(HttpConfig):
    """`sender` (`from`) is a number, short code, alphanumeric sender, or the SID of a Messaging Service (`MG…`).

    `webhook_secret` is the shared key of SHA-256 signatures, where Twilio was told to use one. `markets` are further
    countries that texts may go to, as `AT,DE`.
    """

    account_sid: str = Field(pattern=r"^AC[0-9a-fA-F]{32}$")
    auth_token: SecretStr = Field(min_length=1)
    sender: str = Field(alias="from", min_length=3, max_length=60)
    url: str = "https://api.twilio.com"
    webhook_secret: SecretStr = SecretStr("")
    markets: str = Field("", pattern=r"^([A-Za-z]{2}(, *[A-Za-z]{2})*)?$")


class TwilioGateway(ReportedGateway):
    """Texts."""

    channel: str = Channel.SMS

    def __init__(self, config: TwilioConfig, **around: Any) -> None:
        super().__init__(config, (config.account_sid, config.auth_token), **around)
        self._config = config
        self._url = f"{config.url}/2010-04-01/Accounts/{config.account_sid}/Messages.json"

    def request(self, outgoing: Outgoing, *, now: datetime) -> httpx.Request:
        """One form."""
        return self.client_request("POST", self._url, data=self._form(outgoing, now=now))

    def read(self, message_id: int, answer: httpx.Response) -> SendResult:
        """Codes count, never the words beside them."""
        document = document_of(answer)
        if answer.is_success:
            return _accepted(message_id, document)
        code = document.get("code")
        trouble = Trouble(answer.status_code, code if isinstance(code, int) else None, str(document.get("message", "")))
        return SendResult(
            message_id,
            _outcome(trouble, answer),
            detail=trouble.described,
            retry_after=waiting_time(answer),
            suppress=suppression(trouble.code),
        )

    def _form(self, outgoing: Outgoing, *, now: datetime) -> dict[str, str]:
        form = {"To": outgoing.to, self._sender_field: self._config.sender, "Body": text_of(outgoing)}
        if self.hook_url:
            form["StatusCallback"] = f"{self.hook_url}?{urlencode({'message': outgoing.message_id})}"
        if outgoing.expires_at:
            left = int((outgoing.expires_at - now).total_seconds())
            form["ValidityPeriod"] = str(min(max(left, 1), _LONGEST_VALIDITY))
        return form

    @property
    def _sender_field(self) -> str:
        return "MessagingServiceSid" if re.fullmatch(r"MG[0-9a-fA-F]{32}", self._config.sender) else "From"


def _accepted(message_id: int, document: dict[str, Any]) -> SendResult:
    sid = document.get("sid")
    if not isinstance(sid, str):
        return SendResult(message_id, SendOutcome.UNSURE, detail="answered without a message SID")
    return SendResult(message_id, SendOutcome.ACCEPTED, provider_ref=sid, detail=str(document.get("status", "")))


def _outcome(trouble: Trouble, answer: httpx.Response) -> SendOutcome:
    if trouble.status == 429 or trouble.code in BUSY:
        return SendOutcome.TRY_LATER
    if trouble.status >= 500:
        took_nothing = trouble.status == 503 and (trouble.code == 20503 or "Retry-After" in answer.headers)
        return SendOutcome.TRY_LATER if took_nothing else SendOutcome.UNSURE
    return SendOutcome.GATEWAY_DOWN if trouble.code in BAD_SET_UP else outcome_of_status(answer, set_up=(401, 404))


def _open(config: TwilioConfig, around: Surroundings) -> TwilioGateway:
    return TwilioGateway(config, hook_url=around.hook_url, trusted_hosts=around.trusted_hosts)


def _hook(config: TwilioConfig) -> TwilioHook:
    return TwilioHook(config.auth_token.get_secret_value(), config.webhook_secret.get_secret_value())


PROVIDER = Provider(channels=(Channel.SMS,), config=TwilioConfig, ports=WEB, open=_open, hook=_hook)
