"""Which addresses an outbound connection may reach, judged on every DNS answer right before connecting.

Owners name hosts (mail servers, webhooks); none of them may point into our own network. The address that was judged is
the address that is connected to, so a name that changes its answer in between gains nothing.
"""

import socket
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from domain.errors import Unacceptable
from domain.sentences import say

WEB: Mapping[str, frozenset[int]] = {"https": frozenset({443, 8443})}
_MAIL_PORTS = frozenset({25, 465, 587, 2525})
MAIL: Mapping[str, frozenset[int]] = {"smtp+starttls": _MAIL_PORTS, "smtps": _MAIL_PORTS}
_ANY_PORT = range(1, 65536)  # every operator has its own
SMPP: Mapping[str, Container[int]] = {"smpp": _ANY_PORT, "smpp+tls": _ANY_PORT}

_NOT_PUBLIC_V4 = [ip_network(each) for each in ("192.88.99.0/24", "192.0.0.0/24")]
_PUBLIC_V6 = ip_network("2000::/3")
_NOT_PUBLIC_V6 = [
    ip_network(each)
    for each in (
        "2001::/23",  # Teredo, ORCHID and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",
    )
]


class NotAllowed(Unacceptable):
    """An address we do not connect to. It reads the same for every reason, and so tells nothing of our network."""

    def __init__(self) -> None:
        super().__init__(say("This address is not allowed."))


def is_public(address: str) -> bool:
    """Whether an IP address lies on the public internet, IPv4 inside IPv6 (mapped, NAT64, 6to4) never."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return _is_public_v4(ip)
    return _is_public_v6(ip)


def _is_public_v4(ip: IPv4Address) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return not any(ip in network for network in _NOT_PUBLIC_V4)


def _is_public_v6(ip: IPv6Address) -> bool:
    return ip in _PUBLIC_V6 and ip.is_global and not any(ip in network for network in _NOT_PUBLIC_V6)


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host, in the resolver's order. Raises `OSError` (`socket.gaierror`) when there is none."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@dataclass(frozen=True, slots=True)
class OutboundRules:
    """What one kind of client may reach: ports by scheme; `trusted` are `host:port` the operator vouches for.

    A trusted one may have any scheme, port and address: it was set by the operator, or let through in development.
    """

    ports: Mapping[str, Container[int]]
    trusted: frozenset[str] = frozenset()

    def trusts(self, host: str, port: int) -> bool:
        """Whether the operator vouches for this host and port."""
        return f"{host.lower()}:{port}" in self.trusted

    def check(self, scheme: str, host: str, port: int) -> None:
        """Raise `NotAllowed` unless this scheme and port may be reached at all; asks no DNS."""
        if not self.trusts(host, port) and port not in self.ports.get(scheme, ()):
            raise NotAllowed

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses a connection may use. Raises `NotAllowed`, or `OSError` when the name has no address."""
        addresses = resolve(host, port)
        if not self.trusts(host, port) and not all(is_public(each) for each in addresses):
            raise NotAllowed
        return addresses


def connect(addresses: list[str], port: int, *, timeout: float) -> socket.socket:
    """A TCP connection to the first address that answers, within `timeout` seconds for all. Raises `OSError`."""
    deadline = time.monotonic() + timeout
    failure: OSError = TimeoutError("timed out")
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failure = error
    raise failure
