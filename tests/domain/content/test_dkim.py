"""DKIM signatures, held against an independent verifier."""

from datetime import UTC, datetime

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content.dkim import DkimSigner, new_key
from domain.content.email import EmailSkeleton, Heading

NOW = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
KEY = new_key()
SIGNER = DkimSigner("cafe.example", "regulars", KEY.private_pem)


def mail(*, subject: str = "Ein Kaffee wartet", text: str = "Grüße", to_name: str = "Nora Novák") -> bytes:
    url = "https://app.example.com/u/token"
    heading = Heading("nora@example.com", subject, "<1.7@cafe.example>", NOW, to_name=to_name, unsubscribe_url=url)
    skeleton = EmailSkeleton(sender="hello@cafe.example", sender_name="Café Aurora")
    return skeleton.splice(heading, html=f"<p>{text}</p>", text=text)


def holds(signed: bytes) -> bool:
    record = f"v=DKIM1; k=rsa; p={KEY.public}".encode()
    return dkim.verify(signed, dnsfunc=lambda name, timeout=5: record if name.startswith(b"regulars._domain") else None)


def test_a_verifier_of_another_make_agrees():
    assert holds(SIGNER.sign(mail(), now=NOW))


@given(
    subject=st.text(st.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=200),
    text=st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=300),
    to_name=st.text(st.characters(blacklist_categories=["C", "Z"]), max_size=80),
)
def test_it_agrees_whatever_the_words(subject, text, to_name):
    assert holds(SIGNER.sign(mail(subject=subject, text=text, to_name=to_name), now=NOW))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"nora@example.com", b"eve@example.com"),
        (b"/u/token", b"/u/other"),
        (b"One-Click", b"Two-Clicks"),
        (b"Ein Kaffee", b"Zwei Kaffee"),
        (b"<p>", b"<b>"),
    ],
)
def test_whatever_is_changed_on_the_way_breaks_it(old, new):
    signed = SIGNER.sign(mail(), now=NOW)
    assert old in signed
    assert not holds(signed.replace(old, new))


@pytest.mark.parametrize("body", [b"", b"x", b"x\r\n\r\n\r\n", b"\r\n"])
def test_empty_lines_at_the_end_do_not_count(body):
    head = b"From: hello@cafe.example\r\nTo: nora@example.com\r\nSubject: x\r\n\r\n"
    assert holds(SIGNER.sign(head + body, now=NOW))


def test_no_line_is_longer_than_a_mail_may_have():
    assert max(map(len, SIGNER.sign(mail(subject="Ein Kaffee " * 30), now=NOW).split(b"\r\n"))) <= 100


def test_a_key_of_another_kind_is_refused():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match="RSA"):
        DkimSigner("cafe.example", "regulars", pem)
