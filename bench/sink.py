"""A mail server that takes everything and keeps nothing: fast enough never to be what a benchmark measures.

`python -m bench.sink` is a process of its own: it prints its port, speaks PIPELINING, and with `--keep FILE --first N`
writes the first N texts it takes into FILE, each behind its length. `--seconds S`: it thinks so long over each.
"""

import argparse
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import ROOT

READ = 1 << 18
END = b"\r\n.\r\n"
HELLO = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n"
REPLIES = {b"MAIL": b"250 2.1.0 Ok\r\n", b"RCPT": b"250 2.1.5 Ok\r\n", b"EHLO": HELLO, b"QUIT": b"221 2.0.0 Bye\r\n"}
TEXT, TAKEN, FINE, GREETING = b"354 Go on\r\n", b"250 2.0.0 Ok\r\n", b"250 Ok\r\n", b"220 sink ESMTP\r\n"

Keep = Callable[[bytes], object]


class Connection:
    """One client: what came and was not answered yet, and whether a text is under way."""

    def __init__(self, sock: socket.socket, keep: Keep | None, seconds: float) -> None:
        self._sock = sock
        self._keep = keep
        self._seconds = seconds
        self._pending: list[tuple[float, bytes]] = []
        self._buffer = b""
        self._in_text = False
        self._searched = 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(GREETING)

    def read(self) -> bool:
        """Answer what is there, in one write, a text after its time; False when the client is gone."""
        data = self._sock.recv(READ)
        self._buffer += data
        if answers := b"".join(iter(self._step, b"")):
            waits = self._seconds if TAKEN in answers else 0.0
            earliest = self._pending[-1][0] if self._pending else 0.0
            self._pending.append((max(time.monotonic() + waits, earliest), answers))
            self.answer(time.monotonic())
        return bool(data)

    def answer(self, now: float) -> float | None:
        """Say what is due; when the next answer is, if there is one."""
        while self._pending and self._pending[0][0] <= now:
            self._sock.sendall(self._pending.pop(0)[1])
        return self._pending[0][0] if self._pending else None

    def _step(self) -> bytes:
        """The answer to the next whole command or text; b"" when none is there yet."""
        return self._take_text() if self._in_text else self._take_command()

    def _take_command(self) -> bytes:
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return b""
        self._buffer = rest
        word = line[:4].upper()
        if word == b"DATA":
            self._in_text = True
            return TEXT
        return REPLIES.get(word, FINE)

    def _take_text(self) -> bytes:
        found = self._buffer.find(END, self._searched)
        if found < 0:
            self._searched = max(len(self._buffer) - len(END), 0)
            return b""
        if self._keep:
            self._keep(self._buffer[: found + 2])
        self._buffer = self._buffer[found + len(END) :]
        self._in_text, self._searched = False, 0
        return TAKEN


def serve(listener: socket.socket, keep: Keep | None, seconds: float = 0.0) -> None:
    """Take mail until the process is ended."""
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    waiting: set[Connection] = set()
    while True:
        for key, _ in selector.select(_until_next(waiting)):
            if key.fileobj is listener:
                sock, _address = listener.accept()
                selector.register(sock, selectors.EVENT_READ, Connection(sock, keep, seconds))
            elif _alive(key.data.read):
                waiting.add(key.data)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]
                waiting.discard(key.data)


def _until_next(waiting: set[Connection]) -> float | None:
    """Say what is due on all connections: the seconds until the next answer is; None when none is."""
    now, soonest = time.monotonic(), None
    for connection in list(waiting):
        due = _alive(lambda: connection.answer(now))  # noqa: B023 (asked at once)
        if not due:
            waiting.discard(connection)
        else:
            soonest = due if soonest is None else min(soonest, due)
    return None if soonest is None else max(soonest - now, 0.0)


def _alive(act: Callable[[], float | None]) -> float | None:
    try:
        return act()
    except ConnectionError:  # the client went without a word
        return None


@contextmanager
def running(*, keep: Path | None = None, first: int = 0, seconds: float = 0.0) -> Iterator[int]:
    """A sink in a process of its own that keeps the `first` texts in a file: its port."""
    command = [sys.executable, "-m", "bench.sink", "--seconds", str(seconds)]
    command += ["--keep", str(keep), "--first", str(first)] if keep else []
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def kept(path: Path) -> list[bytes]:
    """The texts that a sink kept."""
    texts = []
    with path.open("rb") as file:
        while length := file.read(8):
            texts.append(file.read(int.from_bytes(length, "big")))
    return texts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    wanted = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        print(listener.getsockname()[1], flush=True)
        serve(listener, _keeper(wanted.keep, wanted.first) if wanted.keep else None, wanted.seconds)


def _keeper(path: Path, first: int) -> Keep:
    file: Any = path.open("wb", buffering=0)
    numbers = iter(range(first))
    return lambda text: next(numbers, None) is not None and file.write(len(text).to_bytes(8, "big") + text)


if __name__ == "__main__":
    main()
