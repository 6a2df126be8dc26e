"""A played message centre that speaks SMPP 3.4 on loopback, and refuses what an operator refuses."""

import re
import socket
import ssl
import struct
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Self

from tests.played.http import Fault
from tests.played.smpp_pdus import (
    BIND_RECEIVER,
    BIND_TRANSCEIVER,
    BIND_TRANSMITTER,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    RESPONSE,
    SUBMIT_SM,
    UNBIND,
    Pdu,
    read_message,
    write_message,
)

OK, INVALID_LENGTH, UNKNOWN_COMMAND, WRONG_STATE, ALREADY_BOUND = 0x00, 0x01, 0x03, 0x04, 0x05
BAD_DELIVERY_FLAG, SYSTEM_ERROR, BAD_SOURCE, BAD_NUMBER = 0x07, 0x08, 0x0A, 0x0B
WRONG_PASSWORD, WRONG_SYSTEM_ID, QUEUE_FULL = 0x0E, 0x0F, 0x14
BAD_SOURCE_TON, BAD_TON, THROTTLED, BAD_VALIDITY = 0x48, 0x50, 0x58, 0x62
NACK = "generic_nack"

SYSTEM_ID, PASSWORD, SENDER = "cafe", "secret01", "CAFE"


class Role(StrEnum):
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"


_ROLES = {
    BIND_TRANSMITTER: Role.TRANSMITTER,
    BIND_RECEIVER: Role.RECEIVER,
    BIND_TRANSCEIVER: Role.TRANSCEIVER,
}
_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


@dataclass(frozen=True)
class Submitted:
    """One `submit_sm` that was taken."""

    id: str
    fields: dict[str, str | int]
    octets: bytes


@dataclass
class _Waiting:
    """Something to deliver to whoever is bound as a receiver; it is told again until it is taken."""

    body: bytes
    was_told: int = 0


@dataclass
class Stored:
    """What the centre was told: `texts` are whole, long ones put together; `binds` are the roles that were let in."""

    submits: list[Submitted] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    binds: list[Role] = field(default_factory=list)
    refused_binds: list[int] = field(default_factory=list)


