"""A mail again, as a page: for those whose mail program shows it badly."""

from typing import Any

from sqlalchemy.orm import Session

from domain.content import templates
from domain.content.links import LinkSigner
from domain.delivery import contexts
from domain.delivery.outbox import Claimed
from domain.errors import NotFound
from domain.outreach.previews import names_in
from models.message import Channel, Message


def page(session: Session, message: Message, signer: LinkSigner) -> str:
    """The HTML of a mail with today's values and working links. `NotFound` for what is no mail, or has no words."""
    if message.channel != Channel.EMAIL or message.template_id is None or message.member_id is None:
        raise NotFound("There is no such mail.")
    version = templates.current(session, templates.get(session, message.template_id))
    told: dict[str, Any] = {name: getattr(message, name, None) for name in Claimed.__dataclass_fields__}
    here = contexts.cafe(session)
    wanted = frozenset(names_in(version))
    recipient = contexts.load(session, [Claimed(**told)], here, signer, wanted).get(message.id)
    ready = templates.prepared(version)
    if recipient is None or ready.html is None:
        raise NotFound("There is no such mail.")
    return ready.html.render(recipient.values, locale=recipient.locale)
