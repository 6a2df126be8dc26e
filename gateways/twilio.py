"""Texts through Twilio's Messages API: one form POST each, up to ten at once.

There is no idempotency key, so whatever may have been processed is `UNSURE` and never sent again by itself; the status
callback carries our message's number and settles it. An answered 5xx is "may have been processed" too: only a 429 is
promised never to be, and a 503 with Twilio's own error document (or a time to come back) says it took nothing. A 500,
or a 503 of something in between, says neither.
"""

import json
import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator

from domain import clock
from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from gateways.address import WEB, NotAllowed, OutboundRules
from gateways.http import ALL_SECONDS, NOTHING_SENT, open_client
from gateways.provider import Endpoint, GatewayConfig, Provider, Surroundings
from gateways.twilio_codes import BAD_SET_UP, BUSY, Trouble, suppression
from gateways.twilio_hook import TwilioHook
from models.message import Channel

_log = logging.getLogger(__name__)

_CONNECTIONS = 10  # what one account may do at once without being told 429
_LONGEST_VALIDITY = 36000
_PORTS = {"http": 80, "https": 443}


class TwilioConfig(GatewayConfig):
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

    @field_validator("url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            fits = parts.scheme in _PORTS and parts.hostname and not parts.username and parts.port != 0
        except ValueError:  # a port that is no number
            fits = False
        if not fits or parts.query or parts.fragment:
            raise ValueError("Write it like https://api.twilio.com")
        return value.rstrip("/")

    @property
    def endpoint(self) -> Endpoint:
        parts = urlsplit(self.url)
        return Endpoint(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])


class TwilioGateway:
    """Sends over connections kept open until `close`. `hook_url` is where Twilio reports to, "" for nowhere."""

    channel: str = Channel.SMS
    group_size = 40

    def __init__(
        self,
        config: TwilioConfig,
        *,
        hook_url: str = "",
        trusted_hosts: frozenset[str] = frozenset(),
        seconds: float = ALL_SECONDS,
    ) -> None:
        self._config = config
        self._url = f"{config.url}/2010-04-01/Accounts/{config.account_sid}/Messages.json"
        self._hook_url = hook_url if _may_report_to(hook_url, config) else ""
        self._client = open_client(
            OutboundRules(WEB, trusted_hosts),
            auth=(config.account_sid, config.auth_token.get_secret_value()),
            connections=_CONNECTIONS,
            seconds=seconds,
        )
        self._threads = ThreadPoolExecutor(_CONNECTIONS, thread_name_prefix="twilio")

    def send(self, outgoing: Sequence[Outgoing]) -> list[SendResult]:
        """Hand over a group; results come in its order. Once Twilio wants no more, the rest is not even asked."""
        return list(self._threads.map(_Round(self, now=clock.now()).send, outgoing))

    def close(self) -> None:
        """Let go of all connections."""
        self._threads.shutdown()
        self._client.close()

    def post(self, outgoing: Outgoing, *, now: datetime) -> SendResult:
        """Hand over one message."""
        try:
            answer = self._client.post(self._url, data=self._form(outgoing, now=now))
        except NotAllowed as error:
            return SendResult(outgoing.message_id, SendOutcome.GATEWAY_DOWN, detail=error.detail)
        except NOTHING_SENT as error:
            return SendResult(outgoing.message_id, SendOutcome.TRY_LATER, detail=_described(error))
        except httpx.HTTPError as error:
            return SendResult(outgoing.message_id, SendOutcome.UNSURE, detail=_described(error))
        return _read_answer(outgoing.message_id, answer)

    def _form(self, outgoing: Outgoing, *, now: datetime) -> dict[str, str]:
        body = outgoing.body if isinstance(outgoing.body, str) else outgoing.body.decode()
        form = {"To": outgoing.to, self._sender_field: self._config.sender, "Body": body}
        if self._hook_url:
            form["StatusCallback"] = f"{self._hook_url}?{urlencode({'message': outgoing.message_id})}"
        if outgoing.expires_at:
            left = int((outgoing.expires_at - now).total_seconds())
            form["ValidityPeriod"] = str(min(max(left, 1), _LONGEST_VALIDITY))
        return form

    @property
    def _sender_field(self) -> str:
        return "MessagingServiceSid" if re.fullmatch(r"MG[0-9a-fA-F]{32}", self._config.sender) else "From"


class _Round:
    """One group on its way. The first answer that concerns the account speaks for those not yet asked."""

    def __init__(self, gateway: TwilioGateway, *, now: datetime) -> None:
        self._gateway = gateway
        self._now = now
        self._end: SendResult | None = None

    def send(self, outgoing: Outgoing) -> SendResult:
        if self._end is not None:
            return replace(self._end, message_id=outgoing.message_id)
        try:
            result = self._gateway.post(outgoing, now=self._now)
        except Exception:  # noqa: BLE001 - a mistake of ours must not cost the others, and this one may have left
            _log.exception("handing over message %s failed", outgoing.message_id)
            return SendResult(outgoing.message_id, SendOutcome.UNSURE, detail="the hand-over ended in the middle")
        if result.outcome in (SendOutcome.TRY_LATER, SendOutcome.GATEWAY_DOWN):
            self._end = result
        return result


def _may_report_to(hook_url: str, config: TwilioConfig) -> bool:
    """Twilio refuses a message whose callback is not https or has an underscore in its host; the text matters more.

    A stand-in on plain http may report to plain http as well.
    """
    parts = urlsplit(hook_url)
    return (parts.scheme == "https" and "_" not in parts.netloc) or (
        parts.scheme == "http" and config.endpoint.scheme == "http"
    )


def _read_answer(message_id: int, answer: httpx.Response) -> SendResult:
    document = _document(answer)
    if answer.is_success:
        return _accepted(message_id, document)
    code = document.get("code")
    trouble = Trouble(answer.status_code, code if isinstance(code, int) else None, str(document.get("message", "")))
    return SendResult(
        message_id,
        _outcome(trouble, answer),
        detail=trouble.described,
        retry_after=_seconds(answer.headers.get("Retry-After", "")),
        suppress=suppression(trouble.code),
    )


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
    if trouble.status == 408:
        return SendOutcome.UNSURE
    if trouble.status in (401, 404) or trouble.code in BAD_SET_UP or answer.is_redirect:
        return SendOutcome.GATEWAY_DOWN
    return SendOutcome.REFUSED


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(retry_after: str) -> int | None:
    return int(retry_after) if re.fullmatch(r"\d{1,6}", retry_after) else None


def _described(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _open(config: TwilioConfig, around: Surroundings) -> TwilioGateway:
    return TwilioGateway(config, hook_url=around.hook_url, trusted_hosts=around.trusted_hosts)


def _hook(config: TwilioConfig) -> TwilioHook:
    return TwilioHook(config.auth_token.get_secret_value(), config.webhook_secret.get_secret_value())


PROVIDER = Provider(channel=Channel.SMS, config=TwilioConfig, ports=WEB, open=_open, hook=_hook)
