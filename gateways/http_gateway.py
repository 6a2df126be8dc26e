"""What every provider over HTTP has in common: one request per message, several at once, an answer read into words.

Without an idempotency key whatever may have been processed is `UNSURE` and never sent again by itself: a request that
was written and not answered, an answer of something in between, a 5xx that does not promise it took nothing.
"""

import json
import logging
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator

from domain import clock
from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from domain.sentences import say
from gateways.address import WEB, NotAllowed, OutboundRules
from gateways.http import ALL_SECONDS, NOTHING_SENT, open_client
from gateways.provider import Endpoint, GatewayConfig

_log = logging.getLogger(__name__)

_PORTS = {"http": 80, "https": 443}
MOST_AT_ONCE = 40  # what one crash can leave unsure, whatever the settings say


class HttpConfig(GatewayConfig):
    """`url` is where the provider's API listens; `connections` is how many messages are asked for at once."""

    url: str
    connections: int = Field(10, ge=1, le=MOST_AT_ONCE)

    @field_validator("url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            fits = parts.scheme in _PORTS and parts.hostname and not parts.username and parts.port != 0
        except ValueError:  # a port that is no number
            fits = False
        if not fits or parts.query or parts.fragment:
            raise ValueError(say("Write it like https://api.example.com."))
        return value.rstrip("/")

    @property
    def endpoint(self) -> Endpoint:
        parts = urlsplit(self.url)
        return Endpoint(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])


class HttpGateway:
    """Sends over connections kept open until `close`. A provider says what it is asked and what its answers mean."""

    channel: str
    group_size = MOST_AT_ONCE

    def __init__(self, client: httpx.Client, *, connections: int) -> None:
        self._client = client
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix=type(self).__name__)

    def request(self, outgoing: Outgoing, *, now: datetime) -> httpx.Request:
        """What the provider is asked for one message; `self.client_request` builds it."""
        raise NotImplementedError

    def read(self, message_id: int, answer: httpx.Response) -> SendResult:
        """What the provider's answer means."""
        raise NotImplementedError

    def send(self, outgoing: Sequence[Outgoing]) -> list[SendResult]:
        """Hand over a group; results come in its order. Once the provider wants no more, the rest is not even asked."""
        return list(self._threads.map(_Round(self, now=clock.now()).send, outgoing))

    def close(self) -> None:
        """Let go of all connections."""
        self._threads.shutdown()
        self._client.close()

    def client_request(self, method: str, url: str, **content: Any) -> httpx.Request:
        """A request with the client's own headers."""
        return self._client.build_request(method, url, **content)

    def hand_over(self, outgoing: Outgoing, *, now: datetime) -> SendResult:
        """Hand over one message."""
        request = self.request(outgoing, now=now)
        try:
            answer = self._client.send(request)
        except NotAllowed as error:
            return SendResult(outgoing.message_id, SendOutcome.GATEWAY_DOWN, detail=error.detail)
        except NOTHING_SENT as error:
            return SendResult(outgoing.message_id, SendOutcome.TRY_LATER, detail=_described(error))
        except httpx.HTTPError as error:
            return SendResult(outgoing.message_id, SendOutcome.UNSURE, detail=_described(error))
        return self.read(outgoing.message_id, answer)


class ReportedGateway(HttpGateway):
    """One whose provider is told with each message where to report to (`self.hook_url`, "" for nowhere), and which
    signs in with `login`, a name and a token."""

    def __init__(
        self,
        config: HttpConfig,
        login: tuple[str, SecretStr],
        *,
        hook_url: str = "",
        trusted_hosts: frozenset[str] = frozenset(),
        seconds: float = ALL_SECONDS,
    ) -> None:
        name, token = login
        client = open_client(
            OutboundRules(WEB, trusted_hosts),
            auth=(name, token.get_secret_value()),
            connections=config.connections,
            seconds=seconds,
        )
        super().__init__(client, connections=min(config.connections, self.group_size))
        self.hook_url = hook_url if may_report_to(hook_url, config) else ""


class _Round:
    """One group on its way: after the first "later" nobody else of it is asked."""

    def __init__(self, gateway: HttpGateway, *, now: datetime) -> None:
        self._gateway = gateway
        self._now = now
        self._end: SendResult | None = None

    def send(self, outgoing: Outgoing) -> SendResult:
        if self._end is not None:
            return replace(self._end, message_id=outgoing.message_id)
        try:
            result = self._gateway.hand_over(outgoing, now=self._now)
        except Exception:  # noqa: BLE001 - a mistake of ours must not cost the others, and this one may have left
            _log.exception("handing over message %s failed", outgoing.message_id)
            return SendResult(outgoing.message_id, SendOutcome.UNSURE, detail="the hand-over ended in the middle")
        if result.outcome in (SendOutcome.TRY_LATER, SendOutcome.GATEWAY_DOWN):
            self._end = result
        return result


def text_of(outgoing: Outgoing) -> str:
    """The words of a message on a channel of texts."""
    return outgoing.body if isinstance(outgoing.body, str) else outgoing.body.decode()


def document_of(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object an answer carries; empty when it carries none."""
    try:
        document = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return document if isinstance(document, dict) else {}


def waiting_time(answer: httpx.Response) -> int | None:
    """The seconds an answer asks us to wait (`Retry-After`), if it does."""
    asked = answer.headers.get("Retry-After", "")
    return int(asked) if re.fullmatch(r"\d{1,6}", asked) else None


def outcome_of_status(answer: httpx.Response, *, set_up: Sequence[int] = (401, 403, 404)) -> SendOutcome:
    """What an HTTP status alone says: 429 is "later", `set_up` and redirects concern the account, other 4xx this
    message, and after anything else it is unknown what became of it."""
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return SendOutcome.TRY_LATER
    if answer.status_code in set_up or answer.is_redirect:
        return SendOutcome.GATEWAY_DOWN
    if answer.is_client_error and answer.status_code != httpx.codes.REQUEST_TIMEOUT:
        return SendOutcome.REFUSED
    return SendOutcome.UNSURE


def may_report_to(hook_url: str, config: HttpConfig) -> bool:
    """Providers refuse a message whose callback is not https or has an underscore in its host; the words matter more.

    A stand-in on plain http may report to plain http as well.
    """
    parts = urlsplit(hook_url)
    return (parts.scheme == "https" and "_" not in parts.netloc) or (
        parts.scheme == "http" and config.endpoint.scheme == "http"
    )


def _described(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__}: {error}"[:300]
