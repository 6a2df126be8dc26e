"""Mails that come back are believed by their signed return path, and read by what they report."""

import pytest

import gateways
from domain.delivery.ports import DeliveryReport, ReportKind
from gateways.provider import Incoming
from gateways.return_path import ReturnPath, message_id_in
from gateways.smtp_hook import SmtpHook
from tests.gateways.bounces import absence, bounce, complaint, report
from tests.gateways.mail import gateway_to, mail
from tests.played.smtp import Offer, PlayedSmtp

HOOK_URL = "https://app.example.com/hooks/smtp/s3cret-token"
RETURNS = ReturnPath("bounce@cafe.example", hook_url=HOOK_URL)
TO = RETURNS.of(42)
HOOK = SmtpHook()


def incoming(raw: bytes, url: str = HOOK_URL) -> Incoming:
    return Incoming(url, raw, {})


def told(raw: bytes):
    return HOOK.read(incoming(raw))


@pytest.mark.parametrize(
    ("status", "action", "kind", "suppress"),
    [
        ("5.1.1", "failed", ReportKind.BOUNCED, "bounced"),
        ("5.1.2", "failed", ReportKind.BOUNCED, "bounced"),
        ("5.1.10", "failed", ReportKind.BOUNCED, "bounced"),
        ("5.2.1", "failed", ReportKind.BOUNCED, "bounced"),
        ("5.1.8", "failed", ReportKind.FAILED, None),
        ("5.2.2", "failed", ReportKind.FAILED, None),
        ("5.7.1", "failed", ReportKind.FAILED, None),
        ("4.4.7", "failed", ReportKind.FAILED, None),
        ("4.4.1", "delayed", ReportKind.SENT, None),
        ("2.0.0", "delivered", ReportKind.DELIVERED, None),
        ("2.0.0", "relayed", ReportKind.SENT, None),
        ("5.1.1", "Failed", ReportKind.BOUNCED, "bounced"),
    ],
)
def test_a_report_is_read_in_our_words(status, action, kind, suppress):
    [read] = told(bounce(TO, status, action=action))

    assert isinstance(read, DeliveryReport)
    assert (read.kind, read.suppress, read.message_id) == (kind, suppress, 42)
    assert status in read.detail


@pytest.mark.parametrize("status", ["", "5.0.0"])
def test_a_status_that_says_nothing_is_read_from_the_servers_words(status):
    [read] = told(bounce(TO, status, said="550 5.1.1 <guest@example.com>: user unknown"))

    assert (read.kind, read.detail) == (ReportKind.BOUNCED, "550 5.1.1 <guest@example.com>: user unknown")


def test_a_bare_550_is_no_dead_address():
    [read] = told(bounce(TO, "5.0.0", said="550 blocked by policy"))

    assert (read.kind, read.suppress) == (ReportKind.FAILED, None)


@pytest.mark.parametrize("kind", ["abuse", "fraud"])
def test_a_complaint_is_read_by_the_return_path_of_the_mail_it_is_about(kind):
    [read] = told(complaint(TO, kind))

    assert (read.kind, read.suppress, read.message_id) == (ReportKind.COMPLAINED, "complained", 42)


def test_what_is_no_complaint_says_nothing():
    assert told(complaint(TO, "not-spam")) == []
    assert told(absence(TO)) == []


@pytest.mark.parametrize(
    "raw",
    [
        f"To: {TO}\r\n\r\nPlease call me back.\r\n".encode(),
        report(TO, "Action: dreaming"),
        report(TO),
        b"To: " + TO.encode(),
        b"To: " + TO.encode() + b"\r\nContent-Type: multipart/report; report-type=delivery-status\r\n\r\n\xff\x00",
    ],
)
def test_what_says_nothing_we_know_is_none(raw):
    assert told(raw) is None


def test_parts_without_end_are_not_understood():
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000))

    assert told(f"To: {TO}\r\n".encode() + nested) is None


def test_the_same_report_has_the_same_key_and_another_one_another():
    [first], [again] = told(bounce(TO, "5.1.1")), told(bounce(TO, "5.1.1"))
    [other], [later] = told(bounce(RETURNS.of(43), "5.1.1")), told(bounce(TO, "4.4.1", action="delayed"))

    assert first.key == again.key
    assert len({first.key, other.key, later.key}) == 3


def test_only_what_came_back_to_our_own_return_path_is_believed(now):
    good = bounce(TO, "5.1.1")
    other_account = HOOK_URL + "s"
    forged = TO.replace("+a", "+b") if "+a" in TO else TO

    assert HOOK.verify(incoming(good), now=now)
    assert HOOK.verify(incoming(good.replace(TO.encode(), TO.upper().encode())), now=now)
    assert not HOOK.verify(incoming(good, url=other_account), now=now)
    assert not HOOK.verify(incoming(bounce("bounce@cafe.example", "5.1.1")), now=now)
    assert not HOOK.verify(incoming(bounce("bounce+" + "a" * 29 + "@cafe.example", "5.1.1")), now=now)
    assert forged == TO or not HOOK.verify(incoming(bounce(forged, "5.1.1")), now=now)
    assert not HOOK.verify(incoming(b""), now=now)


def test_a_number_cannot_be_changed_without_the_key():
    for place in range(len("bounce+"), len("bounce+") + 29):
        for other in "a2":
            changed = TO[:place] + other + TO[place + 1 :]
            read = message_id_in(f"<{changed}>".encode(), hook_url=HOOK_URL)
            assert read == (42 if changed == TO else None) or (place == 35 and read == 42)


def test_each_mail_leaves_with_a_return_path_of_its_own():
    settings = {"return_path": "bounce@cafe.example"}
    with PlayedSmtp() as server, gateway_to(server, hook_url=HOOK_URL, **settings) as gateway:
        gateway.send([mail(1), mail(2)])

    senders = [line for line in server.commands if line.upper().startswith("MAIL FROM")]
    for number, line in enumerate(senders, 1):
        assert f"<{RETURNS.of(number)}>" in line
        assert message_id_in(line.encode(), hook_url=HOOK_URL) == number
    assert len(senders) == 2


def test_without_a_return_path_nothing_changes_and_nobody_listens():
    config = {"url": "smtps://mail.example", "from": "hello@cafe.example"}
    with PlayedSmtp(Offer()) as server, gateway_to(server, hook_url=HOOK_URL) as gateway:
        gateway.send([mail(1)])

    assert any("<hello@cafe.example>" in line for line in server.commands)
    assert gateways.open_hook("smtp", config) is None
    assert isinstance(gateways.open_hook("smtp", {**config, "return_path": "bounce@cafe.example"}), SmtpHook)
