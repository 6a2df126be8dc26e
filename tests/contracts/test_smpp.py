"""SMPP, octet by octet: the PDUs we write are those of the contract, and those it shows are read as it says."""

import json
import socket
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from smpplib import consts

from domain.delivery.ports import Outgoing, SendOutcome
from gateways import smpp
from gateways.smpp import SmppConfig, SmppGateway
from gateways.smpp_link import Link
from gateways.smpp_receiver import read_delivery
from tests.played.smpp import PlayedSmpp, objection
from tests.played.smpp_pdus import Pdu, read_message


@pytest.fixture(scope="session")
def pdus(contracts: Path) -> list[dict[str, Any]]:
    document = json.loads((contracts / "messaging" / "smpp" / "pdu-vectors.json").read_text())
    return document["pdus"]


@pytest.fixture
def wire():
    """A link, and the other end of it."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.settimeout(5)
        yield Link(ours), theirs


def config(**settings: str) -> SmppConfig:
    return SmppConfig.model_validate({"url": "smpp://cafe:secret01@c.example", "source_addr": "CAFE", **settings})


def only(pdus, command: str, note: str = "") -> dict[str, Any]:
    [found] = [each for each in pdus if each["command"] == command and note in each["note"]]
    return found


def written(wire, command: str, sequence: int, **fields: Any) -> str:
    link, theirs = wire
    link._sequence = sequence - 1
    link.write(command, seconds=5, **fields)
    return theirs.recv(4096).hex()


def test_every_pdu_of_the_contract_is_looked_at(pdus):
    assert {each["command"] for each in pdus} == {
        *("bind_transceiver", "submit_sm", "submit_sm_resp", "deliver_sm", "deliver_sm_resp", "enquire_link", "unbind")
    }


def test_a_bind_says_what_the_contract_says(pdus, wire):
    """It binds both ways at once; ours differ from it in the command only."""
    shown = only(pdus, "bind_transceiver")
    centre = smpp.centre_of(config(), frozenset())
    fields = {"system_id": centre.system_id, "password": centre.password, "system_type": centre.system_type}

    assert written(wire, "bind_transceiver", 1, **fields, interface_version=consts.SMPP_VERSION_34) == shown["hex"]


@pytest.mark.parametrize(
    ("note", "sequence", "to"), [("one GSM-7 part", 2, "+15558675310"), ("UCS-2", 3, "+79161234567")]
)
def test_a_submit_is_the_contracts_octet_by_octet(pdus, wire, note, sequence, to):
    shown = only(pdus, "submit_sm", note)
    coding = "utf-16-be" if shown["params"]["data_coding"] == 8 else "ascii"
    words = shown["params"]["short_message"].encode("latin-1").decode(coding)
    with closing(SmppGateway(config(), smpp.centre_of(config(), frozenset()))) as gateway:
        [part] = gateway._parts(Outgoing(1, to, words, ref="1"), None)

    assert written(wire, "submit_sm", sequence, **part) == shown["hex"]


@pytest.mark.parametrize(("command", "sequence"), [("enquire_link", 8), ("unbind", 9)])
def test_what_has_no_body_is_the_contracts(pdus, wire, command, sequence):
    assert written(wire, command, sequence) == only(pdus, command)["hex"]


def test_a_delivery_is_answered_as_the_contract_says(pdus, wire):
    link, theirs = wire
    shown = bytes.fromhex(only(pdus, "deliver_sm", "receipt")["hex"])
    theirs.sendall(shown)
    pdu = link.read(seconds=5)
    pdu.sequence = 7
    link.answer(pdu, seconds=5)

    assert theirs.recv(4096).hex() == only(pdus, "deliver_sm_resp")["hex"]


def test_a_receipt_is_read_as_the_contract_says(pdus, wire):
    [told] = _told(pdus, wire, "receipt")

    assert (told.kind, told.provider_ref, told.suppress) == ("delivered", "a1b2c3d4", None)


def test_a_guests_stop_is_read_as_the_contract_says(pdus, wire):
    [told] = _told(pdus, wire, "STOP")

    assert (told.sender, told.body) == ("+15558675310", "STOP")


def _told(pdus, wire, note: str):
    link, theirs = wire
    theirs.sendall(bytes.fromhex(only(pdus, "deliver_sm", note)["hex"]))
    return read_delivery(link.read(seconds=5), config())


def test_the_id_of_an_answer_is_the_providers(pdus):
    """The contract's answer, word for word, to the first submit of a link that counts from where it stands."""
    answer = bytes.fromhex(only(pdus, "submit_sm_resp")["hex"])
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        thread = threading.Thread(target=_answers, args=(server, answer), daemon=True)
        thread.start()
        settings = config(url=f"smpp://cafe:secret01@{host}")
        with closing(SmppGateway(settings, smpp.centre_of(settings, frozenset({host})))) as gateway:
            [result] = gateway.send([Outgoing(1, "+15558675310", "Hi", ref="1")])
        thread.join(5)

    assert (result.outcome, result.provider_ref) == (SendOutcome.ACCEPTED, "a1b2c3d4")


def _answers(server: socket.socket, answer: bytes) -> None:
    sock, _ = server.accept()
    with closing(sock):
        for response in (Pdu(0x80000002, 0, 1, b"X\x00").packed(), answer[:12] + b"\x00\x00\x00\x02" + answer[16:]):
            sock.recv(4096)
            sock.sendall(response)
        sock.recv(4096)


def test_the_played_centre_takes_what_the_contract_submits(pdus):
    for shown in (each for each in pdus if each["command"] == "submit_sm"):
        fields, octets, _ = read_message(bytes.fromhex(shown["hex"])[16:])
        assert objection(fields, octets) == 0
    assert PlayedSmpp
