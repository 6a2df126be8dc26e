"""Mail handed over: envelopes, TLS, kept connections, and what must not leave."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery.ports import SendOutcome
from gateways.smtp_client import Wear
from gateways.smtp_session import as_text
from tests.gateways.mail import gateway_to, group, mail, numbers, outcomes
from tests.played.smtp import Offer, PlayedSmtp

ACCEPTED, REFUSED, LATER = SendOutcome.ACCEPTED, SendOutcome.REFUSED, SendOutcome.TRY_LATER
UNSURE, DOWN = SendOutcome.UNSURE, SendOutcome.GATEWAY_DOWN
BEFORE_TEXT = ["MAIL", "RCPT", "DATA"]

pipelined = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])


@pipelined
@pytest.mark.parametrize("connections", [1, 4])
def test_a_whole_group_arrives_once_each(pipelining, connections):
    with (
        PlayedSmtp(Offer(pipelining=pipelining)) as server,
        gateway_to(server, connections=connections) as gateway,
    ):
        results = gateway.send(group(100))

    assert [result.message_id for result in results] == list(range(1, 101))
    assert {(result.outcome, result.detail) for result in results} == {(ACCEPTED, "250 2.0.0 Ok: queued as 4F2A1B")}
    assert [result.provider_ref for result in results] == [outgoing.ref for outgoing in group(100)]
    assert sorted(numbers(server)) == list(range(1, 101))


def test_an_empty_group_connects_nowhere(gateway, server):
    assert gateway.send([]) == []
    assert server.connections == 0


def test_the_envelope_names_the_sender_who_takes_bounces(server):
    with gateway_to(server, envelope_from="bounce@cafe.example", ehlo_name="worker.example") as gateway:
        gateway.send([mail(1)])

    assert (server.received[0].sender, server.received[0].to) == ("bounce@cafe.example", "guest1@example.com")
    assert server.commands[0] == "ehlo worker.example"


@pytest.mark.parametrize("auth", ["PLAIN LOGIN", "LOGIN", "login plain"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_mail_leaves_over_tls_and_logged_in(tls, auth):
    with PlayedSmtp(Offer(tls=tls, login=("cafe", "s3cret"), auth=auth)) as server, gateway_to(server) as gateway:
        assert outcomes(gateway, 3) == [ACCEPTED] * 3

    assert {(received.over_tls, received.login) for received in server.received} == {(True, "cafe")}


def test_a_connection_serves_group_after_group(gateway, server):
    for _ in range(3):
        assert outcomes(gateway, 5) == [ACCEPTED] * 5

    assert server.connections == 1


def test_a_worn_connection_is_replaced(server):
    with gateway_to(server, wear=Wear(messages=4)) as gateway:
        assert outcomes(gateway, 10) == [ACCEPTED] * 10

    assert server.connections == 3
    assert server.commands.count("QUIT") == 3


def test_an_old_connection_is_replaced(server):
    with gateway_to(server, wear=Wear(seconds=0.0)) as gateway:
        assert outcomes(gateway, 3) == [ACCEPTED] * 3

    assert server.connections == 3


def test_a_server_that_restarted_in_between_costs_nothing(gateway, server):
    assert outcomes(gateway, 2) == [ACCEPTED] * 2
    server.hang_up_all()

    assert outcomes(gateway, 2) == [ACCEPTED] * 2
    assert server.connections == 2


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_for_another_name_is_not_believed(tls):
    with PlayedSmtp(Offer(tls=tls)) as server:
        url = server.url.replace("127.0.0.1", "127.0.0.2")
        with gateway_to(server, url=url, trusted=server.host.replace("127.0.0.1", "127.0.0.2")) as gateway:
            assert outcomes(gateway, 1) != [ACCEPTED]
        assert server.received == []


def test_plain_smtp_only_reaches_hosts_the_operator_vouches_for(server):
    with gateway_to(server, trusted="elsewhere.example:25") as gateway:
        assert outcomes(gateway, 2) == [DOWN] * 2

    assert server.connections == 0


@pytest.mark.parametrize(
    "address",
    ["no-at", "two@@example.com", "a b@example.com", "a@example.com>\r\nRCPT TO:<b@example.com", "<a@b.example>", " "],
)
def test_an_address_that_would_break_the_dialogue_is_refused(gateway, server, address):
    [result, other] = gateway.send([mail(1, to=address), mail(2)])

    assert (result.outcome, result.suppress, other.outcome) == (REFUSED, "invalid_address", ACCEPTED)
    assert numbers(server) == [2]


def test_an_international_address_needs_a_server_that_takes_it():
    outgoing = mail(1, to="jürgen@example.com")
    with PlayedSmtp() as server, gateway_to(server) as gateway:
        assert gateway.send([outgoing])[0].outcome is ACCEPTED
        assert server.received[0].to == "jürgen@example.com"
        assert any(command.endswith("SMTPUTF8") for command in server.commands)
    with PlayedSmtp(Offer(extensions=[])) as server, gateway_to(server) as gateway:
        assert gateway.send([outgoing])[0].outcome is REFUSED


def test_a_mail_larger_than_the_server_takes_is_not_begun(server):
    server.say("EHLO", "250-mx.example\r\n250 SIZE 1000")
    with gateway_to(server) as gateway:
        [result] = gateway.send([mail(1, body=b"x\r\n" * 1000)])

    assert (result.outcome, result.suppress) == (REFUSED, None)
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_eight_bit_mail_says_so(gateway, server):
    gateway.send([mail(1, body="Subject: x\r\n\r\nGrüße\r\n".encode()), mail(2)])

    eight_bit = [" BODY=8BITMIME" in command for command in server.commands if command.startswith("MAIL")]
    assert eight_bit == [True, False]


@pytest.mark.parametrize(
    ("body", "arrives"),
    [
        (b".\r\n", b".\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n.\r\nb\r\n"),
        (b"..a\r\n.b\r\n\r\n.", b"..a\r\n.b\r\n\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n.\r\nb\r\n"),
        (b"a\r.\rb\r\n", b"a\r\n.\r\nb\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_dots_and_line_ends_arrive_as_meant(gateway, server, body, arrives):
    assert [result.outcome for result in gateway.send([mail(1, body=body), mail(2)])] == [ACCEPTED, ACCEPTED]
    assert [received.body for received in server.received] == [arrives, mail(2).body]


@given(st.lists(st.sampled_from([b".", b"\r", b"\n", b"\r\n", b"a", b".."])).map(b"".join))
def test_no_body_can_end_the_text_early(body):
    text = as_text(body)

    assert text.endswith(b".\r\n")
    assert (b"\r\n" + text).find(b"\r\n.\r\n") == len(text) - 3
    assert text.count(b"\n") == text.count(b"\r") == text.count(b"\r\n")


def test_a_slow_server_is_served_over_as_many_connections_as_it_may():
    with PlayedSmtp(Offer(delay=0.02)) as server, gateway_to(server, connections=4) as gateway:
        assert outcomes(gateway, 40) + outcomes(gateway, 40) == [ACCEPTED] * 80

    assert server.connections == 4


def test_secrets_and_addresses_show_nowhere(caplog):
    offer = Offer(tls="starttls", login=("cafe", "s3cret"))
    with caplog.at_level(logging.DEBUG), PlayedSmtp(offer) as server, gateway_to(server) as gateway:
        server.say("AUTH", "535 5.7.8 No")
        results = gateway.send(group(1)) + gateway.send(group(1))

    shown = f"{caplog.text}{results!r}{gateway!r}"
    for hidden in ("s3cret", "AGNhZmUAczNjcmV0", "guest1@example.com", "A coffee waits"):
        assert hidden not in shown


def test_a_mistake_of_ours_leaves_every_message_with_a_result(gateway, server, monkeypatch, caplog):
    monkeypatch.setattr("gateways.smtp_session.as_text", lambda body: 1 / 0)
    results = gateway.send(group(3))

    assert [result.message_id for result in results] == [1, 2, 3]
    assert [result.outcome for result in results] == [UNSURE, LATER, LATER]
    assert "handing over mail failed" in caplog.text
