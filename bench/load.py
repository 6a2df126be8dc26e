"""Clients that send requests over connections kept open, and the time each answer took."""

import socket
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of clients saw together: seconds from the first request to the last answer, and each answer's."""

    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def post(path: str, body: bytes, *, api_key: str) -> bytes:
    """A whole request, ready to be written."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def send(port: int, requests: Iterable[bytes], *, clients: int) -> Load:
    """Send all requests, each client one after the other; every answer must be a 201."""
    waiting = deque(requests)
    done: list[list[float]] = []
    threads = [threading.Thread(target=lambda: done.append(_work(port, waiting))) for _ in range(clients)]
    total, begins = len(waiting), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begins
    latencies = [each for one in done for each in one]
    if len(latencies) != total:
        raise RuntimeError(f"{total - len(latencies)} of {total} requests were not answered with 201")
    return Load(seconds, latencies)


def _work(port: int, waiting: deque[bytes]) -> list[float]:
    latencies = []
    with socket.create_connection((HOST, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (request := _next(waiting)) is not None:
            begins = time.perf_counter()
            connection.sendall(request)
            _read_created(connection)
            latencies.append(time.perf_counter() - begins)
    return latencies


def _next(waiting: deque[bytes]) -> bytes | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _read_created(connection: socket.socket) -> None:
    answer = connection.recv(65536)
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _more(connection)
    head = answer[:end].lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    missing = end + 4 + length - len(answer)
    while missing > 0:
        missing -= len(_more(connection))
    if not head.startswith(b"http/1.1 201 "):
        raise RuntimeError(f"answered with {answer[:600].decode(errors='replace')}")


def _more(connection: socket.socket) -> bytes:
    if not (data := connection.recv(65536)):
        raise ConnectionError("the server hung up in the middle of an answer")
    return data


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
