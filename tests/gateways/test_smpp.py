"""Texts through a message centre: one bind, several submits at a time, and what each of its numbers means."""

import ssl
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from domain import clock
from domain.content import sms
from domain.delivery.ports import Outgoing, SendOutcome
from gateways import smpp, smpp_text
from gateways.smpp import SmppConfig, SmppGateway
from gateways.smpp_ids import IdForm, spelt
from gateways.smpp_link import Patience
from gateways.smpp_text import Alphabet
from tests.gateways.kit import GatewayKit
from tests.gateways.opening import around
from tests.played import smpp as played
from tests.played.certificates import client_context, server_context
from tests.played.http import Fault
from tests.played.smpp import PASSWORD, SENDER, PlayedSmpp, Role
from tests.waiting import until

LONG = "Your coffee is free today, and so is a piece of the cake that Nora baked for you this morning. " * 3


def gateway_to(centre_url: str, *, seconds: float = 10, tls: ssl.SSLContext | None = None, **more) -> SmppGateway:
    config = SmppConfig.model_validate({"url": centre_url, "source_addr": SENDER, **more.pop("settings", {})})
    trusted = around(f"smpp://{config.endpoint.authority}").trusted_hosts
    centre = smpp.centre_of(config, trusted, patience=Patience(connect=2, answer=seconds), tls=tls)
    return SmppGateway(config, centre, **({"pause": lambda _seconds: None} | more))


def text(number: int, body: str = "") -> Outgoing:
    return Outgoing(number, f"+436641{number:06}", body or f"Coffee number {number} waits", ref=str(number))


class TestSmpp(GatewayKit):
    secrets = (PASSWORD, PASSWORD.encode().hex())
    nowhere = "smpp://cafe:secret01@127.0.0.1:{}"

    def play(self) -> PlayedSmpp:
        return PlayedSmpp()

    def open(self, url: str, *, seconds: float = 10) -> SmppGateway:
        return gateway_to(url, seconds=seconds)

    def outgoing(self, number: int) -> Outgoing:
        return text(number)


@pytest.fixture
def centre():
    with PlayedSmpp() as server:
        yield server


@pytest.fixture
def gateway(centre):
    with closing(gateway_to(centre.url)) as opened:
        yield opened


def outcomes(results):
    return [result.outcome for result in results]


def test_a_text_arrives_as_it_was_written(gateway, centre):
    [result] = gateway.send([text(1, "Grüß Gott! 5 € § [frei] {heute} ~")])

    assert (result.outcome, result.provider_ref) == (SendOutcome.ACCEPTED, "a1")
    assert centre.stored.texts == [("436641000001", "Grüß Gott! 5 € § [frei] {heute} ~")]
    assert centre.stored.binds == [Role.TRANSMITTER]


@pytest.mark.parametrize("body", ["Ваш кофе ждёт ☕", "a`b", "🎂 alles Gute"])
def test_what_the_operators_alphabet_lacks_goes_in_ucs2(gateway, centre, body):
    gateway.send([text(1, body)])

    assert centre.stored.texts == [("436641000001", body)]
    assert centre.requests[0].fields["data_coding"] == 8


@pytest.mark.parametrize("body", [LONG, "€" * 100, "ж" * 140, "🎂" * 70])
def test_a_long_text_arrives_whole_with_an_id_for_each_part(gateway, centre, body):
    [result] = gateway.send([text(1, body)])

    assert centre.stored.texts == [("436641000001", body)]
    assert len(result.part_refs) == sms.measure(body).parts == len(centre.requests) > 1
    assert (result.outcome, result.provider_ref) == (SendOutcome.ACCEPTED, None)


def test_a_text_says_until_when_it_is_worth_trying(gateway, centre, now):
    with clock.set_to(now):
        gateway.send([replace(text(1), expires_at=now + timedelta(days=1, hours=2, minutes=3, seconds=4)), text(2)])

    assert [each.fields["validity_period"] for each in centre.requests] == ["000001020304000R", ""]


def test_one_bind_serves_many_groups(gateway, centre):
    for number in range(3):
        gateway.send([text(number + 1)])

    assert centre.stored.binds == [Role.TRANSMITTER]


def test_a_bind_that_ended_meanwhile_costs_no_text(gateway, centre):
    gateway.send([text(1)])
    centre.end_sessions()

    assert outcomes(gateway.send([text(2)])) == [SendOutcome.ACCEPTED]
    assert len(centre.stored.binds) == 2


def test_a_bind_nobody_needs_is_let_go_of(centre):
    with closing(gateway_to(centre.url, idle_seconds=0.05)) as gateway:
        gateway.send([text(1)])
        until(lambda: not centre.bound)
        gateway.send([text(2)])

    assert len(centre.stored.binds) == 2


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("smpp://cafe:wrong@{}", SendOutcome.GATEWAY_DOWN),
        ("smpp://bakery:secret01@{}", SendOutcome.GATEWAY_DOWN),
    ],
)
def test_a_wrong_login_stops_the_gateway_and_is_tried_once(centre, url, outcome):
    with closing(gateway_to(url.format(centre.host))) as gateway:
        results = gateway.send([text(1), text(2)])

    assert outcomes(results) == [outcome] * 2
    assert len(centre.stored.refused_binds) == 1


def test_no_bind_left_means_later():
    with PlayedSmpp(most_binds=0) as full, closing(gateway_to(full.url)) as gateway:
        assert outcomes(gateway.send([text(1)])) == [SendOutcome.TRY_LATER]


