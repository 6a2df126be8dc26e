"""Mail through any SMTP server: connections kept open over groups, several in parallel, one result per message."""

import logging
import math
import re
import ssl
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator

from domain.delivery.ports import Outgoing, SendResult
from domain.errors import Unacceptable
from domain.sentences import say
from gateways.address import MAIL, OutboundRules
from gateways.provider import Endpoint, GatewayConfig, Provider, Surroundings
from gateways.return_path import ReturnPath
from gateways.smtp_client import PATIENCE, WEAR, Patience, Server, Unreachable, Wear
from gateways.smtp_group import Group
from gateways.smtp_hook import SmtpHook
from gateways.smtp_session import Dropped, SmtpSession, open_session
from models.message import Channel

_log = logging.getLogger(__name__)

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_GROUP_SECONDS = 0.02  # in which a group should be handed over: as many connections as that takes, and no more
_EXPECTED_PACE = 0.004  # seconds for one mail, as long as nothing is known
_DROPS_PER_GROUP = 3  # after so many broken connections the rest of a group waits for another time
_ADDRESS = re.compile(r"[^\s<>@\x00-\x1f\x7f]{1,64}@[A-Za-z0-9.-]{1,255}")
_HOST_NAME = re.compile(r"[A-Za-z0-9.-]{1,255}|\[[0-9A-Za-z.:]+\]")


class SmtpConfig(GatewayConfig):
    """`url` is `smtp://`, `smtp+starttls://` or `smtps://`, with user and password percent-encoded where needed.

    Plain `smtp://` only reaches hosts the operator vouches for. `envelope_from` takes the bounces (default: `from`).
    With `return_path` each message gets a return path of its own below that address (`bounce+TOKEN@…`): whatever
    arrives there is piped to the account's hook.
    """

    url: SecretStr
    sender: str = Field("", alias="from")
    from_name: str = ""
    envelope_from: str = ""
    return_path: str = Field("", max_length=200, pattern=r"^([^+@]{1,30}@.*)?$")
    ehlo_name: str = ""
    connections: int = Field(10, ge=1, le=100)

    @field_validator("url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            known = parts.scheme in _PORTS and parts.hostname and parts.port != 0
        except ValueError:  # a port that is no number, brackets that do not close
            known = False
        if not known or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(say("Write it like smtp+starttls://user:password@mail.example.com:587."))
        if not unquote(f"{parts.username}{parts.password}").isascii():
            raise ValueError(say("User and password must be plain ASCII."))
        return url

    @field_validator("sender", "envelope_from", "return_path")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and not (_ADDRESS.fullmatch(value) and value.isascii()):
            raise ValueError(say("Write a bare mail address, like hello@cafe.example."))
        return value

    @field_validator("from_name", "ehlo_name")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError(say("Leave out line breaks and control characters."))
        return value

    @field_validator("ehlo_name")
    @classmethod
    def _is_a_host_name(cls, value: str) -> str:
        if value and not _HOST_NAME.fullmatch(value):
            raise ValueError(say("Write a host name, like worker.cafe.example."))
        return value

    @property
    def endpoint(self) -> Endpoint:
        parts = urlsplit(self.url.get_secret_value())
        return Endpoint(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password, or None where the server asks for none."""
        parts = urlsplit(self.url.get_secret_value())
        return (unquote(parts.username), unquote(parts.password or "")) if parts.username else None


class SmtpGateway:
    """At most `connections` run in parallel: as many as the server's pace asks for, a fast one is served over one.

    They stay open until `close`, are worn, or the server ends them.
    """

    channel: str = Channel.EMAIL
    group_size = 100

    def __init__(
        self,
        config: SmtpConfig,
        *,
        trusted_hosts: frozenset[str] = frozenset(),
        sender: str = "",
        hook_url: str = "",
        tls: ssl.SSLContext | None = None,
        patience: Patience = PATIENCE,
        wear: Wear = WEAR,
    ) -> None:
        envelope_from = config.envelope_from or config.sender or sender
        if not envelope_from:
            raise Unacceptable.at("from", say("Mail needs a sender address."))
        self._server = Server(
            config.endpoint,
            OutboundRules(MAIL, trusted_hosts),
            config.login,
            sender=envelope_from,
            ehlo_name=config.ehlo_name or envelope_from.rpartition("@")[2],
            tls=tls or ssl.create_default_context(),
            patience=patience,
            wear=wear,
            returns=ReturnPath(config.return_path, hook_url=hook_url) if config.return_path and hook_url else None,
        )
        self._connections = config.connections
        self._pace = _EXPECTED_PACE  # seconds that one mail takes on one connection
        self._idle: deque[SmtpSession] = deque()
        self._threads = ThreadPoolExecutor(config.connections, thread_name_prefix="smtp")

    def send(self, outgoing: Sequence[Outgoing]) -> list[SendResult]:
        """Hand over a group, in the given order per connection; results come in the order of the messages."""
        if not outgoing:
            return []
        group, connections, began = Group(outgoing), self._wanted(len(outgoing)), time.monotonic()
        helpers = [self._threads.submit(self._work, group) for _ in range(connections - 1)]
        self._work(group)
        wait(helpers)
        self._pace = (time.monotonic() - began) * connections / len(outgoing)
        return group.results()

    def close(self) -> None:
        """Say goodbye on every connection."""
        self._threads.shutdown()
        while self._idle:
            self._idle.pop().close()

    def _wanted(self, mails: int) -> int:
        """How many connections hand over so many mails in time."""
        return max(1, min(math.ceil(mails * self._pace / _GROUP_SECONDS), self._connections, mails))

    def _work(self, group: Group) -> None:
        """One connection after the other until the group is done, or no connection can be had."""
        try:
            self._work_through(group)
        except Unreachable as error:
            group.rest_is(error.verdict)
        except Exception:  # noqa: BLE001 - a mistake of ours must not cost the others their result
            _log.exception("handing over mail failed")

    def _work_through(self, group: Group) -> None:
        drops = 0
        while group.has_waiting and drops < _DROPS_PER_GROUP:
            session = self._session()
            try:
                session.hand_over(group)
            except Dropped:
                drops += 1
                session.abandon()
            else:
                self._idle.append(session)

    def _session(self) -> SmtpSession:
        while (session := self._take_idle()) is not None:
            if not session.is_worn and session.is_quiet:
                return session
            session.close()
        return open_session(self._server)

    def _take_idle(self) -> SmtpSession | None:
        try:
            return self._idle.pop()
        except IndexError:  # another connection was faster
            return None


def _open(config: SmtpConfig, around: Surroundings) -> SmtpGateway:
    return SmtpGateway(config, trusted_hosts=around.trusted_hosts, sender=around.sender, hook_url=around.hook_url)


def _hook(config: SmtpConfig) -> SmtpHook | None:
    return SmtpHook() if config.return_path else None


PROVIDER = Provider(channels=(Channel.EMAIL,), config=SmtpConfig, ports=MAIL, open=_open, hook=_hook)
