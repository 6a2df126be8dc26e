import email
import re
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.content.email import EmailSkeleton, Heading
from domain.content.quoted import encode_body
from domain.errors import Unacceptable

SKELETON = EmailSkeleton(sender="cafe@aurora.example", sender_name="Café Aurora", reply_to="hello@aurora.example")
NOW = datetime(2026, 5, 4, 9, 30, 15, 500, tzinfo=UTC)

# What members and owners type: no control characters, no line separators.
SAID = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)
LOCAL = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[a-z0-9+_-]{1,20})?", fullmatch=True)
BODY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=500)


def splice(**changes):
    bodies = {"html": "<p>Hi</p>", "text": "Hi"}
    bodies |= {name: changes.pop(name) for name in bodies if name in changes}
    headers = {
        "to": "leonie@example.com",
        "to_name": "Leonie Huber",
        "subject": "You've unlocked a reward!",
        "message_id": "<m1.3@regulars.example>",
        "unsubscribe_url": "https://regulars.example/u/abc",
        "now": NOW,
    }
    return SKELETON.splice(Heading(**(headers | changes)), **bodies)


def parsed(raw):
    return email.message_from_bytes(raw, policy=policy.default)


def name_in(raw, header):
    """The name beside an address. Python's newer parser puts spaces between encoded words of a name, the older not."""
    name, _ = parseaddr(email.message_from_bytes(raw)[header])
    return str(make_header(decode_header(name)))


def body_of(message, kind):
    return message.get_body(preferencelist=(kind,)).get_content().replace("\r\n", "\n")


@given(local=LOCAL, name=SAID, subject=SAID, html=BODY, text=BODY)
def test_what_was_put_in_is_what_a_mail_program_reads(local, name, subject, html, text):
    raw = splice(to=f"{local}@example.com", to_name=name, subject=subject, html=html, text=text)
    message = parsed(raw)

    assert message["Subject"] == subject.strip()
    assert [each.addr_spec for each in message["To"].addresses] == [f"{local}@example.com"]
    assert name_in(raw, "To") == re.sub(" +", " ", name.strip())
    assert body_of(message, "html") == _unix(html)
    assert body_of(message, "plain") == _unix(text)
    assert not [defect for part in message.walk() for defect in part.defects]


def _unix(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(name=SAID, subject=SAID, html=BODY)
def test_every_line_is_short_and_ends_as_it_should(name, subject, html):
    raw = splice(to_name=name, subject=subject, html=html)

    assert raw.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_a_mail_has_a_text_and_an_html_part_and_all_headers_once():
    message = parsed(splice())

    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert sorted(message.keys()) == sorted(set(message.keys()))
    assert message["From"].addresses[0].display_name == "Café Aurora"
    assert message["From"].addresses[0].addr_spec == "cafe@aurora.example"
    assert message["Reply-To"] == "hello@aurora.example"
    assert message["Date"].datetime == NOW.replace(microsecond=0)
    assert message["Message-ID"] == "<m1.3@regulars.example>"
    assert message["MIME-Version"] == "1.0"


def test_one_click_unsubscribe_comes_as_a_pair_of_headers():
    message = parsed(splice())

    assert message["List-Unsubscribe"] == "<https://regulars.example/u/abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe-Post" not in parsed(splice(unsubscribe_url=None))


def test_bodies_that_are_encoded_already_are_taken_as_they_are():
    assert splice(html=encode_body("<p>ü = 1</p>"), text=encode_body("ü")) == splice(html="<p>ü = 1</p>", text="ü")


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hi\r\nBcc: all@example.com"},
        {"subject": "Hi\nthere"},
        {"subject": "Hi\0"},
        {"subject": "Hi\u2028there"},
        {"subject": "Hi \ud800"},
        {"to_name": "Leonie\r\nBcc: all@example.com"},
        {"to_name": "Leonie\x85"},
        {"to": "a@example.com, b@example.com"},
        {"to": "a@example.com>\r\nBcc: b@example.com"},
        {"to": "Leonie <a@example.com>"},
        {"to": "a b@example.com"},
        {"to": '"a b"@example.com'},
        {"to": "ä@example.com"},
        {"to": "a@exämple.com"},
        {"to": "nobody"},
        {"to": ""},
        {"message_id": "no brackets@example.com"},
        {"message_id": "<a@example.com>\r\nX: y"},
        {"unsubscribe_url": "javascript:alert(1)"},
        {"unsubscribe_url": "https://a.example/>\r\nX: y"},
    ],
)
def test_a_value_that_would_leave_its_header_is_refused(change):
    with pytest.raises(Unacceptable):
        splice(**change)


@pytest.mark.parametrize(
    "sender",
    [
        {"sender": "cafe"},
        {"sender": "a@b.example\r\nX: y"},
        {"sender": "a@b.example", "sender_name": "Café\r\nBcc: x@y.example"},
        {"sender": "a@b.example", "reply_to": "x@y.example, z@y.example"},
    ],
)
def test_a_sender_that_would_leave_its_header_is_refused(sender):
    with pytest.raises(Unacceptable):
        EmailSkeleton(**sender)


@pytest.mark.parametrize("name", ["Café „Aurora“", 'Bar "Zum, Hans"', "A" * 200, "=?utf-8?q?x?=", "Ж" * 90])
def test_senders_names_of_all_kinds_arrive(name):
    heading = Heading("l@example.com", "x", "<a@b>", NOW)
    raw = EmailSkeleton(sender="a@b.example", sender_name=name).splice(heading, html="x", text="x")

    assert name_in(raw, "From") == name
