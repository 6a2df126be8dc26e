"""One connection to an operator's message centre: judged address, TLS, PDUs in and out, bound and let go of.

smpplib writes and reads the PDUs. Its client stays away: it logs passwords and words as hex, and knows neither windows
nor judged addresses.
"""

import contextlib
import select
import socket
import ssl
import struct
import time
from dataclasses import dataclass
from typing import Any

from smpplib import consts, smpp
from smpplib.exceptions import UnknownCommandError
from smpplib.pdu import PDU

from domain.delivery.ports import SendOutcome
from gateways.address import NotAllowed, OutboundRules, connect
from gateways.provider import Endpoint
from gateways.smpp_codes import judge
from gateways.verdict import Verdict, printable

TLS_SCHEME = "smpp+tls"
_HEADER = struct.Struct(">LLLL")
_LONGEST = 64 * 1024
_GOODBYE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may take, in seconds."""

    connect: float = 5.0
    answer: float = 30.0


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Centre:
    """An operator's message centre and how we present ourselves to it."""

    endpoint: Endpoint
    rules: OutboundRules
    system_id: str
    password: str
    system_type: str
    tls: ssl.SSLContext
    patience: Patience = PATIENCE

    def __repr__(self) -> str:
        return f"Centre({self.endpoint.authority})"


class Unreachable(Exception):
    """No bind; `verdict` says what that means for the messages that wait."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class Broken(OSError):
    """The connection is gone, or what came over it cannot be read: whatever was not answered is unknown."""


class Link:
    """A connection to a message centre. Not for several threads at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sequence = 0

    def next_sequence(self) -> int:
        """The number of the next request; smpplib asks."""
        self._sequence = self._sequence % 0x7FFFFFFF + 1
        return self._sequence

    @property
    def is_quiet(self) -> bool:
        """Whether nothing came since: a word in between may be their goodbye."""
        return not self._has_begun(0)

    def write(self, command: str, *, seconds: float, **fields: Any) -> int:
        """Write a request; its number. Raises `OSError`: it may have left."""
        pdu = smpp.make_pdu(command, client=self, **fields)
        self._send(pdu, seconds)
        return int(pdu.sequence)

    def answer(self, pdu: PDU, *, seconds: float, status: int = consts.SMPP_ESME_ROK) -> None:
        """Answer a request of theirs. Raises `OSError`."""
        answer = smpp.make_pdu(f"{pdu.command}_resp", client=self, status=status)
        answer.sequence = pdu.sequence
        self._send(answer, seconds)

    def read(self, *, seconds: float) -> PDU | None:
        """The next PDU, None when nothing began within that time. Questions whether we live are answered meanwhile.

        Raises `Broken` for a connection that ended and for what is no PDU.
        """
        until = time.monotonic() + seconds
        while self._has_begun(max(until - time.monotonic(), 0.0)):
            pdu = self._read_one(seconds)
            if pdu is None:
                continue
            if pdu.command == "enquire_link":
                self.answer(pdu, seconds=seconds)
            elif pdu.command == "unbind":
                with contextlib.suppress(OSError):  # they go, whether they hear us or not
                    self.answer(pdu, seconds=seconds)
                raise Broken("the operator ended the session")
            else:
                return pdu
        return None

    def ask(self, command: str, *, seconds: float, **fields: Any) -> PDU:
        """Ask and wait for the answer; what comes in between is passed over. Raises `Broken` and `TimeoutError`."""
        sequence = self.write(command, seconds=seconds, **fields)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            pdu = self.read(seconds=left)
            if pdu is not None and pdu.sequence == sequence and pdu.command in (f"{command}_resp", "generic_nack"):
                return pdu
        raise TimeoutError("timed out")

    def close(self) -> None:
        """Say goodbye, but do not insist."""
        with contextlib.suppress(OSError):  # it may be gone already, and there is nothing left to lose
            self.ask("unbind", seconds=_GOODBYE_SECONDS)
        self.abandon()

    def abandon(self) -> None:
        """Let go without a word."""
        self._sock.close()

    def _send(self, pdu: PDU, seconds: float) -> None:
        self._sock.settimeout(seconds)
        self._sock.sendall(pdu.generate())

    def _has_begun(self, seconds: float) -> bool:
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return True
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _read_one(self, seconds: float) -> PDU | None:
        """A PDU that has begun; None for a command that nobody knows, which is said to be so."""
        self._sock.settimeout(max(seconds, 1.0))
        try:
            head = self._exactly(_HEADER.size)
            length, _command, _status, sequence = _HEADER.unpack(head)
            if not _HEADER.size <= length <= _LONGEST:
                raise Broken("what came is no PDU")
            body = self._exactly(length - _HEADER.size)
        except TimeoutError as error:
            raise Broken("the rest of a PDU did not come") from error
        try:
            return smpp.parse_pdu(head + body, client=self, allow_unknown_opt_params=True)
        except UnknownCommandError:
            self._refuse(sequence, seconds)
            return None
        except (struct.error, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Broken("what came is no PDU") from error

    def _refuse(self, sequence: int, seconds: float) -> None:
        nack = smpp.make_pdu("generic_nack", client=self, status=consts.SMPP_ESME_RINVCMDID)
        nack.sequence = sequence
        self._send(nack, seconds)

    def _exactly(self, number: int) -> bytes:
        read = bytearray()
        while len(read) < number:
            part = self._sock.recv(number - len(read))
            if not part:
                raise Broken("closed")
            read += part
        return bytes(read)


def bound(centre: Centre, command: str) -> Link:
    """A link over a new connection, bound by `command` (`bind_transmitter`, `bind_receiver`). Raises `Unreachable`."""
    link = None
    try:
        link = Link(_connected(centre))
        answer = link.ask(
            command,
            seconds=centre.patience.answer,
            system_id=centre.system_id,
            password=centre.password,
            system_type=centre.system_type,
            interface_version=consts.SMPP_VERSION_34,
        )
    except (OSError, NotAllowed) as error:
        if link is not None:
            link.abandon()
        raise Unreachable(_why(error)) from None
    if answer.status != consts.SMPP_ESME_ROK:
        link.abandon()
        raise Unreachable(judge_bind(answer.status))
    return link


def judge_bind(status: int) -> Verdict:
    """What a refused bind means. What would be no to one message is here no to all of them."""
    verdict = judge(status)
    if verdict.outcome is SendOutcome.REFUSED:
        return Verdict(SendOutcome.GATEWAY_DOWN, verdict.detail)
    return verdict


def _connected(centre: Centre) -> socket.socket:
    endpoint, rules, patience = centre.endpoint, centre.rules, centre.patience
    rules.check(endpoint.scheme, endpoint.host, endpoint.port)
    sock = connect(rules.addresses(endpoint.host, endpoint.port), endpoint.port, timeout=patience.connect)
    sock.settimeout(patience.answer)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if endpoint.scheme != TLS_SCHEME:
        return sock
    try:
        return centre.tls.wrap_socket(sock, server_hostname=endpoint.host)
    except OSError:
        sock.close()
        raise


def _why(error: Exception) -> Verdict:
    is_set_up = isinstance(error, NotAllowed | ssl.SSLError) and not isinstance(error, ssl.SSLEOFError)
    outcome = SendOutcome.GATEWAY_DOWN if is_set_up else SendOutcome.TRY_LATER
    return Verdict(outcome, reason(error))


def reason(error: Exception) -> str:
    """Why a connection ended, in one line."""
    return "timed out" if isinstance(error, TimeoutError) else printable(str(error)) or type(error).__name__
