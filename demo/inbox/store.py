"""Caught messages, one file each, newest first."""

import email
import email.policy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

NAME = re.compile(r"\d{8}T\d{12}-(mail\.eml|text\.json)")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Text:
    """A text that arrived on a phone."""

    name: str
    at: datetime
    sender: str
    to: str
    body: str


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail that arrived, parsed."""

    name: str
    at: datetime
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "(no subject)")

    @property
    def sender(self) -> str:
        return str(self.message["From"])

    @property
    def to(self) -> str:
        return str(self.message["To"])

    @property
    def html(self) -> str:
        """The HTML part, or an empty page when there is none."""
        return self._part("html")

    @property
    def text(self) -> str:
        """The plain-text part."""
        return self._part("plain")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header as it came."""
        return [(name, str(value)) for name, value in self.message.items()]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return part.get_content() if part else ""


class Store:
    """A folder of caught messages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep_mail(self, content: bytes) -> None:
        """Keep an e-mail as it came over the wire."""
        self._keep("mail.eml", content)

    def keep_text(self, *, sender: str, to: str, body: str) -> None:
        """Keep a text."""
        self._keep("text.json", json.dumps({"sender": sender, "to": to, "body": body}).encode())

    def mails(self, limit: int = PAGE) -> list[Mail]:
        """The newest e-mails."""
        return [self.mail(path.name) for path in self._newest("mail.eml", limit)]

    def texts(self, limit: int = PAGE) -> list[Text]:
        """The newest texts."""
        return [
            Text(path.name, _at(path.name), **json.loads(path.read_bytes()))
            for path in self._newest("text.json", limit)
        ]

    def mail(self, name: str) -> Mail:
        """The e-mail kept under `name`; `FileNotFoundError` when there is none."""
        if not NAME.fullmatch(name):
            raise FileNotFoundError(name)
        content = (self.folder / name).read_bytes()
        return Mail(name, _at(name), email.message_from_bytes(content, policy=email.policy.default))

    def counts(self) -> tuple[int, int]:
        """How many e-mails and texts were caught so far."""
        return sum(1 for _ in self.folder.glob("*-mail.eml")), sum(1 for _ in self.folder.glob("*-text.json"))

    def _newest(self, kind: str, limit: int) -> Iterator[Path]:
        yield from sorted(self.folder.glob(f"*-{kind}"), reverse=True)[:limit]

    def _keep(self, kind: str, content: bytes) -> None:
        passing = self.folder / f".{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{kind}"
        passing.write_bytes(content)
        passing.rename(self.folder / passing.name.removeprefix("."))


def _at(name: str) -> datetime:
    return datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
