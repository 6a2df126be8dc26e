"""SendGrid: the finished mail as a document, its answers in our words, its events believed only when signed."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from domain.delivery.ports import Outgoing, ReportKind, SendOutcome
from gateways.address import WEB, NotAllowed, OutboundRules
from gateways.provider import Incoming
from gateways.sendgrid import SendgridConfig, SendgridGateway
from gateways.sendgrid_hook import SendgridHook
from tests.gateways.kit import HttpGatewayKit
from tests.gateways.opening import around
from tests.played.sendgrid import API_KEY, PlayedSendgrid, errors

URL = "https://app.example.com/hooks/sendgrid/token"


def mail(number: int, to: str = "") -> Outgoing:
    to = to or f"nora{number}@example.com"
    message = EmailMessage()
    message["From"] = "Café Aurora <hello@cafe.example>"
    message["To"] = f"Nora Novák <{to}>" if "@" in to else "Nora <nora@example.com>"
    message["Subject"] = f"Ein Kaffee wartet ☕ {number}"
    message["List-Unsubscribe"] = "<https://app.example.com/u/token>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(f"Schöne Grüße, {number}")
    message.add_alternative(f"<p>Schöne Grüße, <b>{number}</b></p>", subtype="html")
    return Outgoing(number, to, message.as_bytes(), ref=f"1.{number}")


class TestSendgrid(HttpGatewayKit):
    secrets = (API_KEY,)

    def play(self) -> PlayedSendgrid:
        return PlayedSendgrid()

    def open(self, url: str, *, seconds: float) -> SendgridGateway:
        settings = SendgridConfig.model_validate({"api_key": API_KEY, "from": "hello@cafe.example", "url": url})
        return SendgridGateway(settings, trusted_hosts=around(url).trusted_hosts, seconds=seconds)

    def outgoing(self, number: int) -> Outgoing:
        return mail(number)

    def test_the_mail_arrives_as_it_was_written(self, gateway, vendor):
        gateway.send([mail(7)])

        [taken] = vendor.mails
        assert taken["from"] == {"email": "hello@cafe.example", "name": "Café Aurora"}
        assert taken["personalizations"] == [
            {"to": [{"email": "nora7@example.com", "name": "Nora Novák"}], "custom_args": {"message": "7"}}
        ]
        assert taken["subject"] == "Ein Kaffee wartet ☕ 7"
        assert [part["value"].strip() for part in taken["content"]] == [
            "Schöne Grüße, 7",
            "<p>Schöne Grüße, <b>7</b></p>",
        ]
        assert taken["headers"]["List-Unsubscribe"] == "<https://app.example.com/u/token>"
        assert taken["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_an_address_that_is_none_is_suppressed(self, gateway, vendor):
        [result] = gateway.send([mail(1, "nonsense")])

        assert (result.outcome, result.suppress) == (SendOutcome.REFUSED, "invalid_address")

    @pytest.mark.parametrize("status", [401, 403])
    def test_credentials_that_do_not_fit_stop_the_gateway(self, gateway, vendor, status):
        vendor.say(errors(status, "Maximum credits exceeded"))
        [result] = gateway.send([mail(1)])

        assert (result.outcome, result.detail) == (
            SendOutcome.GATEWAY_DOWN,
            f"HTTP {status}: Maximum credits exceeded",
        )

    def test_its_limit_is_waited_for_until_it_says(self, gateway, vendor):
        vendor.say(errors(429, "too many requests", X_RateLimit_Reset=str(int(time.time()) + 30)))
        [result] = gateway.send([mail(1)])

        assert result.outcome is SendOutcome.TRY_LATER
        assert 25 <= result.retry_after <= 30

    def test_a_mail_too_large_is_refused(self, gateway, vendor):
        vendor.say(errors(413, "too large"))

        assert gateway.send([mail(1)])[0].outcome is SendOutcome.REFUSED


@pytest.fixture(scope="module")
def vendor():
    with PlayedSendgrid() as server:
        yield server


def event(kind: str, **more: object) -> dict[str, object]:
    return {"event": kind, "sg_event_id": f"id-{kind}", "sg_message_id": "abc.filter-1", "message": "42"} | more


def read(*events: dict[str, object]):
    return SendgridHook("").read(Incoming(URL, json.dumps(events).encode(), {}))


def test_only_what_sendgrid_signed_lately_is_believed(vendor):
    hook, now = SendgridHook(vendor.public_key), datetime.now(UTC)
    body = b'[{"event": "delivered"}]\r\n'
    good = Incoming(URL, body, vendor.signed(body))

    assert hook.verify(good, now=now)
    assert not hook.verify(replace(good, raw=body.strip()), now=now)
    assert not hook.verify(replace(good, headers={}), now=now)
    assert not hook.verify(good, now=now + timedelta(minutes=6))
    assert not hook.verify(good, now=now - timedelta(minutes=6))
    assert not SendgridHook("").verify(good, now=now)
    with PlayedSendgrid() as other:
        assert not SendgridHook(other.public_key).verify(good, now=now)


@pytest.mark.parametrize(
    ("told", "kind", "suppress"),
    [
        (event("processed"), ReportKind.SENT, None),
        (event("deferred", response="try again"), ReportKind.SENT, None),
        (event("delivered"), ReportKind.DELIVERED, None),
        (event("bounce", type="bounce", status="5.1.1"), ReportKind.BOUNCED, "bounced"),
        (event("bounce", type="blocked"), ReportKind.FAILED, None),
        (event("dropped", reason="Unsubscribed Address"), ReportKind.FAILED, "opted_out"),
        (event("dropped", reason="Bounced Address"), ReportKind.FAILED, "bounced"),
        (event("spamreport"), ReportKind.COMPLAINED, "complained"),
        (event("unsubscribe"), ReportKind.UNSUBSCRIBED, None),
        (event("group_unsubscribe"), ReportKind.UNSUBSCRIBED, None),
    ],
)
def test_an_event_is_read_in_our_words(told, kind, suppress):
    [report] = read(told)

    assert (report.kind, report.suppress, report.message_id, report.provider_ref) == (kind, suppress, 42, "abc")


def test_openings_tell_whether_a_machine_opened_and_clicks_what_was_clicked():
    opened, prefetched, clicked = read(
        event("open"), event("open", sg_machine_open=True), event("click", url="https://cafe.example/menu")
    )

    assert (opened.properties, prefetched.properties) == ({"machine": False}, {"machine": True})
    assert clicked.properties == {"url": "https://cafe.example/menu"}


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1]", b'[{"event": "dreaming"}]', b"\xff", b'[{"event": "open"}]'])
def test_what_says_nothing_we_know_is_none(raw):
    assert SendgridHook("").read(Incoming(URL, raw, {})) is None


@pytest.mark.parametrize("value", ["9" * 30, "x", "", -1, None, True, 10**30])
def test_odd_numbers_cost_nothing(value):
    [report] = read(event("delivered", message=value, timestamp=value))

    assert (report.message_id, report.at) == (None, None)


def test_a_verification_key_that_is_none_is_refused_when_it_is_typed():
    with pytest.raises(ValueError, match="verification key"):
        SendgridConfig.model_validate({"api_key": "k", "webhook_public_key": "nonsense"})


def test_only_https_goes_out_to_an_address_nobody_vouches_for():
    with pytest.raises(NotAllowed):
        OutboundRules(WEB).check("http", "api.sendgrid.com", 80)
