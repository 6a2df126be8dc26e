"""The one client of all outbound HTTP: judged addresses, short patience, small answers, no redirects, no proxy."""

import contextlib
import logging
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from gateways.address import NotAllowed, OutboundRules

CONNECT_SECONDS = 5.0
ALL_SECONDS = 10.0
ANSWER_BYTES = 64 * 1024
_PORTS = {"http": 80, "https": 443}

# It logs every address it asks, and some of them are secrets.
logging.getLogger("httpx").setLevel(logging.WARNING)

# Raised before the request was written: nothing was handed over, and it may be tried again.
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def open_client(
    rules: OutboundRules,
    *,
    auth: tuple[str, str] | None = None,
    connections: int = 10,
    tls: ssl.SSLContext | None = None,
    seconds: float = ALL_SECONDS,
    answer_bytes: int = ANSWER_BYTES,
) -> httpx.Client:
    """A client for addresses within `rules`; close it after use, share it between threads.

    Any request may raise `NotAllowed`, one of `NOTHING_SENT`, or another `httpx.HTTPError` after which it is unknown
    whether the other side has acted. `seconds` bounds a request with its answer, `answer_bytes` what is read of it.
    """
    return httpx.Client(
        transport=_JudgingTransport(
            rules, connections=connections, tls=tls, seconds=seconds, answer_bytes=answer_bytes
        ),
        auth=auth,
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        follow_redirects=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "Regulars"},
    )


class _JudgingTransport(httpx.HTTPTransport):
    """httpx's transport over a pool whose connections go to judged addresses; answers are read whole and bounded."""

    def __init__(
        self,
        rules: OutboundRules,
        *,
        connections: int,
        tls: ssl.SSLContext | None,
        seconds: float,
        answer_bytes: int,
    ) -> None:
        context = tls or httpx.create_ssl_context()
        super().__init__(verify=context, trust_env=False)
        self._pool.close()
        self._rules = rules
        self._seconds = seconds
        self._answer_bytes = answer_bytes
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=connections,
            keepalive_expiry=5.0,
            network_backend=_JudgedNetwork(rules),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._check(request.url)
        with _deadline.within(self._seconds):
            answer = super().handle_request(request)
            with contextlib.closing(answer):
                body = _read(answer, self._answer_bytes)
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, extensions=answer.extensions)

    def _check(self, url: httpx.URL) -> None:
        if url.userinfo:
            raise NotAllowed
        self._rules.check(url.scheme, url.host, url.port or _PORTS.get(url.scheme, 0))


def _read(answer: httpx.Response, most: int) -> bytes:
    # An encoded answer could unpack to any size; none was asked for.
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise httpx.RemoteProtocolError("the answer is encoded")
    body = bytearray()
    for part in answer.iter_raw():
        body += part
        if len(body) > most:
            raise httpx.RemoteProtocolError("the answer is too large")
    return bytes(body)


class _Deadline(threading.local):
    """Until when the request of this thread must be done: httpx bounds each read, not their sum."""

    until: float | None = None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self.until = time.monotonic() + seconds
        try:
            yield
        finally:
            self.until = None

    def cut(self, timeout: float | None) -> float | None:
        """`timeout` seconds, or what is left if that is less; never 0, which would mean not waiting at all."""
        if self.until is None:
            return timeout
        left = max(self.until - time.monotonic(), 0.001)
        return left if timeout is None else min(timeout, left)


_deadline = _Deadline()


class _JudgedNetwork(httpcore.NetworkBackend):
    """Connects to an address that was judged; TLS is still spoken with the host's name."""

    def __init__(self, rules: OutboundRules) -> None:
        self._rules = rules
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self._rules.addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return _BoundedStream(self._connect(addresses, port, timeout))

    def _connect(self, addresses: list[str], port: int, timeout: float | None) -> httpcore.NetworkStream:
        *earlier, last = addresses
        for address in earlier:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):  # the next address may answer
                return self._plain.connect_tcp(address, port, _deadline.cut(timeout))
        return self._plain.connect_tcp(last, port, _deadline.cut(timeout))


class _BoundedStream(httpcore.NetworkStream):
    """A connection whose every step keeps the deadline of the request it serves."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _deadline.cut(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, _deadline.cut(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
