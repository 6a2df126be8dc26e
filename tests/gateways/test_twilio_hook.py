"""Twilio's callbacks: who signed them, and what they say."""

from datetime import UTC, datetime

import pytest

from domain.delivery.ports import DeliveryReport, InboundText, ReportKind
from gateways.provider import Incoming, Told
from gateways.twilio_hook import TwilioHook
from tests.played.twilio import sign

SID = "SM" + "a" * 32
URL = "https://app.example.com/hooks/twilio/t?message=42"
FORM = {"MessageSid": SID, "MessageStatus": "delivered", "Surprise": "new"}
HOOK = TwilioHook("12345")
NOW = datetime(2026, 3, 4, tzinfo=UTC)


def incoming(form: dict[str, str], url: str = URL, headers: dict[str, str] | None = None) -> Incoming:
    return Incoming(url, b"", headers or {}, {name: [value] for name, value in form.items()})


def verify(form: dict[str, str], url: str, headers: dict[str, str]) -> bool:
    return HOOK.verify(incoming(form, url, headers), now=NOW)


def only(form: dict[str, str], url: str = URL) -> Told:
    [told] = HOOK.read(incoming(form, url))
    return told


def report(status: str, **more: str) -> DeliveryReport:
    read = only({"MessageSid": SID, "MessageStatus": status} | more)
    assert isinstance(read, DeliveryReport)
    return read


@pytest.mark.parametrize(
    ("signed", "called"),
    [
        (URL, URL),
        (URL, URL.replace(".com", ".com:443")),
        (URL.replace(".com", ".com:443"), URL),
        (URL.replace(".com", ".com:8443"), URL.replace(".com", ".com:8443")),
        ("http://[::1]:80/x", "http://[::1]/x"),
    ],
)
def test_a_signature_holds_with_and_without_the_port(signed, called):
    assert verify(FORM, called, {"X-Twilio-Signature": sign("12345", signed, FORM)})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "é"},
        {"X-Twilio-Signature": sign("other", URL, FORM)},
        {"X-Twilio-Signature": sign("12345", URL, FORM), "X-Twilio-Webhooks-Signature-Settings": "algorithm=NONE"},
        {
            "X-Twilio-Signature": sign("12345", URL, FORM),
            "X-Twilio-Webhooks-Signature-Settings": "key=k,algorithm=HMAC_SHA256",
        },
    ],
)
def test_a_missing_wrong_or_odd_signature_does_not_hold(headers):
    assert not verify(FORM, URL, headers)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("accepted", ReportKind.SENT),
        ("scheduled", ReportKind.SENT),
        ("queued", ReportKind.SENT),
        ("sending", ReportKind.SENT),
        ("sent", ReportKind.SENT),
        ("delivered", ReportKind.DELIVERED),
        ("partially_delivered", ReportKind.DELIVERED),
        ("read", ReportKind.DELIVERED),
        ("undelivered", ReportKind.FAILED),
        ("failed", ReportKind.FAILED),
        ("canceled", ReportKind.FAILED),
    ],
)
def test_a_status_is_read_in_our_words(status, kind):
    read = report(status)

    assert (read.kind, read.provider_ref, read.message_id, read.suppress) == (kind, SID, 42, None)


@pytest.mark.parametrize(
    ("status", "code", "kind", "suppress"),
    [
        ("undelivered", "30005", ReportKind.BOUNCED, "invalid_address"),
        ("undelivered", "30006", ReportKind.BOUNCED, "invalid_address"),
        ("undelivered", "30003", ReportKind.FAILED, None),
        ("undelivered", "30007", ReportKind.FAILED, None),
        ("failed", "21610", ReportKind.FAILED, "opted_out"),
        ("failed", "odd", ReportKind.FAILED, None),
    ],
)
def test_an_error_code_tells_whether_the_number_is_to_blame(status, code, kind, suppress):
    read = report(status, ErrorCode=code)

    assert (read.kind, read.suppress) == (kind, suppress)


def test_a_repeated_report_has_the_same_key_and_the_next_another():
    assert report("sent").key == report("sent", RawDlrDoneDate="2311240010").key != report("delivered").key


@pytest.mark.parametrize("query", ["", "?message=", "?message=x", "?message=-1", "?message=" + "9" * 30])
def test_a_report_whose_address_names_no_message_still_has_its_sid(query):
    read = only(FORM, f"https://app.example.com/x{query}")

    assert (read.message_id, read.provider_ref) == (None, SID)


def test_a_guests_text_is_read():
    form = {"MessageSid": SID, "From": "+436641234567", "To": "+15017122661", "Body": " Stop! ", "OptOutType": "STOP"}

    assert only(form) == InboundText(SID, "+436641234567", " Stop! ", {"to": "+15017122661", "opt_out_type": "STOP"})


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"MessageSid": SID},
        {"MessageSid": SID, "MessageStatus": "dreaming"},
        {"MessageStatus": "delivered"},
        {"MessageSid": SID, "From": "whatsapp:+1", "Body": "x"},
        {"MessageSid": SID, "From": "+1"},
    ],
)
def test_what_says_nothing_we_know_is_none(form):
    assert HOOK.read(incoming(form)) is None


def test_a_guest_is_answered_in_twiml_that_cannot_be_broken_out_of():
    assert HOOK.answer()[0].endswith("<Response></Response>")
    assert "<Message>You &lt;b&gt; &amp; me</Message>" in HOOK.answer("You <b> & me")[0]
    assert HOOK.answer()[1] == "text/xml"
