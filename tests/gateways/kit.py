"""What every gateway must keep, whoever the provider is: subclass it, say how to open one."""

import logging
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from typing import Any, Protocol

import pytest
from werkzeug.wrappers import Response

from domain.delivery.ports import Gateway, Outgoing, SendOutcome
from tests.played.http import Fault


class Played(Protocol):
    """A vendor on loopback: `requests` are those it got, `say` lays down what it answers to the next."""

    url: str
    requests: list[Any]

    def say(self, *answers: Any) -> None: ...


class GatewayKit:
    """`secrets` are what may show nowhere; `patience` in seconds is short, so that silence is soon over; `nowhere` is
    an address on which nobody listens, its port to be filled in."""

    secrets: tuple[str, ...] = ()
    patience = 0.4
    nowhere = "http://127.0.0.1:{}"

    def play(self) -> AbstractContextManager[Played]:
        """The vendor."""
        raise NotImplementedError

    def open(self, url: str, *, seconds: float) -> Gateway:
        """A gateway to the vendor at `url`, which it trusts, waiting `seconds` for an answer."""
        raise NotImplementedError

    def outgoing(self, number: int) -> Outgoing:
        """A message the vendor takes."""
        raise NotImplementedError

    @pytest.fixture
    def vendor(self) -> Iterator[Played]:
        with self.play() as server:
            yield server

    @pytest.fixture
    def gateway(self, vendor: Played) -> Iterator[Gateway]:
        with closing(self.open(vendor.url, seconds=10)) as gateway:
            yield gateway

    def test_a_whole_group_is_taken_with_one_result_each(self, gateway, vendor):
        group = [self.outgoing(number) for number in range(1, gateway.group_size + 1)]
        results = gateway.send(group)

        assert sorted(result.message_id for result in results) == [outgoing.message_id for outgoing in group]
        assert {result.outcome for result in results} == {SendOutcome.ACCEPTED}
        assert len({result.provider_ref for result in results}) == len(group)

    def test_an_empty_group_asks_nothing(self, gateway, vendor):
        assert gateway.send([]) == []
        assert vendor.requests == []

    def test_silence_after_the_request_is_unsure(self, vendor):
        vendor.say(Fault.HANG)
        with closing(self.open(vendor.url, seconds=self.patience)) as gateway:
            [result] = gateway.send([self.outgoing(1)])

        assert result.outcome is SendOutcome.UNSURE

    def test_a_connection_dropped_after_the_request_is_unsure(self, gateway, vendor):
        vendor.say(Fault.DROP)

        assert [result.outcome for result in gateway.send([self.outgoing(1)])] == [SendOutcome.UNSURE]

    def test_nobody_listening_means_later(self):
        with closing(self.open(self.nowhere.format(_unused_port()), seconds=self.patience)) as gateway:
            [result] = gateway.send([self.outgoing(1)])

        assert result.outcome is SendOutcome.TRY_LATER

    def test_an_address_nobody_vouches_for_is_not_reached(self, vendor):
        with closing(self.open(vendor.url.replace("127.0.0.1", "localhost"), seconds=10)) as gateway:
            [result] = gateway.send([self.outgoing(1)])

        assert result.outcome is SendOutcome.GATEWAY_DOWN
        assert vendor.requests == []

    def test_secrets_and_addresses_show_nowhere(self, gateway, vendor, caplog):
        with caplog.at_level(logging.DEBUG):
            vendor.say(Fault.DROP)
            results = gateway.send([self.outgoing(1)]) + gateway.send([self.outgoing(2)])

        shown = f"{caplog.text}{results!r}{gateway!r}"
        for hidden in (*self.secrets, self.outgoing(1).to, str(self.outgoing(1).body)):
            assert hidden not in shown


class HttpGatewayKit(GatewayKit):
    """What those over HTTP must keep beside it."""

    def test_an_endless_answer_is_unsure(self, gateway, vendor):
        vendor.say(Response("x" * 100_000, status=200))

        assert [result.outcome for result in gateway.send([self.outgoing(1)])] == [SendOutcome.UNSURE]

    def test_an_answer_of_something_in_between_is_unsure(self, gateway, vendor):
        for status in (200, 500, 502, 503, 504):
            vendor.say(Response("<h1>A proxy says so</h1>", status=status, content_type="text/html"))
            assert [result.outcome for result in gateway.send([self.outgoing(1)])] == [SendOutcome.UNSURE], status

    def test_a_redirect_is_not_followed(self, gateway, vendor):
        vendor.say(Response(status=307, headers={"Location": f"{vendor.url}/elsewhere"}))

        assert [result.outcome for result in gateway.send([self.outgoing(1)])] == [SendOutcome.GATEWAY_DOWN]
        assert len(vendor.requests) == 1


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
