"""The shared client of outbound HTTP."""

import socket
import threading
import time
from contextlib import closing

import httpx
import pytest
from werkzeug.wrappers import Response

from gateways import address
from gateways.address import WEB, NotAllowed, OutboundRules
from gateways.http import open_client
from tests.played import certificates
from tests.played.http import Fault, PlayedHttp


class Echo(PlayedHttp):
    """Says hello."""

    def answer(self, request):
        return Response("hello")


class SecureEcho(Echo):
    """The same over TLS, with a certificate for `localhost`."""

    def __init__(self):
        super().__init__()
        self._server.socket = certificates.server_context().wrap_socket(self._server.socket, server_side=True)


@pytest.fixture
def echo():
    with Echo() as server:
        yield server


def client_to(*hosts, **options):
    return closing(open_client(OutboundRules(WEB, frozenset(hosts)), **options))


def test_a_trusted_host_is_reached(echo):
    with client_to(echo.host) as client:
        assert client.get(echo.url).text == "hello"


def test_loopback_is_not_reached_by_an_owner(echo):
    for url in (echo.url, "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://127.1/"):
        with client_to() as client, pytest.raises(NotAllowed):
            client.get(url)
    assert echo.requests == []


def test_an_address_with_a_login_in_it_is_refused(echo):
    with client_to(echo.host) as client, pytest.raises(NotAllowed):
        client.get(echo.url.replace("//", "//user:password@"))


def test_a_name_that_changes_its_answer_gains_nothing(echo, monkeypatch):
    """The judged address is the one connected to: the name is asked once per connection."""
    asked = []

    def getaddrinfo(host, port, **_):
        asked.append(host)
        return [(0, 0, 0, "", ("93.184.216.34" if len(asked) == 1 else "127.0.0.1", port))]

    connected = []

    def create_connection(where, *_, **__):
        connected.append(where[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(address.socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    with client_to() as client, pytest.raises(httpx.ConnectError):
        client.get("https://rebinding.example/")
    assert (asked, connected) == (["rebinding.example"], ["93.184.216.34"])


def test_tls_is_spoken_with_the_name(monkeypatch):
    with SecureEcho() as server:
        port = server.host.rpartition(":")[2]
        with client_to(f"localhost:{port}", f"wrong.localhost:{port}", tls=certificates.client_context()) as client:
            assert client.get(f"https://localhost:{port}/").text == "hello"
            with pytest.raises(httpx.ConnectError):
                client.get(f"https://wrong.localhost:{port}/")


def test_a_certificate_nobody_vouches_for_is_refused():
    with SecureEcho() as server, client_to(server.host) as client, pytest.raises(httpx.ConnectError):
        client.get(server.url.replace("http:", "https:"))


def test_redirects_are_not_followed(echo):
    echo.say(Response(status=302, headers={"Location": "https://elsewhere.example/"}))
    with client_to(echo.host) as client:
        assert client.get(echo.url).status_code == 302


def test_no_proxy_is_taken_from_the_environment(echo, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with client_to(echo.host) as client:
        assert client.get(echo.url).text == "hello"


@pytest.mark.parametrize(("size", "fits"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_answers_are_read_up_to_64_kib(echo, size, fits):
    echo.say(Response("x" * size))
    with client_to(echo.host) as client:
        if fits:
            assert len(client.get(echo.url).content) == size
        else:
            with pytest.raises(httpx.RemoteProtocolError):
                client.get(echo.url)


def test_a_packed_answer_is_not_unpacked(echo):
    echo.say(Response(b"\x1f\x8b", headers={"Content-Encoding": "gzip"}))
    with client_to(echo.host) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get(echo.url)
    assert echo.requests[0].headers["Accept-Encoding"] == "identity"


def test_silence_ends_after_the_time_for_all(echo):
    echo.say(Fault.HANG)
    with client_to(echo.host, seconds=0.3) as client, pytest.raises(httpx.ReadTimeout):
        client.get(echo.url)


def test_an_answer_that_drips_ends_after_the_time_for_all():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        over = threading.Event()
        threading.Thread(target=_drip, args=(server, over), daemon=True).start()
        start = time.monotonic()
        with client_to(f"127.0.0.1:{port}", seconds=0.5) as client, pytest.raises(httpx.ReadTimeout):
            client.get(f"http://127.0.0.1:{port}/")
        over.set()
    assert time.monotonic() - start < 5


def _drip(server, over):
    sock, _ = server.accept()
    with sock:
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.05):
            try:
                sock.sendall(b"X-Drop: 1\r\n")
            except OSError:
                return
