"""A name server played on loopback: TXT records over UDP, nothing else."""

import socketserver
import threading
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class PlayedDns:
    """`texts` are the TXT records by name; a name without any is not there. `broken` answers with a failure."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.broken = False
        self._server = socketserver.UDPServer(("127.0.0.1", 0), _Handler)
        self._server.played = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._server.server_address

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """What it says to one question."""
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        name = query.question[0].name
        values = self.texts.get(name.to_text(omit_final_dot=True))
        if self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif values is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif values:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *map(_quoted, values)))
        return answer

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _quoted(value: str) -> str:
    """Long records come in pieces of at most 255 characters."""
    return " ".join(f'"{value[at : at + 250]}"' for at in range(0, len(value), 250))


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, socket = self.request
        played: PlayedDns = self.server.played  # type: ignore[attr-defined]
        socket.sendto(played.answer(dns.message.from_wire(data)).to_wire(), self.client_address)
