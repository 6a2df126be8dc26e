"""The wording of a mailing and who gets it, taken out of the product so that others can send the very same mails."""

import pickle
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bench.house import SECRET
from bench.mailing import Mailing
from domain.content.links import LinkSigner
from domain.delivery import contexts
from domain.delivery.contexts import Recipient
from domain.delivery.outbox import Claimed
from models.template import TemplateVersion

HOST = "https://loyalty.example"
_PLANNED = text("""
    SELECT id, member_id, cause, occasion, channel, topic, template_id, expires_at, timezone, quiet_from, quiet_to,
           hours_of, NULL AS values, attempts, address, due_at FROM messages WHERE state = 'planned' ORDER BY id""")


@dataclass(frozen=True, slots=True)
class Words:
    """A template version, and the messages that will say it."""

    subject: str
    html: str
    text: str
    messages: list[Claimed]

    def keep(self, path: Path) -> Path:
        """For a process of its own."""
        path.write_bytes(pickle.dumps(self))
        return path

    @classmethod
    def kept(cls, path: Path) -> "Words":
        """What `keep` wrote."""
        words = pickle.loads(path.read_bytes())
        assert isinstance(words, cls)
        return words


class Reader:
    """Finds what fills the gaps of messages, in the café's own database and with the product's own statements."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._here = contexts.cafe(session)
        self._signer = LinkSigner([SECRET], public_url=HOST)

    def recipients(self, messages: list[Claimed], wanted: frozenset[str]) -> dict[int, Recipient]:
        """By message id. `wanted` are the placeholders in use."""
        found = contexts.load(self._session, messages, self._here, self._signer, wanted)
        self._session.rollback()
        return found


def of(mailing: Mailing) -> Words:
    """What the planned messages of a mailing will say."""
    with mailing.database.session(mailing.cafe.id) as session:
        version = session.scalars(select(TemplateVersion).where(TemplateVersion.html.is_not(None))).one()
        messages = [Claimed(*row) for row in session.execute(_PLANNED)]
        return Words(version.subject or "", version.html or "", version.text, messages)
