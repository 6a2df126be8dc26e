"""Every session of the SMTP contract, played: the dialogue word for word, and what each ending means."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.delivery.ports import SendOutcome, SendResult
from tests.gateways.mail import PATIENT, gateway_to, mail
from tests.played.smtp import Offer, PlayedSmtp, Trouble

SETTINGS = {"ehlo_name": "worker.example", "envelope_from": "bounce+tok@cafe.example"}
LOGIN = ("cafe", "secret")


@pytest.fixture(scope="session")
def sessions(contracts: Path) -> dict[str, dict[str, Any]]:
    document = json.loads((contracts / "messaging" / "smtp" / "sessions.json").read_text())
    return {session["name"]: session for session in document["sessions"]}


def play(session: dict[str, Any]) -> tuple[SendResult, PlayedSmtp]:
    """Hand one mail to a server that behaves as the session says."""
    no_tls = session["name"] == "no STARTTLS offered"
    with PlayedSmtp(Offer(tls="none" if no_tls else "starttls", login=None if no_tls else LOGIN)) as server:
        _prepare(server, session)
        url = server.url.replace("smtp:", "smtp+starttls:")
        with gateway_to(server, url=url, patience=PATIENT, **SETTINGS) as gateway:
            [result] = gateway.send([mail(to="a@example.com")])
        return result, server


def _prepare(server: PlayedSmtp, session: dict[str, Any]) -> None:
    stage = {"end of DATA": "text"}.get(session.get("at", ""), session.get("at"))
    if session["name"] == "policy reject":
        stage = "text"  # a mail is judged once it was read
    if stage and stage != "EHLO":
        server.say(stage, session["reply"] or Trouble.DROP)


EXPECTED: dict[str, tuple[SendOutcome, str | None, int | None]] = {
    "accepted": (SendOutcome.ACCEPTED, None, None),
    "unknown mailbox": (SendOutcome.REFUSED, "invalid_address", None),
    "greylisted": (SendOutcome.TRY_LATER, None, 300),
    "rate limited": (SendOutcome.TRY_LATER, None, 300),
    "policy reject": (SendOutcome.REFUSED, None, None),
    "mailbox full": (SendOutcome.REFUSED, None, None),
    "bad login": (SendOutcome.GATEWAY_DOWN, None, None),
    "no STARTTLS offered": (SendOutcome.GATEWAY_DOWN, None, None),
    "dropped after DATA": (SendOutcome.UNSURE, None, None),
}


def test_every_session_has_a_meaning(sessions):
    assert sessions.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_each_session_ends_as_the_contract_says(sessions, name):
    result, server = play(sessions[name])

    assert (result.outcome, result.suppress, result.retry_after) == EXPECTED[name]
    assert [received.to for received in server.received] == (["a@example.com"] if name == "accepted" else [])


def test_a_policy_refused_at_the_data_command_reads_the_same(sessions):
    session = sessions["policy reject"]
    with PlayedSmtp() as server, gateway_to(server) as gateway:
        server.say("DATA", session["reply"])
        [result] = gateway.send([mail()])

    assert (result.outcome, result.suppress) == (SendOutcome.REFUSED, None)


def test_nothing_leaves_where_tls_is_not_offered(sessions):
    _, server = play(sessions["no STARTTLS offered"])

    assert [each.partition(" ")[0].upper() for each in server.commands] == ["EHLO"]


def test_we_say_what_the_dialogue_says(sessions):
    lines = [each["line"] for each in sessions["accepted"]["dialogue"] if each["dir"] == "C"]

    with PlayedSmtp(Offer(tls="starttls", login=LOGIN)) as server:
        server.say("EHLO", "250-mx.example\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 31457280")
        server.say("EHLO", "250-mx.example\r\n250 AUTH PLAIN LOGIN")
        with gateway_to(server, **SETTINGS) as gateway:
            gateway.send([mail(to="a@example.com")])
    heard = [_upper_verb(line) for line in server.commands]
    assert heard == lines


def _upper_verb(line: str) -> str:
    verb, space, rest = line.partition(" ")
    return verb.upper() + space + rest
