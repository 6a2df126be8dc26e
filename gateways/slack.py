"""Alerts to the café's own people through a Slack incoming webhook. The address itself is the secret."""

import re
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator

from domain.delivery.ports import STAFF, Outgoing, SendOutcome, SendResult
from domain.sentences import say
from gateways.address import WEB, OutboundRules
from gateways.http import ALL_SECONDS, open_client
from gateways.http_gateway import MOST_AT_ONCE, HttpGateway, outcome_of_status, text_of, waiting_time
from gateways.provider import Endpoint, GatewayConfig, Provider, Surroundings
from models.message import Channel

_PATH = re.compile(r"/services/T[A-Z0-9]{2,}/B[A-Z0-9]{2,}/[A-Za-z0-9]{16,}")
_PORTS = {"http": 80, "https": 443}
_LONGEST = 4000  # characters; Slack cuts later, people read less
_FORBIDDEN, _GONE, _MISSING = 403, 410, 404


class SlackConfig(GatewayConfig):
    """`url` is the whole webhook address as Slack shows it."""

    url: SecretStr
    connections: int = Field(1, ge=1, le=MOST_AT_ONCE)  # Slack takes about one a second

    @field_validator("url")
    @classmethod
    def _is_a_webhook(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            fits = parts.scheme in _PORTS and parts.hostname and not parts.username and parts.port != 0
        except ValueError:  # a port that is no number
            fits = False
        if not fits or not _PATH.fullmatch(parts.path) or parts.query or parts.fragment:
            raise ValueError(say("Paste the webhook address as Slack shows it: https://hooks.slack.com/services/…"))
        return url

    @property
    def endpoint(self) -> Endpoint:
        parts = urlsplit(self.url.get_secret_value())
        return Endpoint(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])


class SlackGateway(HttpGateway):
    """Writes to staff and to nobody else."""

    channel: str = Channel.CHAT

    def __init__(
        self, config: SlackConfig, *, trusted_hosts: frozenset[str] = frozenset(), seconds: float = ALL_SECONDS
    ) -> None:
        rules = OutboundRules(WEB, trusted_hosts)
        client = open_client(rules, connections=config.connections, seconds=seconds)
        super().__init__(client, connections=config.connections)
        self._config = config

    def hand_over(self, outgoing: Outgoing, *, now: datetime) -> SendResult:
        """One line for staff. What is meant for a guest is refused: this is not a channel to them."""
        if outgoing.to != STAFF:
            return SendResult(
                outgoing.message_id, SendOutcome.REFUSED, detail="Slack reaches only the café's own people"
            )
        return super().hand_over(outgoing, now=now)

    def request(self, outgoing: Outgoing, *, now: datetime) -> httpx.Request:
        """One JSON document."""
        content = {"text": _escaped(text_of(outgoing))[:_LONGEST], "unfurl_links": False}
        return self.client_request("POST", self._config.url.get_secret_value(), json=content)

    def read(self, message_id: int, answer: httpx.Response) -> SendResult:
        """Slack answers in plain words, and `ok` is the only good one."""
        words = answer.text.strip()[:100]
        if answer.status_code == httpx.codes.OK and words == "ok":
            return SendResult(message_id, SendOutcome.ACCEPTED, provider_ref=f"slack-{message_id}")
        outcome = outcome_of_status(answer, set_up=(_FORBIDDEN, _MISSING, _GONE))
        return SendResult(
            message_id, outcome, detail=f"HTTP {answer.status_code}: {words}", retry_after=waiting_time(answer)
        )


def _escaped(words: str) -> str:
    """A guest who is called `<!channel>` wakes nobody."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _open(config: SlackConfig, around: Surroundings) -> SlackGateway:
    return SlackGateway(config, trusted_hosts=around.trusted_hosts)


PROVIDER = Provider(channels=(Channel.CHAT,), config=SlackConfig, ports=WEB, open=_open)
