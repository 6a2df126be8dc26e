"""One connection that hands over one mail after the other.

Where the server offers PIPELINING (RFC 2920), MAIL, RCPT and DATA leave in one write, and the envelope of the next
message rides behind the text of the one before.
"""

import contextlib
import re
import select
import time

from domain.delivery.ports import Outgoing, SendOutcome
from gateways.smtp_client import Client, Server, connect_to
from gateways.smtp_group import Group
from gateways.smtp_replies import Reply, Stage, described, judge
from gateways.verdict import Verdict, printable

_BARE_LINE_END = re.compile(rb"\r\n|\r|\n")
_ADDRESS = re.compile(r"[^\s<>@\x00-\x1f\x7f]{1,64}@[^\s<>@\x00-\x1f\x7f]{1,255}")
_REPLY_LINES = 100
_GOODBYE_SECONDS = 2.0


class Dropped(Exception):
    """The connection broke off. What was on it has been settled or given back."""


class SmtpSession:
    """An open connection that hands over one message after the other, a command at a time."""

    def __init__(self, client: Client, server: Server) -> None:
        assert client.sock and client.file, "connected"
        self._sock = client.sock
        self._client = client
        self._file = client.file
        self._server = server
        self._opened = time.monotonic()
        self._taken = 0
        self._size_limit = int(client.esmtp_features.get("size") or 0)

    @property
    def is_worn(self) -> bool:
        """Whether this connection has served; a new one serves at least once."""
        wear = self._server.wear
        return self._taken >= wear.messages or (self._taken > 0 and time.monotonic() - self._opened >= wear.seconds)

    @property
    def is_quiet(self) -> bool:
        """Whether the server said nothing since: a word in between is its goodbye."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    def hand_over(self, group: Group) -> None:
        """Hand over until the group is empty or this connection is worn. Raises `Dropped`."""
        current = self._take(group)
        if current is not None:
            self._begin(current, group)
        while current is not None:
            current = self._exchange(current, group)

    def close(self) -> None:
        """Say goodbye, but do not insist."""
        with contextlib.suppress(OSError):  # it may be gone already, and there is nothing left to lose
            self._sock.settimeout(_GOODBYE_SECONDS)
            self._sock.sendall(b"QUIT\r\n")
            self._file.readline()
        self.abandon()

    def abandon(self) -> None:
        """Let go without a word."""
        self._client.close()

    def _take(self, group: Group) -> Outgoing | None:
        while not self.is_worn:
            outgoing = group.take()
            if outgoing is None:
                return None
            objection = self._objection(outgoing)
            if objection is None:
                self._taken += 1
                return outgoing
            group.settle(outgoing, objection)
        return None

    def _objection(self, outgoing: Outgoing) -> Verdict | None:
        if not _ADDRESS.fullmatch(outgoing.to):
            return Verdict(SendOutcome.REFUSED, "this is not a mail address", suppress="invalid_address")
        if not outgoing.to.isascii() and not self._client.has_extn("smtputf8"):
            return Verdict(SendOutcome.REFUSED, "the mail server takes no international addresses")
        if 0 < self._size_limit < len(outgoing.body):
            return Verdict(SendOutcome.REFUSED, "larger than the mail server takes")
        return None

    def _begin(self, outgoing: Outgoing, group: Group) -> None:
        try:
            self._write(self._ahead(outgoing), self._server.patience.command)
        except OSError as error:
            raise self._lost(error, group, outgoing) from error

    def _exchange(self, current: Outgoing, group: Group) -> Outgoing | None:
        """Bring the message on its way to its end; the one that follows is on its way when this returns it."""
        try:
            refusal, awaits_text = self._read_envelope(current)
        except OSError as error:
            raise self._lost(error, group, current) from error
        if refusal is None:
            return self._transfer(current, group)
        self._settle_refused(current, group, *refusal)
        return self._start_over(group, awaits_text=awaits_text)

    def _transfer(self, current: Outgoing, group: Group) -> Outgoing | None:
        following = self._take(group)
        group.mark_written(current)
        try:
            ahead = b"" if following is None else self._ahead(following)
            self._write(as_text(current.body) + ahead, self._server.patience.text)
            reply = self._read(self._server.patience.text)
        except OSError as error:
            group.settle(current, Verdict(SendOutcome.UNSURE, f"no answer after the text: {_reason(error)}"))
            raise self._lost(error, group, following) from error
        self._settle(current, group, reply)
        return following

    def _settle(self, outgoing: Outgoing, group: Group, reply: Reply) -> None:
        if 200 <= reply.code < 300:
            group.settle(outgoing, Verdict(SendOutcome.ACCEPTED, described(reply)))
        else:
            self._settle_refused(outgoing, group, Stage.TEXT, reply)

    def _settle_refused(self, outgoing: Outgoing, group: Group, stage: Stage, reply: Reply) -> None:
        verdict = judge(stage, reply)
        group.settle(outgoing, verdict)
        if reply.code == 421 or verdict.outcome is SendOutcome.GATEWAY_DOWN:
            group.stop(verdict)

    def _start_over(self, group: Group, *, awaits_text: bool) -> Outgoing | None:
        """Clear a refused envelope and begin the next. A server that asks for a text without a recipient gets none."""
        following = self._take(group)
        opening = (b".\r\n" if awaits_text else b"") + b"RSET\r\n"
        try:
            ahead = b"" if following is None else self._ahead(following)
            self._write(opening + ahead, self._server.patience.command)
            for _ in range(2 if awaits_text else 1):
                self._read(self._server.patience.command)
        except OSError as error:
            raise self._lost(error, group, following) from error
        return following

    def _lost(self, error: OSError, group: Group, outgoing: Outgoing | None) -> Dropped:
        """The connection is gone and no text of `outgoing` was written. Silence ends the group: all would wait."""
        verdict = Verdict(SendOutcome.TRY_LATER, f"the connection broke off: {_reason(error)}")
        if isinstance(error, TimeoutError):
            group.stop(verdict)
        if outgoing is not None:
            group.give_back(outgoing, verdict)
        group.rest_is(verdict)
        return Dropped(verdict.detail)

    def _ahead(self, outgoing: Outgoing) -> bytes:
        """What of the envelope may be written before the server has answered what came before it."""
        return b""

    def _read_envelope(self, outgoing: Outgoing) -> tuple[tuple[Stage, Reply] | None, bool]:
        """The first refusal of the envelope if any, and whether the server awaits a text."""
        for stage, command in zip(_ENVELOPE, self._commands(outgoing), strict=True):
            self._write(command, self._server.patience.command)
            reply = self._read(self._server.patience.command)
            if not _is_wished_for(stage, reply):
                return (stage, reply), False
        return None, True

    def _commands(self, outgoing: Outgoing) -> tuple[bytes, bytes, bytes]:
        envelope_from = self._server.envelope_from(outgoing.message_id)
        mail = f"MAIL FROM:<{envelope_from}>{self._parameters(outgoing)}\r\n"
        return mail.encode(), f"RCPT TO:<{outgoing.to}>\r\n".encode(), b"DATA\r\n"

    def _parameters(self, outgoing: Outgoing) -> str:
        size = f" SIZE={len(outgoing.body)}" if self._client.has_extn("size") else ""
        eight_bit = self._client.has_extn("8bitmime") and not outgoing.body.isascii()
        international = not outgoing.to.isascii()
        headers_back = self._server.returns is not None and self._client.has_extn("dsn")
        return (
            size
            + (" BODY=8BITMIME" if eight_bit else "")
            + (" SMTPUTF8" if international else "")
            + (" RET=HDRS" if headers_back else "")
        )

    def _write(self, data: bytes, seconds: float) -> None:
        if data:
            self._sock.settimeout(seconds)
            self._sock.sendall(data)

    def _read(self, seconds: float) -> Reply:
        self._sock.settimeout(seconds)
        texts = []
        for _ in range(_REPLY_LINES):
            line = self._file.readline(1024)
            if not line[:3].isdigit() or not line.endswith(b"\n"):
                raise ConnectionError("closed" if not line else "not a reply")
            texts.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                return Reply(int(line[:3]), " ".join(texts))
        raise ConnectionError("a reply without end")


class PipelinedSession(SmtpSession):
    """The same with a server that takes several commands in one write."""

    def _ahead(self, outgoing: Outgoing) -> bytes:
        return b"".join(self._commands(outgoing))

    def _read_envelope(self, outgoing: Outgoing) -> tuple[tuple[Stage, Reply] | None, bool]:
        refusal = None
        for stage in _ENVELOPE:
            reply = self._read(self._server.patience.command)
            if refusal is None and not _is_wished_for(stage, reply):
                refusal = stage, reply
            if reply.code == 421:  # it hangs up: the other replies will not come
                return refusal, False
        return refusal, reply.code == 354


def open_session(server: Server) -> SmtpSession:
    """A session over a new connection. Raises `Unreachable`."""
    client = connect_to(server)
    return PipelinedSession(client, server) if client.has_extn("pipelining") else SmtpSession(client, server)


_ENVELOPE = (Stage.MAIL, Stage.RCPT, Stage.DATA)


def _is_wished_for(stage: Stage, reply: Reply) -> bool:
    return reply.code == 354 if stage is Stage.DATA else 200 <= reply.code < 300


def _reason(error: OSError) -> str:
    return "timed out" if isinstance(error, TimeoutError) else printable(str(error)) or type(error).__name__


def as_text(body: str | bytes) -> bytes:
    """A finished message as DATA wants it: CRLF line ends only, dots doubled, the final dot behind it.

    A bare CR or LF is made a whole line end: left alone, some servers would see the end of the message in it.
    """
    raw = body.encode() if isinstance(body, str) else body
    if not raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n"):
        raw = _BARE_LINE_END.sub(b"\r\n", raw)
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    if raw.startswith(b"."):
        raw = b"." + raw
    return raw.replace(b"\r\n.", b"\r\n..") + b".\r\n"