@pytest.mark.parametrize(
    ("status", "outcome", "suppress"),
    [
        (played.BAD_NUMBER, SendOutcome.REFUSED, "invalid_address"),
        (played.BAD_TON, SendOutcome.REFUSED, "invalid_address"),
        (0x51, SendOutcome.REFUSED, "invalid_address"),
        (played.SYSTEM_ERROR, SendOutcome.TRY_LATER, None),
        (0x64, SendOutcome.TRY_LATER, None),
        (0x45, SendOutcome.TRY_LATER, None),
        (0xFE, SendOutcome.TRY_LATER, None),
        (0xFF, SendOutcome.TRY_LATER, None),
        (played.WRONG_STATE, SendOutcome.TRY_LATER, None),
        (played.BAD_SOURCE, SendOutcome.GATEWAY_DOWN, None),
        (0x0D, SendOutcome.GATEWAY_DOWN, None),
        (0x53, SendOutcome.GATEWAY_DOWN, None),
        (0x65, SendOutcome.REFUSED, None),
        (0x66, SendOutcome.REFUSED, None),
        (0x01, SendOutcome.REFUSED, None),
        (0xC4, SendOutcome.REFUSED, None),
        (0x410, SendOutcome.REFUSED, None),
    ],
)
def test_each_status_has_its_meaning(gateway, centre, status, outcome, suppress):
    centre.say(status)
    [result] = gateway.send([text(1)])

    assert (result.outcome, result.suppress) == (outcome, suppress)
    assert f"0x{status:02X}" in result.detail


def test_too_much_at_once_pauses_and_is_given_again(centre):
    pauses = []
    centre.say(played.THROTTLED, played.QUEUE_FULL)
    with closing(gateway_to(centre.url, pause=pauses.append)) as gateway:
        results = gateway.send([text(number) for number in range(1, 6)])

    assert outcomes(results) == [SendOutcome.ACCEPTED] * 5
    assert len(centre.stored.texts) == 5
    assert pauses == [1.0]


def test_who_says_too_much_again_and_again_is_left_alone(centre):
    pauses = []
    centre.say(*[played.THROTTLED] * 40)
    with closing(gateway_to(centre.url, pause=pauses.append, settings={"window": 2})) as gateway:
        results = gateway.send([text(number) for number in range(1, 6)])

    assert outcomes(results) == [SendOutcome.TRY_LATER] * 5
    assert (pauses, centre.requests) == ([1.0, 2.0, 4.0], [])


def test_a_long_text_of_which_a_part_was_refused_is_not_sent_again(gateway, centre):
    centre.say(played.OK, 0x64)
    [result] = gateway.send([text(1, LONG)])

    assert (result.outcome, result.part_refs) == (SendOutcome.UNSURE, ("a1", None))
    assert result.detail.startswith("part 2 of 2 was not taken: error 0x64")


def test_only_what_was_not_answered_is_unsure(centre):
    centre.say(played.OK, Fault.DROP)
    with closing(gateway_to(centre.url, settings={"window": 1})) as gateway:
        results = gateway.send([text(1), text(2), text(3)])

    assert outcomes(results) == [SendOutcome.ACCEPTED, SendOutcome.UNSURE, SendOutcome.TRY_LATER]


def test_what_the_operator_could_not_read_is_refused_and_the_bind_made_anew(gateway, centre):
    centre.say(played.NACK)

    assert outcomes(gateway.send([text(1), text(2)])) == [SendOutcome.REFUSED, SendOutcome.ACCEPTED]
    gateway.send([text(3)])
    assert len(centre.stored.binds) == 2


def test_tls_is_spoken_where_the_address_says_so():
    with PlayedSmpp(tls=server_context()) as centre:
        with closing(gateway_to(centre.url, tls=client_context())) as gateway:
            assert outcomes(gateway.send([text(1)])) == [SendOutcome.ACCEPTED]
        with closing(gateway_to(centre.url)) as suspicious:
            assert outcomes(suspicious.send([text(2)])) == [SendOutcome.GATEWAY_DOWN]


@pytest.mark.parametrize(
    ("source_addr", "address", "ton", "npi"),
    [
        ("Café", None, None, None),
        ("CAFE", "CAFE", 5, 0),
        ("12345", "12345", 3, 0),
        ("+43660123456", "43660123456", 1, 1),
        ("43660123456", "43660123456", 1, 1),
    ],
)
def test_the_sender_tells_what_kind_it_is(source_addr, address, ton, npi):
    settings = {"url": "smpp://a:b@c.example", "source_addr": source_addr}
    if address is None:
        with pytest.raises(ValueError, match="source_addr"):
            SmppConfig.model_validate(settings)
    else:
        source = SmppConfig.model_validate(settings).source
        assert source == {"source_addr": address, "source_addr_ton": ton, "source_addr_npi": npi}


@pytest.mark.parametrize("alphabet", list(Alphabet))
@pytest.mark.parametrize("body", ["Grüße", "a€b", "plain", "ça va", "ж"])
def test_what_is_written_can_be_read(alphabet, body):
    written = smpp_text.write(body, alphabet, number=1)
    [octets] = written.parts

    assert smpp_text.read(octets, data_coding=written.data_coding, has_header=False, alphabet=alphabet) == body


def test_an_id_is_the_same_however_it_is_spelt():
    assert spelt("00A1", IdForm.HEX) == spelt("161", IdForm.DECIMAL) == "161"
    assert spelt("00AB-1", IdForm.TEXT) == spelt("ab-1", IdForm.TEXT)
    assert spelt("not hex", IdForm.HEX) == "not hex"
    assert spelt("000", IdForm.TEXT) == "0"
    assert spelt("", IdForm.TEXT) == ""