class PlayedSmpp:
    """Use it `with`; its address is `url`. `say(…)` lays down answers for the next submits: a status, `NACK`, a fault.

    `receipt(…)` and `text(…)` are told to whoever is bound to receive, again and again until they are taken. Ids count
    up, written in `id_form`.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, most_binds: int = 10, id_form: str = "{:08x}") -> None:
        self.stored = Stored()
        self._tls = tls
        self._most_binds = most_binds
        self._id_form = id_form
        self._ids = count(0xA1)
        self._said: deque[int | str | Fault] = deque()
        self._parts: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
        self._to_deliver: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._bound: set[_Session] = set()
        self._threads: list[threading.Thread] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    @property
    def url(self) -> str:
        """With the right system id and password."""
        scheme = "smpp+tls" if self._tls else "smpp"
        return f"{scheme}://{SYSTEM_ID}:{PASSWORD}@{self.host}"

    @property
    def requests(self) -> list[Submitted]:
        """All submits that were taken."""
        return self.stored.submits

    def say(self, *answers: int | str | Fault) -> None:
        """Give these answers to the next submits, whatever they say."""
        self._said.extend(answers)

    def receipt(self, ref: str, stat: str = "DELIVRD", err: str = "000", *, state: int | None = None) -> None:
        """Have a receipt delivered: in words, with `state` also as optional parameters."""
        words = f"id:{ref} sub:001 dlvrd:001 submit date:2611220100 done date:2611220101 stat:{stat} err:{err} text:Hi"
        optional = {} if state is None else {0x001E: ref.encode() + b"\x00", 0x0427: bytes([state])}
        self._deliver(
            write_message(words.encode("latin-1"), optional, source_addr="436641234567", esm_class=4, **_TO_US)
        )

    def text(self, sender: str, octets: bytes, **fields: int) -> None:
        """Have a guest's text delivered."""
        self._deliver(write_message(octets, source_addr=sender.lstrip("+"), **{**_TO_US, **fields}))

    @property
    def untold(self) -> int:
        """How much waits to be taken by a receiver."""
        return len(self._to_deliver)

    @property
    def bound(self) -> int:
        """How many are bound right now."""
        return len(self._bound)

    def end_sessions(self) -> None:
        """Hang up on everybody."""
        for session in list(self._bound):
            session.hang_up()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.end_sessions()
        for thread in self._threads:
            thread.join(5)

    def _deliver(self, body: bytes) -> None:
        self._to_deliver.append(_Waiting(body))

    def _start(self, work, *arguments) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._server.accept()
                if self._tls:
                    sock = self._tls.wrap_socket(sock, server_side=True)
            except OSError:
                continue
            self._start(_Session(self, sock).run)

    def _let_in(self, session: "_Session", command: int, body: bytes) -> int:
        system_id, password, *_ = body.split(b"\x00")
        with self._lock:
            status = self._objection_to_bind(system_id.decode(), password.decode())
            if status == OK:
                session.role = _ROLES[command]
                self._bound.add(session)
                self.stored.binds.append(session.role)
            else:
                self.stored.refused_binds.append(status)
        return status

    def _objection_to_bind(self, system_id: str, password: str) -> int:
        if system_id != SYSTEM_ID:
            return WRONG_SYSTEM_ID
        if password != PASSWORD:
            return WRONG_PASSWORD
        return ALREADY_BOUND if len(self._bound) >= self._most_binds else OK

    def _leaves(self, session: "_Session") -> None:
        with self._lock:
            self._bound.discard(session)

    def _submitted(self, body: bytes) -> tuple[int | str | Fault, str]:
        """What to answer to a submit, and the id it got."""
        with self._lock:
            if self._said:
                said = self._said.popleft()
                if said != OK:
                    return said, ""
            fields, octets, _ = read_message(body)
            status = objection(fields, octets)
            if status != OK:
                return status, ""
            ref = self._id_form.format(next(self._ids))
            self.stored.submits.append(Submitted(ref, fields, octets))
            self._put_together(fields, octets)
            return OK, ref

    def _put_together(self, fields: dict, octets: bytes) -> None:
        to = str(fields["destination_addr"])
        if not fields["esm_class"] & 0x40:
            self.stored.texts.append((to, words(octets, fields["data_coding"])))
            return
        number, total, place = octets[3:6]
        parts = self._parts[to, number]
        parts[place] = words(octets[6:], fields["data_coding"])
        if len(parts) == total:
            self.stored.texts.append((to, "".join(parts[each] for each in sorted(parts))))
            del self._parts[to, number]


_TO_US = {"source_addr_ton": 1, "source_addr_npi": 1, "dest_addr_ton": 5, "destination_addr": SENDER}


def words(octets: bytes, coding: int) -> str:
    """What a phone would show."""
    if coding == 8:
        return octets.decode("utf-16-be")
    shown = "".join(_GSM[each] for each in octets)
    for behind, character in {"e": "€", "(": "{", ")": "}", "<": "[", ">": "]", "=": "~", "Λ": "^"}.items():
        shown = shown.replace("\x1b" + behind, character)
    return shown


def objection(fields: dict, octets: bytes) -> int:
    """What an operator has against a submit, or `OK`."""
    longest = 140 if fields["data_coding"] == 8 or fields["esm_class"] & 0x40 else 160
    if fields["esm_class"] & 0x40 and fields["data_coding"] == 0:
        longest = 159  # six octets of header and 153 characters
    is_word = not str(fields["source_addr"]).isdecimal()
    checks = (
        (fields["source_addr"] != SENDER, BAD_SOURCE),
        (is_word != (fields["source_addr_ton"] == 5), BAD_SOURCE_TON),
        (not re.fullmatch(r"[1-9][0-9]{6,14}", str(fields["destination_addr"])), BAD_NUMBER),
        ((fields["dest_addr_ton"], fields["dest_addr_npi"]) != (1, 1), BAD_TON),
        (not 0 < len(octets) <= longest, INVALID_LENGTH),
        (fields["registered_delivery"] != 1, BAD_DELIVERY_FLAG),
        (not re.fullmatch(r"(\d{15}R)?", str(fields["validity_period"])), BAD_VALIDITY),
        (fields["esm_class"] & 0x40 and octets[:3] != b"\x05\x00\x03", INVALID_LENGTH),
    )
    return next((status for wrong, status in checks if wrong), OK)


