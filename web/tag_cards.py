"""What a guest's page shows of their tags."""

from dataclasses import dataclass

from domain.audience import tag_holders, tags
from domain.audience.tag_holders import Held
from models.database import db
from models.tag import Tag
from web.tag_words import Bills


@dataclass(frozen=True, slots=True)
class TagCard:
    """The tags a member has with the bills behind them, and those that can be put on."""

    held: list[Held]
    bills: Bills
    free: list[Tag]


def of_member(member_id: int) -> TagCard:
    """The card for one member: three queries and what names the bills."""
    held = tag_holders.of_member(db.session(), member_id)
    has = {each.tag.id for each in held}
    free = [tag for tag in tags.by_hand(db.session()) if tag.id not in has]
    return TagCard(held, tag_holders.bills(db.session(), [each.because for each in held]), free)
