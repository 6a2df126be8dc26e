"""Gupshup: approved wordings and free words, events about our own app only."""

import json
from dataclasses import replace

import pytest

from domain.delivery.ports import ApprovedWording, InboundText, Outgoing, ReportKind, SendOutcome
from gateways.gupshup import GupshupConfig, GupshupGateway
from gateways.gupshup_hook import GupshupHook
from gateways.provider import Incoming
from tests.gateways.kit import HttpGatewayKit
from tests.gateways.opening import around
from tests.played.gupshup import API_KEY, APP, APPROVED, SOURCE, PlayedGupshup
from tests.played.http import json_answer

URL = "https://app.example.com/hooks/gupshup/token"
HOOK = GupshupHook(APP)


class TestGupshup(HttpGatewayKit):
    secrets = (API_KEY,)

    def play(self) -> PlayedGupshup:
        return PlayedGupshup()

    def open(self, url: str, *, seconds: float) -> GupshupGateway:
        settings = {"api_key": API_KEY, "source": SOURCE, "app_name": APP, "url": url}
        trusted = around(url).trusted_hosts
        return GupshupGateway(GupshupConfig.model_validate(settings), trusted_hosts=trusted, seconds=seconds)

    def outgoing(self, number: int) -> Outgoing:
        return Outgoing(number, f"+436641{number:06}", f"Coffee number {number} waits ☕", ref=str(number))

    def test_free_words_go_as_session_words(self, gateway, vendor):
        gateway.send([self.outgoing(7)])

        [taken] = vendor.messages
        assert (taken["destination"], taken["source"]) == ("436641000007", SOURCE[1:])
        assert taken["message"] == {"type": "text", "text": "Coffee number 7 waits ☕", "previewUrl": False}

    def test_an_approved_wording_goes_with_its_values(self, gateway, vendor):
        approved = ApprovedWording(APPROVED, ("Nora", "12 points"))
        [result] = gateway.send([replace(self.outgoing(7), approved=approved)])

        assert result.outcome is SendOutcome.ACCEPTED
        assert vendor.messages[0]["template"] == {"id": APPROVED, "params": ["Nora", "12 points"]}

    def test_a_wording_that_was_not_approved_is_refused(self, gateway, vendor):
        [result] = gateway.send([replace(self.outgoing(7), approved=ApprovedWording("unknown"))])

        assert (result.outcome, result.detail) == (SendOutcome.REFUSED, "HTTP 400: Template does not exist")

    def test_a_no_with_the_status_of_a_yes_is_a_no(self, gateway, vendor):
        vendor.say(json_answer(200, {"status": "error", "message": "Invalid Destination"}))

        assert gateway.send([self.outgoing(1)])[0].outcome is SendOutcome.REFUSED

    def test_credentials_that_do_not_fit_stop_the_gateway(self, gateway, vendor):
        vendor.say(json_answer(401, {"status": "error", "message": "Authentication Failed"}))

        assert gateway.send([self.outgoing(1)])[0].outcome is SendOutcome.GATEWAY_DOWN

    def test_too_many_requests_means_later(self, gateway, vendor):
        vendor.say(json_answer(429, {"status": "error", "message": "Too Many Requests"}))

        assert gateway.send([self.outgoing(1)])[0].outcome is SendOutcome.TRY_LATER


def incoming(kind: str, payload: object, app: str = APP) -> Incoming:
    document = {"app": app, "timestamp": 1_772_000_000_000, "version": 2, "type": kind, "payload": payload}
    return Incoming(URL, json.dumps(document).encode(), {})


def test_only_what_names_our_app_is_believed(now):
    assert HOOK.verify(incoming("message", {}), now=now)
    assert not HOOK.verify(incoming("message", {}, app="Other"), now=now)
    for raw in (b"", b"[]", b"{}", b'{"app": 1}', b"\xff"):
        assert not HOOK.verify(Incoming(URL, raw, {}), now=now)


@pytest.mark.parametrize(
    ("payload", "kind", "suppress"),
    [
        ({"id": "g1", "type": "enqueued", "payload": {"whatsappMessageId": "w"}}, ReportKind.SENT, None),
        ({"id": "w", "gsId": "g1", "type": "sent", "payload": {"ts": 1}}, ReportKind.SENT, None),
        ({"id": "w", "gsId": "g1", "type": "delivered", "payload": {"ts": 1}}, ReportKind.DELIVERED, None),
        ({"id": "w", "gsId": "g1", "type": "read", "payload": {"ts": 1}}, ReportKind.OPENED, None),
        ({"id": "g1", "type": "failed", "payload": {"code": 1002}}, ReportKind.BOUNCED, "invalid_address"),
        ({"id": "g1", "type": "failed", "payload": {"code": 1012}}, ReportKind.FAILED, "opted_out"),
        ({"id": "g1", "type": "failed", "payload": {"code": 470, "reason": "window"}}, ReportKind.FAILED, None),
    ],
)
def test_an_event_is_read_in_our_words(payload, kind, suppress):
    [report] = HOOK.read(incoming("message-event", payload))

    assert (report.kind, report.suppress, report.provider_ref) == (kind, suppress, "g1")


def test_a_guests_words_are_read_typed_or_pressed():
    typed = {"id": "a", "source": "436641234567", "type": "text", "payload": {"text": "Stop please"}}
    pressed = {"id": "b", "source": "436641234567", "type": "quick_reply", "payload": {"postbackText": "STOP"}}

    assert HOOK.read(incoming("message", typed)) == [InboundText("a", "+436641234567", "Stop please")]
    assert HOOK.read(incoming("message", pressed)) == [InboundText("b", "+436641234567", "STOP")]


def test_leaving_there_counts_as_a_stop_and_a_test_call_as_nothing():
    [left] = HOOK.read(incoming("user-event", {"phone": "436641234567", "type": "opted-out"}))

    assert (left.sender, left.extra) == ("+436641234567", {"opt_out_type": "STOP"})
    assert HOOK.read(incoming("user-event", {"phone": "callbackSetPhone", "type": "sandbox-start"})) == []


@pytest.mark.parametrize(("kind", "payload"), [("dream", {}), ("message", []), ("message", {}), ("message-event", {})])
def test_what_says_nothing_we_know_is_none(kind, payload):
    assert HOOK.read(incoming(kind, payload)) is None
