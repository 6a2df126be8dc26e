"""A mail server played on loopback: strict about what real ones refuse, and scripted to misbehave at any stage.

Used as `with PlayedSmtp() as server:`, with `server.say("RCPT", "550 5.1.1 No such user", to="gone@example.com")`.
"""

import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import Self

from tests.played import certificates
from tests.played.smtp_conversation import Conversation, HangUp, Offer, Received, Trouble

__all__ = ["Offer", "PlayedSmtp", "Received", "Trouble"]


@dataclass(slots=True)
class Line:
    """Something said in advance: at `stage`, to recipient `to` (any when None), `times` more."""

    stage: str
    reply: str | Trouble
    to: str | None
    times: int


class PlayedSmtp:
    """Listens while used `with`. `received` are the mails it took, `commands` the lines it heard."""

    def __init__(self, offer: Offer | None = None, *, port: int = 0) -> None:
        self.offer = offer or Offer()
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.stalled = 0  # how many conversations are silent for good
        self._lines: list[Line] = []
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._open: set[Conversation] = set()
        self.tls = certificates.server_context() if self.offer.tls != "none" else None
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def host(self) -> str:
        """`host:port`, as lists of trusted hosts want it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """As a gateway's setting, with the login in it."""
        scheme = {"none": "smtp", "starttls": "smtp+starttls", "implicit": "smtps"}[self.offer.tls]
        login = "{}:{}@".format(*self.offer.login) if self.offer.login else ""
        return f"{scheme}://{login}{self.host}"

    def say(self, stage: str, reply: str | Trouble, *, to: str | None = None, times: int = 1) -> None:
        """Reply like this at `stage` (`connect EHLO STARTTLS AUTH MAIL RCPT DATA text`) instead of as a good server."""
        self._lines.append(Line(stage, reply, to, times))

    def unsay(self) -> None:
        """From here on reply as a good server."""
        with self._lock:
            self._lines = []

    def said(self, stage: str, to: str | None) -> str | Trouble | None:
        """Use up what was said in advance for this stage, if anything."""
        with self._lock:
            for line in self._lines:
                if line.stage == stage and line.to in (None, to):
                    line.times -= 1
                    self._lines = [each for each in self._lines if each.times > 0]
                    return line.reply
        return None

    def start(self) -> Self:
        """Listen; `with` does this by itself."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop listening and close every connection."""
        self.closing.set()
        with socket.socket() as knock:
            knock.connect(("127.0.0.1", self.port))
        self._thread.join()
        self._listener.close()
        self.hang_up_all()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def hang_up_all(self) -> None:
        """Close every connection now, as a restarting server does."""
        for conversation in list(self._open):
            conversation.hang_up()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self.closing.is_set():
                return sock.close()
            self.connections += 1
            conversation = Conversation(self, sock)
            self._open.add(conversation)
            threading.Thread(target=self._serve, args=(conversation,), daemon=True).start()

    def _serve(self, conversation: Conversation) -> None:
        with contextlib.suppress(OSError, HangUp):  # the client left, or a script wants the connection gone
            conversation.run()
        conversation.hang_up()
        self._open.discard(conversation)
