"""Domains that mail comes from: keys, records, what DNS says, and mails signed only when receivers can check."""

import dkim
import pytest

from domain.accounts import vault
from domain.delivery import sender_domains
from domain.delivery.sender_domains import Answers, Finding
from domain.errors import Conflict, NotFound, Unacceptable


@pytest.fixture(autouse=True)
def keys():
    vault.unlock(["a key for the tests of this room, long enough"])


@pytest.fixture
def row(session, now):
    return sender_domains.add(session, "Cafe-Aurora.AT", now=now)


def record(row):
    return sender_domains.records(row)[0].value


def test_a_domain_gets_a_key_and_the_records_to_publish(row):
    dkim_record, spf, dmarc = sender_domains.records(row, mail_host="mail.example.com")

    assert row.domain == "cafe-aurora.at"
    assert dkim_record.name == "regulars._domainkey.cafe-aurora.at"
    assert dkim_record.value == f"v=DKIM1; k=rsa; p={row.public_key}"
    assert (spf.name, spf.value) == ("cafe-aurora.at", "v=spf1 a:mail.example.com ~all")
    assert (dmarc.name, dmarc.value) == ("_dmarc.cafe-aurora.at", "v=DMARC1; p=none")


def test_the_private_key_is_sealed(row):
    assert b"PRIVATE" not in row.private_key


@pytest.mark.parametrize(
    "typed", ["", "   ", "no domain", "a", "-x.at", "x..at", "http://cafe.at", "cafe.at/x", "é" * 300]
)
def test_what_is_no_domain_is_refused_beside_the_field(session, now, typed):
    with pytest.raises(Unacceptable) as refused:
        sender_domains.add(session, typed, now=now)
    assert refused.value.errors[0].path == "domain"


def test_an_address_stands_for_its_domain_and_umlauts_are_spelled_for_machines(session, now):
    assert sender_domains.add(session, " hello@café-aurora.at ", now=now).domain == "xn--caf-aurora-d7a.at"


def test_the_same_domain_twice_is_a_conflict(session, row, now):
    with pytest.raises(Conflict):
        sender_domains.add(session, "cafe-aurora.at", now=now)


def test_nothing_is_signed_before_the_key_is_published(session, row, now):
    assert sender_domains.signer_for(session, "hello@cafe-aurora.at") is None
    sender_domains.note(session, row, Answers(spf=(), dkim=(), dmarc=()), now=now)
    assert row.findings == {"dkim": "missing", "spf": "missing", "dmarc": "missing"}
    assert sender_domains.signer_for(session, "hello@cafe-aurora.at") is None


def test_a_published_key_signs_what_receivers_can_check(session, row, now):
    sender_domains.note(session, row, Answers(["v=spf1 mx ~all"], [record(row)], ["v=DMARC1; p=none"]), now=now)
    mail = b"From: hello@cafe-aurora.at\r\nTo: n@example.com\r\nSubject: x\r\n\r\nHello\r\n"

    signed = sender_domains.signer_for(session, "Hello@Cafe-Aurora.at").sign(mail, now=now)

    assert set(row.findings.values()) == {"good"}
    assert dkim.verify(signed, dnsfunc=lambda name, timeout=5: record(row).encode())


def test_a_key_that_went_away_signs_no_more_but_a_silent_name_server_changes_nothing(session, row, now):
    sender_domains.note(session, row, Answers((), [record(row)], ()), now=now)
    sender_domains.note(session, row, Answers(None, None, None), now=now)
    assert sender_domains.signer_for(session, "hello@cafe-aurora.at") is not None
    assert set(row.findings.values()) == {Finding.UNKNOWN.value}
    sender_domains.note(session, row, Answers((), ["v=DKIM1; k=rsa; p=other"], ()), now=now)
    assert row.findings["dkim"] == "other"
    assert sender_domains.signer_for(session, "hello@cafe-aurora.at") is None


def test_two_records_of_one_kind_are_as_bad_as_a_wrong_one(session, row, now):
    sender_domains.note(session, row, Answers(["v=spf1 mx ~all", "v=spf1 ~all", "google-x"], (), ()), now=now)
    assert row.findings["spf"] == "other"


def test_a_domain_that_was_removed_is_gone(session, row):
    sender_domains.remove(session, row.id)
    with pytest.raises(NotFound):
        sender_domains.get(session, row.id)
