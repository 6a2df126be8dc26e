"""WhatsApp through Gupshup: a wording that WhatsApp has approved, or free words within a day of the guest's own.

Gupshup accepts first and judges later: that a number is not on WhatsApp, opted out, or outside the day is told by an
event.
"""

import json
from datetime import datetime

import httpx
from pydantic import Field, SecretStr

from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from gateways.address import WEB, OutboundRules
from gateways.gupshup_hook import GupshupHook
from gateways.http import ALL_SECONDS, open_client
from gateways.http_gateway import HttpConfig, HttpGateway, document_of, outcome_of_status, text_of
from gateways.provider import Provider, Surroundings
from models.message import Channel

_SET_UP = (401, 403, 404)


class GupshupConfig(HttpConfig):
    """`source` is the café's WhatsApp number, `app_name` the name of the app it belongs to."""

    api_key: SecretStr = Field(min_length=1)
    source: str = Field(pattern=r"^\+?[1-9][0-9]{6,14}$")
    app_name: str = Field(min_length=1, max_length=100)
    url: str = "https://api.gupshup.io"


class GupshupGateway(HttpGateway):
    """One form per message."""

    channel: str = Channel.WHATSAPP

    def __init__(
        self, config: GupshupConfig, *, trusted_hosts: frozenset[str] = frozenset(), seconds: float = ALL_SECONDS
    ) -> None:
        client = open_client(OutboundRules(WEB, trusted_hosts), connections=config.connections, seconds=seconds)
        client.headers["apikey"] = config.api_key.get_secret_value()
        super().__init__(client, connections=config.connections)
        self._config = config

    def request(self, outgoing: Outgoing, *, now: datetime) -> httpx.Request:
        """An approved wording with its values, or free words."""
        form = {
            "channel": "whatsapp",
            "source": self._config.source.lstrip("+"),
            "destination": outgoing.to.lstrip("+"),
            "src.name": self._config.app_name,
        }
        if outgoing.approved is None:
            words = {"type": "text", "text": text_of(outgoing), "previewUrl": False}
            return self._post("msg", form | {"message": json.dumps(words, ensure_ascii=False)})
        wording = {"id": outgoing.approved.id, "params": list(outgoing.approved.values)}
        return self._post("template/msg", form | {"template": json.dumps(wording, ensure_ascii=False)})

    def read(self, message_id: int, answer: httpx.Response) -> SendResult:
        """Submitted with an id, or an error in words."""
        document = document_of(answer)
        reference = document.get("messageId")
        if answer.is_success and document.get("status") == "submitted" and isinstance(reference, str):
            return SendResult(message_id, SendOutcome.ACCEPTED, provider_ref=reference)
        detail = f"HTTP {answer.status_code}: {document.get('message', '')}"[:300].rstrip(": ")
        outcome = SendOutcome.REFUSED if _is_a_no(answer, document) else outcome_of_status(answer, set_up=_SET_UP)
        return SendResult(message_id, outcome, detail=detail)

    def _post(self, path: str, form: dict[str, str]) -> httpx.Request:
        return self.client_request("POST", f"{self._config.url}/wa/api/v1/{path}", data=form)


def _is_a_no(answer: httpx.Response, document: dict[str, object]) -> bool:
    """Some refusals come with a success's status."""
    return answer.is_success and document.get("status") == "error"


def _open(config: GupshupConfig, around: Surroundings) -> GupshupGateway:
    return GupshupGateway(config, trusted_hosts=around.trusted_hosts)


def _hook(config: GupshupConfig) -> GupshupHook:
    return GupshupHook(config.app_name)


PROVIDER = Provider(channels=(Channel.WHATSAPP,), config=GupshupConfig, ports=WEB, open=_open, hook=_hook)
