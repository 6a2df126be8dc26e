"""Plivo: texts forty at a time, calls one at a time, callbacks believed only when signed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain import clock
from domain.delivery.ports import InboundText, Outgoing, ReportKind, SendOutcome, SpokenFor
from domain.errors import Unacceptable
from gateways import plivo
from gateways.plivo import PlivoCalls, PlivoConfig, PlivoTexts
from gateways.plivo_hook import PlivoHook
from gateways.provider import Incoming
from tests.gateways.kit import HttpGatewayKit
from tests.gateways.opening import HOOK_URL, around
from tests.played.http import json_answer
from tests.played.plivo import AUTH_ID, AUTH_TOKEN, SENDER, PlayedPlivo, signed

URL = f"{HOOK_URL}?message=42"
HOOK = PlivoHook(AUTH_TOKEN)


def config(url: str) -> PlivoConfig:
    return PlivoConfig.model_validate({"auth_id": AUTH_ID, "auth_token": AUTH_TOKEN, "from": SENDER, "url": url})


class PlivoKit(HttpGatewayKit):
    secrets = (AUTH_TOKEN,)
    kind: type[PlivoTexts] | type[PlivoCalls]

    def play(self) -> PlayedPlivo:
        return PlayedPlivo()

    def open(self, url: str, *, seconds: float = 10) -> PlivoTexts | PlivoCalls:
        trusted = around(url).trusted_hosts
        return self.kind(config(url), hook_url=HOOK_URL, trusted_hosts=trusted, seconds=seconds)

    def outgoing(self, number: int) -> Outgoing:
        return Outgoing(number, f"+436641{number:06}", f"Coffee number {number} waits", ref=str(number))

    def test_credentials_that_do_not_fit_stop_the_gateway(self, gateway, vendor):
        vendor.say(json_answer(401, {"error": "authentication_failed"}))

        assert gateway.send([self.outgoing(1)])[0].outcome is SendOutcome.GATEWAY_DOWN

    def test_too_many_requests_means_later(self, gateway, vendor):
        vendor.say(json_answer(429, {"error": "rate_limit_exceeded"}))

        assert gateway.send([self.outgoing(1)])[0].outcome is SendOutcome.TRY_LATER

    @pytest.mark.parametrize("status", [400, 403, 422])
    def test_a_country_or_words_it_will_not_have_cost_one_message_only(self, gateway, vendor, status):
        vendor.say(json_answer(status, {"error": "no"}))
        [result] = gateway.send([self.outgoing(1)])

        assert (result.outcome, result.suppress) == (SendOutcome.REFUSED, None)


class TestPlivoTexts(PlivoKit):
    kind = PlivoTexts

    def test_a_text_says_where_to_report_to_and_when_it_is_too_late(self, gateway, vendor, now):
        with clock.set_to(now):
            gateway.send([replace(self.outgoing(7), expires_at=now + timedelta(seconds=90))])

        [taken] = vendor.texts
        assert (taken["dst"], taken["src"], taken["text"]) == ("436641000007", SENDER[1:], "Coffee number 7 waits")
        assert (taken["url"], taken["message_expiry"]) == (f"{HOOK_URL}?message=7", 90)

    def test_a_number_that_is_none_is_suppressed(self, gateway, vendor):
        vendor.invalid.add("436641000001")
        [result] = gateway.send([self.outgoing(1)])

        assert (result.outcome, result.suppress) == (SendOutcome.REFUSED, "invalid_address")


class TestPlivoCalls(PlivoKit):
    kind = PlivoCalls

    def test_one_call_at_a_time(self, gateway):
        assert gateway.group_size == 1

    def test_a_call_says_where_to_ask_what_to_say(self, gateway, vendor):
        gateway.send([self.outgoing(7)])

        [taken] = vendor.calls
        assert taken["to"] == "436641000007"
        assert taken["answer_url"] == f"{HOOK_URL}?message=7&speak=1"
        assert taken["hangup_url"] == f"{HOOK_URL}?message=7"


def test_calls_need_an_address_where_plivo_can_ask():
    with pytest.raises(Unacceptable, match="https"):
        plivo.PROVIDER.open(
            config("https://api.plivo.com"), around("https://api.plivo.com", channel="voice", hook_url="")
        )


def incoming(fields: dict[str, str], url: str = URL, headers: dict[str, str] | None = None) -> Incoming:
    return Incoming(url, b"", headers or {}, {name: [value] for name, value in fields.items()})


def only(fields: dict[str, str], url: str = URL):
    [told] = HOOK.read(incoming(fields, url))
    return told


def test_only_what_plivo_signed_is_believed(now):
    fields = {"MessageUUID": "m", "Status": "delivered", "To": "43664"}
    good = incoming(fields, headers=signed(URL, fields))

    assert HOOK.verify(good, now=now)
    assert HOOK.verify(replace(good, headers={k.lower(): v for k, v in good.headers.items()}), now=now)
    assert not HOOK.verify(replace(good, form=good.form | {"Status": ["failed"]}), now=now)
    assert not HOOK.verify(replace(good, url=URL + "3"), now=now)
    assert not HOOK.verify(replace(good, headers={}), now=now)
    assert not PlivoHook("other").verify(good, now=now)


@pytest.mark.parametrize(
    ("status", "code", "kind", "suppress"),
    [
        ("queued", "", ReportKind.SENT, None),
        ("sent", "", ReportKind.SENT, None),
        ("delivered", "000", ReportKind.DELIVERED, None),
        ("undelivered", "20", ReportKind.FAILED, None),
        ("undelivered", "50", ReportKind.BOUNCED, "invalid_address"),
        ("failed", "200", ReportKind.FAILED, "opted_out"),
        ("rejected", "900", ReportKind.FAILED, None),
    ],
)
def test_a_status_is_read_in_our_words(status, code, kind, suppress):
    read = only({"MessageUUID": "part", "ParentMessageUUID": "whole", "Status": status, "ErrorCode": code})

    assert (read.kind, read.suppress, read.provider_ref, read.message_id) == (kind, suppress, "whole", 42)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"Event": "Ring"}, ReportKind.SENT),
        ({"Event": "Hangup", "AnswerTime": "2026-03-04 10:00:00"}, ReportKind.DELIVERED),
        ({"Event": "Hangup", "HangupCauseName": "No Answer"}, ReportKind.FAILED),
        ({"Event": "Hangup", "HangupCauseName": "Unallocated Number"}, ReportKind.BOUNCED),
    ],
)
def test_who_picked_up_was_reached(fields, kind):
    read = only({"CallUUID": "c", "RequestUUID": "r", **fields})

    assert (read.kind, read.provider_ref, read.message_id) == (kind, "r", 42)


def test_a_guest_who_picked_up_hears_the_message():
    assert only({"CallUUID": "c"}, f"{URL}&speak=1") == SpokenFor(42)
    body, content_type = HOOK.answer("Ein Kaffee wartet <heute> & morgen")
    assert "<Speak>Ein Kaffee wartet &lt;heute&gt; &amp; morgen</Speak>" in body
    assert content_type == "application/xml"


def test_a_guests_text_is_read():
    fields = {"MessageUUID": "m", "From": "436641234567", "To": "43677", "Text": "STOP", "Type": "sms"}

    assert only(fields) == InboundText("m", "+436641234567", "STOP", {"to": "43677"})


@pytest.mark.parametrize(
    "fields", [{}, {"MessageUUID": "m"}, {"MessageUUID": "m", "Status": "dreaming"}, {"Text": "x", "MessageUUID": "m"}]
)
def test_what_says_nothing_we_know_is_none(fields):
    assert HOOK.read(incoming(fields)) is None
