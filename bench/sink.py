"""A mail server that takes everything and keeps nothing: fast enough never to be what a benchmark measures.

`python -m bench.sink` is a process of its own: it prints its port, speaks PIPELINING, and with `--keep FILE --first N`
writes the first N texts it takes into FILE, each behind its length.
"""

import argparse
import selectors
import socket
import subprocess
import sys
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

    def __init__(self, sock: socket.socket, keep: Keep | None) -> None:
        self._sock = sock
        self._keep = keep
        self._buffer = b""
        self._in_text = False
        self._searched = 0
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(GREETING)

    def read(self) -> bool:
        """Answer what is there, in one write; False when the client is gone."""
        data = self._sock.recv(READ)
        self._buffer += data
        answers = b"".join(iter(self._step, b""))
        if answers:
            self._sock.sendall(answers)
        return bool(data)

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


def serve(listener: socket.socket, keep: Keep | None) -> None:
    """Take mail until the process is ended."""
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                sock, _address = listener.accept()
                selector.register(sock, selectors.EVENT_READ, Connection(sock, keep))
            elif not _read(key.data):
                selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]


def _read(connection: Connection) -> bool:
    try:
        return connection.read()
    except ConnectionError:  # the client went without a word
        return False


@contextmanager
def running(*, keep: Path | None = None, first: int = 0) -> Iterator[int]:
    """A sink in a process of its own that keeps the `first` texts in a file: its port."""
    command = [sys.executable, "-m", "bench.sink", *(["--keep", str(keep), "--first", str(first)] if keep else [])]
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
    wanted = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        print(listener.getsockname()[1], flush=True)
        serve(listener, _keeper(wanted.keep, wanted.first) if wanted.keep else None)


def _keeper(path: Path, first: int) -> Keep:
    file: Any = path.open("wb", buffering=0)
    numbers = iter(range(first))
    return lambda text: next(numbers, None) is not None and file.write(len(text).to_bytes(8, "big") + text)


if __name__ == "__main__":
    main()
