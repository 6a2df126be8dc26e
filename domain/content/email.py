"""A finished e-mail from its parts, fast: what all recipients share is built and checked once, the rest is spliced in.

Every header passes `header_text` or `mailbox`, which allow no control characters and encode by RFC 2047; the shared
ones are read back by `email` with a strict policy, tests hold whole messages against its parser.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from domain.content.quoted import QuotedPrintable, encode_body
from domain.errors import Unacceptable
from domain.sentences import Sentence, say

_STRICT = SMTP.clone(raise_on_defect=True)
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")  # printable ASCII, single spaces
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,120}>")
_URL = re.compile(r"https?://[!-;=?-~]{1,800}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SPACES = re.compile(" {2,}")
_LINE = 76
_WORD = 45  # octets in one encoded word: 60 characters of base64, 72 with its frame


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above one recipient's mail. `unsubscribe_url` adds the one-click pair of headers."""

    to: str
    subject: str
    message_id: str
    now: datetime
    to_name: str = ""
    unsubscribe_url: str | None = None


class EmailSkeleton:
    """The mail that all recipients of one version share. Build it once per (template version, sender, café)."""

    def __init__(self, *, sender: str, sender_name: str = "", reply_to: str | None = None) -> None:
        """Raises `Unacceptable` for an address or a name that cannot stand in a header."""
        self._boundary = "=_" + sha256(f"{sender}\n{sender_name}\n{reply_to}".encode()).hexdigest()[:32]
        self._head = _shared_headers(sender, sender_name, reply_to)
        part = "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        self._start = (
            f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{self._boundary}"\r\n\r\n'
            f"--{self._boundary}\r\n{part % 'plain'}"
        ).encode()
        self._middle = f"\r\n--{self._boundary}\r\n{part % 'html'}".encode()
        self._end = f"\r\n--{self._boundary}--\r\n".encode()

    def splice(self, heading: Heading, *, html: str | QuotedPrintable, text: str | QuotedPrintable) -> bytes:
        """The whole message for one recipient, as RFC 5322 bytes with CRLF.

        Bodies as text, or encoded already (`Compiled.render_quoted`). Raises `Unacceptable` if a value cannot stand in
        its header.
        """
        to, subject = mailbox(heading.to, heading.to_name), header_text(heading.subject, "Subject: ")
        message_id = _matching(_MESSAGE_ID, heading.message_id, say("message id"))
        headers = f"To: {to}\r\nSubject: {subject}\r\nMessage-ID: {message_id}\r\nDate: {_date(heading.now)}\r\n"
        if heading.unsubscribe_url is not None:
            url = _matching(_URL, heading.unsubscribe_url, say("unsubscribe address"))
            headers += f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        return b"".join(
            (self._head, headers.encode("ascii"), self._start, _body(text), self._middle, _body(html), self._end)
        )


def header_text(value: str, before: str = "") -> str:
    """A value for a header, encoded and folded as needed; `before` is what stands on its first line already."""
    _refuse_controls(value)
    if _PLAIN.fullmatch(value) and len(before) + len(value) <= _LINE and "=?" not in value:
        return value
    return "\r\n ".join(_encoded_words(value.strip())) if value.strip() else ""


def mailbox(address: str, name: str = "") -> str:
    """`Name <address>` for a header. The address is plain ASCII, its domain in punycode already."""
    spec = _matching(_ADDRESS, address, say("e-mail address"))
    _refuse_controls(name)
    name = _SPACES.sub(" ", name.strip())
    if not name:
        return spec
    if _ATOMS.fullmatch(name) and len(name) < 60 and "=?" not in name:
        return f"{name} <{spec}>"
    if _PLAIN.fullmatch(name) and len(name) < 60 and "=?" not in name:
        quoted = name.replace("\\", r"\\").replace('"', r"\"")
        return f'"{quoted}" <{spec}>'
    return f"{header_text(name, ' ' * _LINE)}\r\n <{spec}>"


def _shared_headers(sender: str, sender_name: str, reply_to: str | None) -> bytes:
    head = f"From: {mailbox(sender, sender_name)}\r\n"
    if reply_to is not None:
        head += f"Reply-To: {mailbox(reply_to)}\r\n"
    head += "Auto-Submitted: auto-generated\r\n"
    _check(head.encode("ascii"), sender, reply_to)
    return head.encode("ascii")


def _check(head: bytes, sender: str, reply_to: str | None) -> None:
    """Hold the shared headers against the strict parser: each says one address, and the one meant."""
    read = message_from_bytes(head + b"\r\n", policy=_STRICT)
    for header, meant in (("From", sender), ("Reply-To", reply_to)):
        if meant is not None and [each.addr_spec for each in read[header].addresses] != [meant]:
            raise Unacceptable(say("“%(meant)s” cannot be the sender of an e-mail.", meant=meant))


def _refuse_controls(value: str) -> None:
    if _CONTROL.search(value):
        raise Unacceptable(say("A line break or a control character cannot stand in a header."))


def _encoded_words(value: str) -> list[str]:
    """RFC 2047 words of at most 75 characters; no character is cut in two."""
    chunks, chunk = [], b""
    for character in value:
        octets = character.encode("utf-8")
        if len(chunk) + len(octets) > _WORD:
            chunks.append(chunk)
            chunk = b""
        chunk += octets
    return [f"=?utf-8?b?{b64encode(each).decode()}?=" for each in (*chunks, chunk)]


def _matching(pattern: re.Pattern[str], value: str, what: Sentence) -> str:
    if not pattern.fullmatch(value):
        raise Unacceptable(say("This is no %(what)s.", what=what))
    return value


@lru_cache(maxsize=64)
def _date_of(second: datetime) -> str:
    return format_datetime(second)


def _date(now: datetime) -> str:
    return _date_of(now.replace(microsecond=0))


def _body(body: str | QuotedPrintable) -> bytes:
    return body if isinstance(body, QuotedPrintable) else encode_body(body)
