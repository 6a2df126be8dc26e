"""The wording and the values of a mailing, taken out of the product so that others can send the very same mails."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bench.house import SECRET
from bench.mailing import Mailing
from domain.content.links import LinkSigner
from domain.delivery import contexts
from domain.delivery.outbox import Claimed
from models.template import TemplateVersion

HOST = "https://loyalty.example"
_PLANNED = text("""
    SELECT id, member_id, cause, occasion, channel, topic, template_id, expires_at, timezone, quiet_from, quiet_to,
           hours_of, NULL AS values, attempts, address, due_at FROM messages WHERE state = 'planned' ORDER BY id""")


@dataclass(frozen=True, slots=True)
class Words:
    """A template version and who gets it: address, name, locale, values by dotted name."""

    subject: str
    html: str
    text: str
    recipients: list[tuple[str, str, str, dict[str, Any]]]

    def keep(self, path: Path) -> Path:
        """For a process of its own."""
        path.write_bytes(pickle.dumps(self))
        return path

    @classmethod
    def kept(cls, path: Path) -> "Words":
        """What `keep` wrote."""
        words = pickle.loads(path.read_bytes())  # noqa: S301 (our own file)
        assert isinstance(words, cls)
        return words


def of(mailing: Mailing) -> Words:
    """What the planned messages of a mailing will say."""
    with mailing.database.session(mailing.cafe.id) as session:
        version = session.scalars(select(TemplateVersion).where(TemplateVersion.html.is_not(None))).one()
        recipients = _recipients(session)
        return Words(version.subject or "", version.html or "", version.text, recipients)


def _recipients(session: Session) -> list[tuple[str, str, str, dict[str, Any]]]:
    messages = [Claimed(*row) for row in session.execute(_PLANNED)]
    signer = LinkSigner([SECRET], public_url=HOST)
    loaded = contexts.load(session, messages, contexts.cafe(session), signer)
    return [(each.address, each.name, each.locale, each.values) for each in loaded.values()]
