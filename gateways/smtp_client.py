"""How a connection to a mail server comes about: judged address, TLS, greeting, login. smtplib does the talking."""

import smtplib
import socket
import ssl
from dataclasses import dataclass

from domain.delivery.ports import SendOutcome
from gateways.address import NotAllowed, OutboundRules, connect
from gateways.provider import Endpoint
from gateways.return_path import ReturnPath
from gateways.smtp_replies import Reply, judge_opening
from gateways.verdict import Verdict, printable


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may take, in seconds; a server may ponder over a text before it takes it."""

    connect: float = 5.0
    command: float = 30.0
    text: float = 120.0


@dataclass(frozen=True, slots=True)
class Wear:
    """When a connection has served: after so many messages, or so many seconds."""

    messages: int = 100
    seconds: float = 60.0


PATIENCE = Patience()
WEAR = Wear()


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server and how we present ourselves to it. `login` is (user, password) or None; `returns` gives each
    message a return path of its own, where bounces are read."""

    endpoint: Endpoint
    rules: OutboundRules
    login: tuple[str, str] | None
    sender: str
    ehlo_name: str
    tls: ssl.SSLContext
    patience: Patience = PATIENCE
    wear: Wear = WEAR
    returns: ReturnPath | None = None

    def envelope_from(self, message_id: int) -> str:
        """Who a message is from on its envelope."""
        return self.returns.of(message_id) if self.returns else self.sender


class Unreachable(Exception):
    """No connection that could take messages; `verdict` says what that means for those that wait."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class Client(smtplib.SMTP):
    """smtplib's client over an address that was judged, with TLS from the first byte for `smtps`."""

    def __init__(self, server: Server) -> None:
        super().__init__(local_hostname=server.ehlo_name, timeout=server.patience.command)
        self._server = server
        self._host = server.endpoint.host  # the name TLS verifies

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        patience = self._server.patience
        sock = connect(self._server.rules.addresses(host, port), port, timeout=patience.connect)
        sock.settimeout(patience.command)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._server.endpoint.scheme == "smtps":
            return self._server.tls.wrap_socket(sock, server_hostname=host)
        return sock

    def greet(self) -> None:
        """Connect, and everything before the first envelope. Raises smtplib's and the socket's errors, `NotAllowed`."""
        endpoint = self._server.endpoint
        self._server.rules.check(endpoint.scheme, endpoint.host, endpoint.port)
        code, text = self.connect(endpoint.host, endpoint.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        if endpoint.scheme == "smtp+starttls":
            self.starttls(context=self._server.tls)
        self.ehlo_or_helo_if_needed()
        if self._server.login:
            self._log_in(*self._server.login)

    def _log_in(self, user: str, password: str) -> None:
        """One attempt with one mechanism: smtplib's `login` would try them all, which locks accounts sooner."""
        self.user, self.password = user, password
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            self.auth("PLAIN", self.auth_plain)
        elif "LOGIN" in offered:
            self.auth("LOGIN", self.auth_login)
        else:
            raise smtplib.SMTPNotSupportedError("the mail server offers neither AUTH PLAIN nor LOGIN")


def connect_to(server: Server) -> Client:
    """A connection ready for envelopes. Raises `Unreachable`."""
    client = Client(server)
    try:
        client.greet()
    except (OSError, NotAllowed, UnicodeError) as error:  # smtplib's exceptions are OSErrors
        client.close()
        raise Unreachable(_why_unreachable(error)) from None
    return client


def _why_unreachable(error: Exception) -> Verdict:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return judge_opening(Reply(error.smtp_code, text))
    if isinstance(error, ssl.SSLEOFError) or not isinstance(error, _SET_UP_WRONGLY):
        return Verdict(SendOutcome.TRY_LATER, printable(str(error)))
    return Verdict(SendOutcome.GATEWAY_DOWN, printable(str(error)))


_SET_UP_WRONGLY = (NotAllowed, smtplib.SMTPNotSupportedError, ssl.SSLError, UnicodeError)
