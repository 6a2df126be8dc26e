"""Mail through SendGrid's Mail Send API: one JSON document each, made from the finished message."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import httpx
from pydantic import Field, SecretStr, field_validator

from domain.delivery.ports import Outgoing, SendOutcome, SendResult
from gateways.address import WEB, OutboundRules
from gateways.http import ALL_SECONDS, open_client
from gateways.http_gateway import HttpConfig, HttpGateway, document_of, outcome_of_status
from gateways.provider import Provider, Surroundings
from gateways.sendgrid_hook import MESSAGE, SendgridHook, read_public_key
from models.message import Channel

_ACCEPTED = 202
_UNAUTHORIZED, _FORBIDDEN = 401, 403
# SendGrid writes these itself; every other header of ours goes along.
_OWN_HEADERS = frozenset(
    {
        "from",
        "to",
        "subject",
        "reply-to",
        "date",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "dkim-signature",
    }
)


class SendgridConfig(HttpConfig):
    """`api_key` needs the scope mail.send; `webhook_public_key` verifies what the event webhook tells."""

    api_key: SecretStr = Field(min_length=1)
    sender: str = Field("", alias="from")
    from_name: str = ""
    url: str = "https://api.sendgrid.com"
    webhook_public_key: str = ""

    @field_validator("webhook_public_key")
    @classmethod
    def _is_a_key(cls, text: str) -> str:
        """A key that is none is told when it is typed, not when the first report comes."""
        if text:
            read_public_key(text)
        return text


class SendgridGateway(HttpGateway):
    """One personalisation per request, so that nobody sees others."""

    channel: str = Channel.EMAIL

    def __init__(
        self,
        config: SendgridConfig,
        *,
        trusted_hosts: frozenset[str] = frozenset(),
        seconds: float = ALL_SECONDS,
    ) -> None:
        client = open_client(OutboundRules(WEB, trusted_hosts), connections=config.connections, seconds=seconds)
        client.headers["Authorization"] = f"Bearer {config.api_key.get_secret_value()}"
        super().__init__(client, connections=config.connections)
        self._url = f"{config.url}/v3/mail/send"

    def request(self, outgoing: Outgoing, *, now: datetime) -> httpx.Request:
        """The finished message as a document."""
        return self.client_request("POST", self._url, json=_document(outgoing))

    def read(self, message_id: int, answer: httpx.Response) -> SendResult:
        """202 says queued, with the id in a header; errors name the field they mind."""
        if answer.status_code == _ACCEPTED:
            return SendResult(message_id, SendOutcome.ACCEPTED, provider_ref=answer.headers.get("X-Message-Id"))
        return SendResult(
            message_id,
            outcome_of_status(answer, set_up=(_UNAUTHORIZED, _FORBIDDEN)),
            detail=_described(answer),
            retry_after=_until_reset(answer),
            suppress="invalid_address" if _blames_the_address(answer) else None,
        )


def _document(outgoing: Outgoing) -> dict[str, Any]:
    body = outgoing.body if isinstance(outgoing.body, bytes) else outgoing.body.encode()
    mail = message_from_bytes(body, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    sender = mail["From"].addresses[0]
    headers = {name: str(value) for name, value in mail.items() if name.lower() not in _OWN_HEADERS}
    return {
        "from": _person(sender.addr_spec, sender.display_name),
        "personalizations": [
            {"to": [_person(outgoing.to, _recipient(mail))], "custom_args": {MESSAGE: str(outgoing.message_id)}}
        ],
        "subject": str(mail["Subject"]),
        "content": [_part(mail, subtype) for subtype in ("plain", "html") if mail.get_body((subtype,)) is not None],
        "headers": headers,
        # Our own links and pixel are in the mail already, for members who allow them.
        "tracking_settings": {"click_tracking": {"enable": False}, "open_tracking": {"enable": False}},
    }


def _person(address: str, name: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}


def _recipient(mail: EmailMessage) -> str:
    addresses = mail["To"].addresses if mail["To"] is not None else ()
    return addresses[0].display_name if addresses else ""


def _part(mail: EmailMessage, subtype: str) -> dict[str, str]:
    part = mail.get_body((subtype,))
    assert part is not None
    return {"type": f"text/{subtype}", "value": part.get_content()}


def _errors(answer: httpx.Response) -> list[dict[str, Any]]:
    errors = document_of(answer).get("errors")
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _described(answer: httpx.Response) -> str:
    errors = _errors(answer)
    words = f"{errors[0].get('message', '')}" if errors else ""
    return f"HTTP {answer.status_code}: {words}"[:300].rstrip(": ")


def _blames_the_address(answer: httpx.Response) -> bool:
    fields = [str(each.get("field") or "") for each in _errors(answer)]
    return any(field.startswith("personalizations.") and ".to." in f"{field}." for field in fields)


def _until_reset(answer: httpx.Response) -> int | None:
    """SendGrid says when its limit is over, in seconds since 1970, and names no `Retry-After`."""
    reset = answer.headers.get("X-RateLimit-Reset", "")
    if not reset.isdecimal() or answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return None
    return max(1, min(int(reset) - int(datetime.now(UTC).timestamp()), 3600))


def _open(config: SendgridConfig, around: Surroundings) -> SendgridGateway:
    return SendgridGateway(config, trusted_hosts=around.trusted_hosts)


def _hook(config: SendgridConfig) -> SendgridHook:
    return SendgridHook(config.webhook_public_key)


PROVIDER = Provider(channels=(Channel.EMAIL,), config=SendgridConfig, ports=WEB, open=_open, hook=_hook)
