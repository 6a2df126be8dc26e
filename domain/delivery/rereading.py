"""A message again, after it left: its wording with today's values."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from domain.content import templates
from domain.content.links import LinkSigner
from domain.content.templates import Prepared
from domain.delivery import contexts
from domain.delivery.contexts import Recipient
from domain.delivery.outbox import Claimed
from domain.errors import NotFound
from domain.sentences import say
from models.message import Message


@dataclass(frozen=True, slots=True)
class Reread:
    """The wording of a message, and who reads it."""

    wording: Prepared
    recipient: Recipient

    @property
    def text(self) -> str:
        """Its plain words."""
        return self.wording.text.render(self.recipient.values, locale=self.recipient.locale)

    @property
    def html(self) -> str:
        """Its page. Raises `NotFound` for what is no mail."""
        if self.wording.html is None:
            raise NotFound(say("There is no such mail."))
        return self.wording.html.render(self.recipient.values, locale=self.recipient.locale)


def read(session: Session, message: Message, signer: LinkSigner) -> Reread:
    """A message again, with working links. Raises `NotFound` for one without words or a member."""
    if message.template_id is None or message.member_id is None:
        raise NotFound(say("There is no such message."))
    version = templates.current(session, templates.get(session, message.template_id))
    wording = templates.prepared(version)
    told: dict[str, Any] = {name: getattr(message, name, None) for name in Claimed.__dataclass_fields__}
    here = contexts.cafe(session)
    recipient = contexts.load(session, [Claimed(**told)], here, signer, wording.names).get(message.id)
    if recipient is None:
        raise NotFound(say("There is no such message."))
    return Reread(wording, recipient)
