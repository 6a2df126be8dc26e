"""The base of every vendor played over HTTP: a threaded server on loopback that can also hang and drop."""

import json
import socket
import sys
import threading
from collections import deque
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response


class Fault(StrEnum):
    """What a server does instead of answering."""

    HANG = "hang"  # reads the request and stays silent until the server closes
    DROP = "drop"  # reads the request and closes the connection


def json_answer(status: int, document: Any, **headers: str) -> Response:
    """An answer with a JSON document; header names are given with underscores (`Retry_After="7"`)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(document), status=status, headers=named, content_type="application/json")


class PlayedHttp:
    """A vendor on `127.0.0.1`: subclasses write `answer(request)`. Use it `with`, its address is `url`.

    `say(…)` lays down answers for the next requests, before `answer` is asked again; `requests` keeps all that came.
    """

    def __init__(self, *, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._said: deque[Response | Fault] = deque()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.played = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def host(self) -> str:
        """`host:port`, as lists of trusted hosts want it."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Where it listens: scheme, host and port, no slash at the end."""
        return f"http://{self.host}"

    def answer(self, request: Request) -> Response:
        """What the vendor would say to this request."""
        raise NotImplementedError

    def say(self, *answers: Response | Fault) -> None:
        """Give these answers to the next requests, one each, whatever they ask."""
        self._said.extend(answers)

    def take(self, request: Request) -> Response | None:
        """Answer one request, or None when the connection is to be dropped."""
        self.requests.append(request)
        answer = self._said.popleft() if self._said else self.answer(request)
        if answer is Fault.HANG:
            self._closing.wait()
        return answer if isinstance(answer, Response) else None

    def start(self) -> Self:
        """Listen; `with` does this by itself."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop listening and let go of every request that still hangs."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    played: PlayedHttp

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet where the client hung up; a mistake of the played server itself shows in the test's output."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open, as with a real vendor
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one write

    def _serve(self) -> None:
        answer = self.server.played.take(self._request())  # type: ignore[attr-defined]
        if answer is None:
            self._drop()
        else:
            self._send(answer)

    def _send(self, answer: Response) -> None:
        self.send_response(answer.status_code)
        body = b"" if self.command == "HEAD" else answer.get_data()
        answer.headers["Content-Length"] = str(len(body))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _request(self) -> Request:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        base, headers = f"http://{self.headers.get('Host', '')}/", list(self.headers.items())
        return EnvironBuilder(self.path, base, method=self.command, headers=headers, data=body).get_request()

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: tests read `requests` instead."""
