"""A provider of texts that takes every message and needs its time for it.

`python -m bench.text_sink SECONDS` prints its port and answers each request after so many seconds, as Twilio answers.
"""

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.processes import ROOT

_HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
_numbers = itertools.count(1)


async def serve(seconds: float) -> None:
    """Take texts until the process is ended."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await _request(reader):
            await asyncio.sleep(seconds)
            body = b'{"sid": "SM%032x", "status": "queued"}' % next(_numbers)
            writer.write(_HEAD % (len(body), body))
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _request(reader: asyncio.StreamReader) -> bool:
    """Read a whole request; False at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return True


@contextmanager
def running(seconds: float) -> Iterator[int]:
    """A provider in a process of its own: its port."""
    command = [sys.executable, "-m", "bench.text_sink", str(seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
