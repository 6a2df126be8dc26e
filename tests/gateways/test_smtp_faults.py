"""Mail handed over to a server that refuses, stalls and drops at every stage."""

import socket

import pytest

from domain.delivery.ports import SendOutcome
from gateways.smtp_client import Patience
from tests.gateways.mail import IMPATIENT, gateway_to, group, numbers, outcomes
from tests.played.smtp import Offer, PlayedSmtp, Trouble

ACCEPTED, REFUSED, LATER = SendOutcome.ACCEPTED, SendOutcome.REFUSED, SendOutcome.TRY_LATER
UNSURE, DOWN = SendOutcome.UNSURE, SendOutcome.GATEWAY_DOWN
BEFORE_TEXT = ["MAIL", "RCPT", "DATA"]

pipelined = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])


@pipelined
@pytest.mark.parametrize("stage", [*BEFORE_TEXT, "text"])
@pytest.mark.parametrize(
    ("reply", "outcome"), [("550 5.7.1 No", REFUSED), ("451 4.3.0 Not now", LATER), ("450 4.7.1 Grey", LATER)]
)
def test_one_refused_message_costs_no_other(pipelining, stage, reply, outcome):
    with PlayedSmtp(Offer(pipelining=pipelining)) as server, gateway_to(server) as gateway:
        server.say("MAIL", "250 2.1.0 Ok")
        server.say(stage, reply)
        got = outcomes(gateway, 4)

    refused = 1 if stage == "MAIL" else 0
    assert got == [outcome if number == refused else ACCEPTED for number in range(4)]
    assert server.connections == 1
    assert len(server.received) == 3


@pipelined
def test_an_unknown_mailbox_in_the_middle_is_suppressed(pipelining):
    with PlayedSmtp(Offer(pipelining=pipelining)) as server, gateway_to(server) as gateway:
        server.say("RCPT", "550 5.1.1 No such user", to="guest3@example.com")
        results = gateway.send(group(5))

    assert [result.suppress for result in results] == [None, None, "invalid_address", None, None]
    assert numbers(server) == [1, 2, 4, 5]


def test_a_server_that_wants_a_text_without_a_recipient_gets_an_empty_one():
    with PlayedSmtp(Offer(always_wants_text=True)) as server, gateway_to(server) as gateway:
        server.say("RCPT", "550 5.1.1 No such user", to="guest2@example.com")
        assert outcomes(gateway, 3) == [ACCEPTED, REFUSED, ACCEPTED]

    assert numbers(server) == [1, 3]
    assert server.connections == 1


@pipelined
@pytest.mark.parametrize("stage", BEFORE_TEXT)
def test_dropped_before_the_text_it_goes_over_another_connection(pipelining, stage):
    with PlayedSmtp(Offer(pipelining=pipelining)) as server, gateway_to(server) as gateway:
        server.say("MAIL", "250 2.1.0 Ok")
        server.say(stage, Trouble.DROP)
        got = outcomes(gateway, 4)

    assert got == [ACCEPTED] * 4
    assert server.connections == 2
    assert sorted(numbers(server)) == [1, 2, 3, 4]


@pipelined
def test_dropped_after_the_text_it_is_unsure_and_the_rest_goes_on(pipelining):
    with PlayedSmtp(Offer(pipelining=pipelining)) as server, gateway_to(server) as gateway:
        server.say("text", Trouble.DROP, to="guest2@example.com")
        got = outcomes(gateway, 4)

    assert got == [ACCEPTED, UNSURE, ACCEPTED, ACCEPTED]
    assert numbers(server) == [1, 3, 4]


def test_a_message_that_always_breaks_the_connection_holds_up_no_other(gateway, server):
    server.say("RCPT", Trouble.DROP, to="guest1@example.com", times=9)

    assert outcomes(gateway, 4) == [LATER, ACCEPTED, ACCEPTED, ACCEPTED]


def test_a_server_that_drops_everything_is_left_alone(gateway, server):
    server.say("text", Trouble.DROP, times=99)

    assert outcomes(gateway, 10) == [UNSURE] * 3 + [LATER] * 7
    assert server.connections == 3


@pipelined
@pytest.mark.parametrize("stage", BEFORE_TEXT)
def test_silence_before_the_text_means_later_for_all(pipelining, stage):
    with PlayedSmtp(Offer(pipelining=pipelining)) as server, gateway_to(server, patience=IMPATIENT) as gateway:
        server.say(stage, Trouble.STALL)
        assert outcomes(gateway, 3) == [LATER] * 3
        assert server.received == []
        assert server.connections == 1


@pipelined
def test_silence_after_the_text_is_unsure_and_the_rest_waits(pipelining):
    impatient_at_the_end = Patience(command=10, text=0.3)
    with (
        PlayedSmtp(Offer(pipelining=pipelining)) as server,
        gateway_to(server, patience=impatient_at_the_end) as gateway,
    ):
        server.say("text", Trouble.STALL)
        assert outcomes(gateway, 3) == [UNSURE, LATER, LATER]


@pytest.mark.parametrize("stage", ["connect", "EHLO"])
@pytest.mark.parametrize("trouble", [*Trouble, "421 4.3.2 Not now", "hello?"])
def test_a_server_that_does_not_come_up_means_later(server, stage, trouble):
    with gateway_to(server, patience=IMPATIENT) as gateway:
        server.say(stage, trouble, times=9)
        server.say("HELO", trouble, times=9)
        assert outcomes(gateway, 2) == [LATER] * 2


def test_nobody_listening_means_later(server):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with gateway_to(server, url=f"smtp://127.0.0.1:{port}", trusted=f"127.0.0.1:{port}") as gateway:
        assert outcomes(gateway, 2) == [LATER] * 2


def test_a_421_ends_the_group_for_now(gateway, server):
    server.say("MAIL", "250 2.1.0 Ok")
    server.say("MAIL", "421 4.7.28 Unusual rate")
    results = gateway.send(group(5))

    assert [result.outcome for result in results] == [ACCEPTED] + [LATER] * 4
    assert {result.retry_after for result in results[1:]} == {300}
    assert server.connections == 1


@pytest.mark.parametrize(
    ("stage", "reply", "outcome"),
    [
        ("AUTH", "535 5.7.8 Username and Password not accepted", DOWN),
        ("AUTH", "454 4.7.0 Temporary authentication failure", LATER),
        ("MAIL", "530 5.7.0 Authentication required", DOWN),
        ("MAIL", "553 5.7.1 Sender address not owned", DOWN),
        ("STARTTLS", "454 4.7.0 TLS not available", LATER),
        ("STARTTLS", "501 5.5.4 No", DOWN),
    ],
)
def test_a_wrong_set_up_stops_the_whole_group(stage, reply, outcome):
    with PlayedSmtp(Offer(tls="starttls", login=("cafe", "s3cret"))) as server, gateway_to(server) as gateway:
        server.say(stage, reply, times=9)
        assert outcomes(gateway, 3) == [outcome] * 3
        assert server.received == []


def test_a_login_the_server_cannot_take_stops_the_gateway(server):
    with gateway_to(server, url=f"smtp://cafe:s3cret@{server.host}") as gateway:
        assert outcomes(gateway, 2) == [DOWN] * 2

    assert server.received == []


def test_without_starttls_nothing_is_sent(server):
    with gateway_to(server, url=f"smtp+starttls://cafe:s3cret@{server.host}") as gateway:
        assert outcomes(gateway, 2) == [DOWN] * 2

    assert server.received == []
    assert not any(b"s3cret" in command.encode() or command.startswith("AUTH") for command in server.commands)
