"""What a call says when the guest has picked up."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.content.links import LinkSigner
from domain.delivery import rereading
from domain.errors import NotFound
from models.message import Channel, Message

MAY_SPEAK = ("attempting", "unsure", "sent", "delivered")


def words(session: Session, gateway_id: int, message_id: int, *, signer: LinkSigner) -> str:
    """The words of a call that this gateway is making; "" when there is none, or it was called off."""
    message = session.scalar(
        select(Message).where(
            Message.id == message_id,
            Message.gateway_id == gateway_id,
            Message.channel == Channel.VOICE,
            Message.state.in_(MAY_SPEAK),
        )
    )
    if message is None:
        return ""
    if message.values:
        return str(message.values.get("text", ""))  # a test carries its own words
    try:
        return rereading.read(session, message, signer).text
    except NotFound:
        return ""
