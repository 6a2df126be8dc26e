"""One connection to the played mail server, from the greeting to QUIT."""

import base64
import contextlib
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

_PATH = re.compile(r"<([^\s<>]*)>((?: [A-Z0-9=]+)*)\Z", re.IGNORECASE)
_SIZE_LIMIT = 31457280


class Trouble(StrEnum):
    """What the server does instead of replying."""

    DROP = "drop"  # closes the connection
    STALL = "stall"  # stays silent until it is closed


@dataclass(frozen=True, slots=True)
class Received:
    """A mail the server took: envelope, the text as its sender meant it, and how it came."""

    sender: str
    to: str
    body: bytes
    login: str | None
    over_tls: bool


@dataclass(slots=True)
class Offer:
    """What the server is: TLS `none`, `starttls` or `implicit`; `login` (user, password) must be given before mail.

    One that `always_wants_text` asks for it even where no recipient was taken, as a few real ones do.
    """

    tls: str = "none"
    login: tuple[str, str] | None = None
    auth: str = "PLAIN LOGIN"
    pipelining: bool = True
    always_wants_text: bool = False
    delay: float = 0.0  # seconds before each write, as a distant server has
    extensions: list[str] = field(default_factory=lambda: ["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"])


class Server(Protocol):
    """What a conversation needs of the server it belongs to."""

    offer: Offer
    received: list[Received]
    commands: list[str]
    closing: threading.Event
    stalled: int
    tls: ssl.SSLContext | None

    def said(self, stage: str, to: str | None) -> str | Trouble | None:
        """What was said in advance for this stage, if anything."""
        ...


class HangUp(Exception):
    """Ends a conversation."""