class _Session:
    """One connection."""

    def __init__(self, centre: PlayedSmpp, sock: socket.socket) -> None:
        self.role: Role | None = None
        self._centre = centre
        self._sock = sock
        self._writing = threading.Lock()
        self._told: dict[int, _Waiting] = {}
        self._sequences = count(1)

    def run(self) -> None:
        try:
            self._sock.settimeout(0.02)
            while not self._centre._closing.is_set():
                self._tell()
                pdu = self._read()
                if pdu is not None and not self._answer(pdu):
                    return
        except OSError:
            return
        finally:
            self._centre._leaves(self)
            self._sock.close()

    def hang_up(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def _tell(self) -> None:
        if self.role not in (Role.RECEIVER, Role.TRANSCEIVER) or self._told:
            return
        for waiting in list(self._centre._to_deliver)[:5]:
            sequence = next(self._sequences)
            self._told[sequence] = waiting
            waiting.was_told += 1
            self._write(Pdu(DELIVER_SM, OK, sequence, waiting.body))

    def _read(self) -> Pdu | None:
        try:
            head = self._sock.recv(4)
        except TimeoutError:
            return None
        if len(head) < 4:
            raise ConnectionError
        length = struct.unpack(">L", head)[0]
        rest = b""
        while len(rest) < length - 4:
            part = self._sock.recv(length - 4 - len(rest))
            if not part:
                raise ConnectionError
            rest += part
        command, status, sequence = struct.unpack(">LLL", rest[:12])
        return Pdu(command, status, sequence, rest[12:])

    def _answer(self, pdu: Pdu) -> bool:
        """Whether the session goes on."""
        if pdu.command in _ROLES:
            status = self._centre._let_in(self, pdu.command, pdu.body)
            self._respond(pdu, status, b"PLAYED\x00" if status == OK else b"")
            return status == OK
        if pdu.command == SUBMIT_SM:
            return self._submit(pdu)
        if pdu.command == DELIVER_SM | RESPONSE:
            self._taken(pdu)
        elif pdu.command == UNBIND:
            self._respond(pdu, OK)
            return False
        elif pdu.command == ENQUIRE_LINK:
            self._respond(pdu, OK)
        elif not pdu.command & RESPONSE:
            self._write(Pdu(GENERIC_NACK, UNKNOWN_COMMAND, pdu.sequence))
        return True

    def _submit(self, pdu: Pdu) -> bool:
        if self.role not in (Role.TRANSMITTER, Role.TRANSCEIVER):
            self._respond(pdu, WRONG_STATE)
            return True
        status, ref = self._centre._submitted(pdu.body)
        if status == Fault.DROP:
            return False
        if status == NACK:
            self._write(Pdu(GENERIC_NACK, UNKNOWN_COMMAND, pdu.sequence))
        elif status != Fault.HANG:
            self._respond(pdu, int(status), ref.encode() + b"\x00" if ref else b"")
        return True

    def _taken(self, pdu: Pdu) -> None:
        waiting = self._told.pop(pdu.sequence, None)
        if waiting is not None and pdu.status == OK and waiting in self._centre._to_deliver:
            self._centre._to_deliver.remove(waiting)

    def _respond(self, pdu: Pdu, status: int, body: bytes = b"") -> None:
        self._write(Pdu(pdu.command | RESPONSE, status, pdu.sequence, body))

    def _write(self, pdu: Pdu) -> None:
        with self._writing:
            self._sock.sendall(pdu.packed())
