"""What an operator tells over the bind that listens, however loosely it is written."""

from contextlib import closing

import pytest

import gateways
from domain.delivery.ports import DeliveryReport, InboundText, ReportKind
from gateways.provider import LineLost
from tests.played.smpp import PlayedSmpp, Role

QUIET = 0.3


@pytest.fixture
def centre():
    with PlayedSmpp() as server:
        yield server


def line_to(centre, url=None, **settings):
    config = {"url": url or centre.url, "source_addr": "CAFE", **settings}
    return gateways.open_receiver("smpp", config, trusted_hosts=[centre.host])


def told(centre, **settings):
    """Everything told until it is quiet, each said to be kept."""
    things = []
    with closing(line_to(centre, **settings)) as line:
        while (heard := line.hear(seconds=QUIET)) is not None:
            things += [heard.told]
            line.kept(heard)
    return things


@pytest.mark.parametrize(
    ("stat", "err", "kind", "suppress"),
    [
        ("ENROUTE", "000", ReportKind.SENT, None),
        ("ACCEPTD", "000", ReportKind.SENT, None),
        ("DELIVRD", "000", ReportKind.DELIVERED, None),
        ("EXPIRED", "000", ReportKind.FAILED, None),
        ("UNKNOWN", "000", ReportKind.FAILED, None),
        ("UNDELIV", "034", ReportKind.FAILED, None),
        ("UNDELIV", "001", ReportKind.BOUNCED, "invalid_address"),
        ("UNDELIV", "5", ReportKind.BOUNCED, "invalid_address"),
        ("DELETED", "000", ReportKind.FAILED, None),
        ("REJECTD", "001", ReportKind.FAILED, None),
        ("delivrd", "000", ReportKind.DELIVERED, None),
    ],
)
def test_a_receipt_is_read_in_our_words(centre, stat, err, kind, suppress):
    centre.receipt("00A1b2", stat, err)
    [[report]] = told(centre)

    assert isinstance(report, DeliveryReport)
    assert (report.kind, report.suppress, report.provider_ref) == (kind, suppress, "a1b2")


def test_optional_parameters_say_it_better_than_words(centre):
    centre.receipt("a1", "ENROUTE", state=2)
    [[report]] = told(centre)

    assert (report.kind, report.provider_ref) == (ReportKind.DELIVERED, "a1")


def test_the_same_receipt_has_the_same_key(centre):
    for _ in range(2):
        centre.receipt("a1")
    [[first], [second]] = told(centre)

    assert first.key == second.key


def test_an_id_answered_in_hex_and_reported_in_decimal_is_the_same(centre):
    centre.receipt("161")
    [[report]] = told(centre, id_form="hex", receipt_id_form="decimal")

    assert report.provider_ref == "161"


@pytest.mark.parametrize(
    ("octets", "fields", "words"),
    [
        (b"STOP", {}, "STOP"),
        (b"Gr\x7e\x1e dich \x1be", {}, "Grüß dich €"),
        ("СТОП".encode("utf-16-be"), {"data_coding": 8}, "СТОП"),
        ("Schluß".encode("latin-1"), {"data_coding": 3}, "Schluß"),
        (b"\x05\x00\x03\x07\x02\x02STOP", {"esm_class": 0x40}, "(2/2) STOP"),
        (b"\x06\x08\x04\x00\x07\x02\x01STOP", {"esm_class": 0x40}, "(1/2) STOP"),
        (b"\x00a", {}, "@a"),
        ("a\x00b".encode("utf-16-be"), {"data_coding": 8}, "ab"),
        (b"id:a1 stat:DELIVRD err:000", {}, "id:a1 stat:DELIVRD err:000"),
    ],
)
def test_a_guests_text_is_read_as_it_was_typed(centre, octets, fields, words):
    centre.text("+436641234567", octets, **fields)
    [[text]] = told(centre)

    assert isinstance(text, InboundText)
    assert (text.sender, text.body) == ("+436641234567", words)


def test_the_same_words_twice_are_two_texts(centre):
    for _ in range(2):
        centre.text("+436641234567", b"STOP")
    [[first], [second]] = told(centre)

    assert first.key != second.key


def test_a_phones_own_acknowledgement_says_nothing_and_a_senders_name_nothing_we_know(centre):
    centre.text("+436641234567", b"ok", esm_class=0x08)
    centre.text("Bank", b"Your code is 1234")

    assert told(centre) == [[], None]


def test_what_is_not_said_to_be_kept_is_told_again(centre):
    centre.receipt("a1")
    with closing(line_to(centre)) as line:
        assert line.hear(seconds=5)
    assert centre.untold == 1

    assert len(told(centre)) == 1
    assert centre.untold == 0
    assert centre.stored.binds == [Role.RECEIVER] * 2


@pytest.mark.parametrize(("login", "is_set_up"), [("cafe:wrong", True), ("nobody:secret01", True)])
def test_a_wrong_login_is_the_settings_fault(centre, login, is_set_up):
    with pytest.raises(LineLost) as lost:
        line_to(centre, f"smpp://{login}@{centre.host}")

    assert lost.value.is_set_up is is_set_up


def test_no_bind_left_and_a_line_that_ends_are_nobodys_fault(centre):
    with PlayedSmpp(most_binds=0) as full, pytest.raises(LineLost) as lost:
        line_to(full)
    assert not lost.value.is_set_up
    with closing(line_to(centre)) as line:
        centre.end_sessions()
        with pytest.raises(LineLost):
            line.hear(seconds=5)