class Conversation:
    """One connection, from the greeting to QUIT."""

    def __init__(self, server: Server, sock: socket.socket) -> None:
        self._server = server
        self._sock = sock
        self._buffer = b""
        self._replies: list[str] = []
        self._greeted = False
        self._login: str | None = None
        self._sender: str | None = None
        self._to: str | None = None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        if self._server.offer.tls == "implicit":
            self._start_tls()
        self._reply("connect", "220 mx.example ESMTP")
        while True:
            command = self._line()
            self._server.commands.append(command)
            self._obey(command)

    def hang_up(self) -> None:
        """Close the connection, whoever waits on it."""
        with contextlib.suppress(OSError):  # closed already
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def _obey(self, command: str) -> None:
        verb = command.partition(" ")[0].upper()
        handler = getattr(self, f"_on_{verb.lower()}", None)
        if handler is None:
            self._reply(verb, "500 5.5.2 Command not recognized")
        else:
            handler(command)

    def _on_ehlo(self, command: str) -> None:
        self._greeted = True
        self._clear()
        lines = ["mx.example", *self._extensions()]
        rest = [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]
        self._reply("EHLO", "\r\n".join(rest))

    def _extensions(self) -> list[str]:
        offer = self._server.offer
        extensions = [f"SIZE {_SIZE_LIMIT}", *offer.extensions]
        if offer.tls == "starttls" and not self._over_tls:
            extensions.append("STARTTLS")
        if offer.login and (self._over_tls or offer.tls == "none"):
            extensions.append(f"AUTH {offer.auth}")
        return ["PIPELINING", *extensions] if offer.pipelining else extensions

    def _on_helo(self, command: str) -> None:
        self._greeted = True
        self._reply("HELO", "250 mx.example")

    def _on_starttls(self, command: str) -> None:
        refusal = "503 5.5.1 Not now" if self._server.offer.tls != "starttls" or self._over_tls else None
        if self._grants("STARTTLS", "220 2.0.0 Ready", refusal):
            self._flush()
            self._greeted = False
            self._start_tls()

    def _on_auth(self, command: str) -> None:
        login = self._given_login(command)
        if self._grants("AUTH", "235 2.7.0 Authentication successful", self._why_no_login(login)):
            self._login = login[0]

    def _given_login(self, command: str) -> tuple[str, ...]:
        _, mechanism, initial = [*command.split(" "), "", ""][:3]
        if mechanism == "PLAIN":
            return tuple(_decoded(initial).split("\0")[1:])
        if mechanism == "LOGIN":
            self._say("334 UGFzc3dvcmQ6")
            return _decoded(initial), _decoded(self._line())
        return ()

    def _why_no_login(self, login: tuple[str, ...]) -> str | None:
        offer = self._server.offer
        if not offer.login or not self._greeted:
            return "503 5.5.1 Not now"
        if offer.tls == "starttls" and not self._over_tls:
            return "538 5.7.11 Encryption required"
        if not login:
            return "504 5.5.4 Unrecognized authentication type"
        return None if login == offer.login else "535 5.7.8 Username and Password not accepted"

    def _on_mail(self, command: str) -> None:
        path = _path(command, "MAIL FROM:")
        if self._grants("MAIL", "250 2.1.0 Ok", self._why_no_mail(path)):
            self._sender = path

    def _why_no_mail(self, path: str | None) -> str | None:
        if self._server.offer.login and self._login is None:
            return "530 5.7.0 Authentication required"
        if self._sender is not None or not self._greeted:
            return "503 5.5.1 Not now"
        return "501 5.5.4 Syntax: MAIL FROM:<address>" if path is None else None

    def _on_rcpt(self, command: str) -> None:
        path = _path(command, "RCPT TO:")
        if self._grants("RCPT", "250 2.1.5 Ok", self._why_no_rcpt(path), to=path):
            self._to = path

    def _why_no_rcpt(self, path: str | None) -> str | None:
        if self._sender is None:
            return "503 5.5.1 Need MAIL first"
        return "501 5.1.3 Bad recipient address syntax" if path is None or "@" not in path else None

    def _on_data(self, command: str) -> None:
        lost = self._to is None and not self._server.offer.always_wants_text
        refusal = "503 5.5.1 Need RCPT first" if lost else None
        if self._grants("DATA", "354 End data with <CR><LF>.<CR><LF>", refusal, to=self._to):
            self._take(self._text())
            self._clear()

    def _take(self, text: bytes) -> None:
        fault = "554 5.5.1 No valid recipients" if self._to is None else _fault(text)
        if self._grants("text", "250 2.0.0 Ok: queued as 4F2A1B", fault, to=self._to):
            mail = Received(self._sender or "", self._to or "", text, self._login, self._over_tls)
            self._server.received.append(mail)

    def _on_rset(self, command: str) -> None:
        self._clear()
        self._reply("RSET", "250 2.0.0 Ok")

    def _on_noop(self, command: str) -> None:
        self._reply("NOOP", "250 2.0.0 Ok")

    def _on_quit(self, command: str) -> None:
        self._reply("QUIT", "221 2.0.0 Bye")
        self._flush()
        raise HangUp

    def _clear(self) -> None:
        self._sender = self._to = None

    @property
    def _over_tls(self) -> bool:
        return isinstance(self._sock, ssl.SSLSocket)

    def _start_tls(self) -> None:
        assert self._server.tls
        self._sock = self._server.tls.wrap_socket(self._sock, server_side=True)

    def _grants(self, stage: str, good: str, refusal: str | None, to: str | None = None) -> bool:
        """Refuse what must be refused; else reply well, unless something else was said in advance."""
        if refusal is not None:
            self._say(refusal)
            return False
        return self._reply(stage, good, to)

    def _reply(self, stage: str, good: str, to: str | None = None) -> bool:
        said = self._server.said(stage, to)
        if isinstance(said, Trouble):
            self._trouble(said)
        reply = str(said or good)
        self._say(reply)
        return reply[0] in "23"

    def _say(self, reply: str) -> None:
        self._replies.append(reply)
        if reply.startswith("421"):
            self._flush()
            raise HangUp

    def _trouble(self, trouble: Trouble) -> None:
        self._flush()
        if trouble is Trouble.STALL:
            self._server.stalled += 1
            self._server.closing.wait()
        raise HangUp

    def _flush(self) -> None:
        if self._replies:
            if self._server.offer.delay:
                time.sleep(self._server.offer.delay)
            replies, self._replies = self._replies, []
            self._sock.sendall("".join(f"{reply}\r\n" for reply in replies).encode())

    def _line(self) -> str:
        line, self._buffer = self._until(b"\r\n")
        return line.decode()

    def _text(self) -> bytes:
        self._buffer = b"\r\n" + self._buffer  # the line end before the text counts: it may be empty
        text, self._buffer = self._until(b"\r\n.\r\n")
        return re.sub(rb"(?m)^\.", b"", (text + b"\r\n")[2:])

    def _until(self, end: bytes) -> tuple[bytes, bytes]:
        searched = 0
        while (at := self._buffer.find(end, searched)) < 0:
            searched = max(len(self._buffer) - len(end), 0)
            self._flush()
            received = self._sock.recv(262144)
            if not received:
                raise HangUp
            self._buffer += received
        return self._buffer[:at], self._buffer[at + len(end) :]


def _path(command: str, prefix: str) -> str | None:
    found = _PATH.match(command[len(prefix) :]) if command.upper().startswith(prefix) else None
    return found[1] if found else None


def _decoded(word: str) -> str:
    return base64.b64decode(word).decode()


def _fault(text: bytes) -> str | None:
    if text.count(b"\n") != text.count(b"\r\n") or text.count(b"\r") != text.count(b"\r\n"):
        return "550 5.6.0 Bare CR or LF is not allowed"
    if any(len(line) > 998 for line in text.split(b"\r\n")):
        return "550 5.6.0 A line is longer than 998 octets"
    return None
