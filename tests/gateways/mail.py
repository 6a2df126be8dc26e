"""Mail gateways for tests: over a played server, impatient, believing the played certificate."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from domain.delivery.ports import Outgoing, SendOutcome
from gateways.smtp import SmtpConfig, SmtpGateway
from gateways.smtp_client import WEAR, Patience, Wear
from tests.played import certificates
from tests.played.smtp import PlayedSmtp

BODY = b"Subject: Hi\r\n\r\nA coffee waits.\r\n"
IMPATIENT = Patience(connect=1.0, command=0.3, text=0.3)
PATIENT = Patience(connect=5.0, command=10.0, text=10.0)


@contextmanager
def gateway_to(
    server: PlayedSmtp,
    *,
    url: str = "",
    trusted: str = "",
    patience: Patience = PATIENT,
    wear: Wear = WEAR,
    hook_url: str = "",
    **config: Any,
) -> Iterator[SmtpGateway]:
    """A gateway over one connection (unless told otherwise) to this server, which it trusts, closed afterwards."""
    settings = {"url": url or server.url, "from": "hello@cafe.example", "connections": 1} | config
    gateway = SmtpGateway(
        SmtpConfig.model_validate(settings),
        trusted_hosts=frozenset({trusted or server.host}),
        tls=certificates.client_context(),
        patience=patience,
        wear=wear,
        hook_url=hook_url,
    )
    try:
        yield gateway
    finally:
        gateway.close()


def mail(number: int = 1, *, to: str | None = None, body: str | bytes = BODY) -> Outgoing:
    """A finished mail with its own number and address."""
    return Outgoing(number, to or f"guest{number}@example.com", body, ref=f"<{number}@regulars.example>")


def group(size: int) -> list[Outgoing]:
    """Mails 1 to `size`."""
    return [mail(number) for number in range(1, size + 1)]


def outcomes(gateway: SmtpGateway, size: int) -> list[SendOutcome]:
    """How a group of that size fared, in its order."""
    return [result.outcome for result in gateway.send(group(size))]


def numbers(server: PlayedSmtp) -> list[int]:
    """Which mails the server took, in the order it took them."""
    return [int(received.to.removeprefix("guest").partition("@")[0]) for received in server.received]
