"""Facts of being allowed and able to write: consent for each channel and topic, and addresses that work."""

from functools import partial
from typing import Any

from sqlalchemy import and_, select

from domain.audience import consent
from domain.audience.addresses import BY_PHONE
from domain.audience.facts.fact import Asked, AudienceFact, Said, Value
from domain.audience.facts.statement import Column, Statement
from domain.fact import Type
from models.consent import ConsentState, Suppression
from models.member import Member
from models.message import Channel

REACHED = (Channel.EMAIL, *sorted(BY_PHONE))


def _consent(channel: str, topic: str) -> AudienceFact:
    """Not set for who was never asked."""

    def build(statement: Statement) -> Any:
        states = select(ConsentState.member_id, ConsentState.granted)
        of_both = (ConsentState.channel == channel, ConsentState.topic == topic)
        return states.where(*of_both, *statement.members(ConsentState.member_id))

    def say(statement: Statement, _asked: Asked) -> Said:
        return Value(statement.grouped(("consent", channel, topic), lambda: build(statement)).granted)

    words = f"Consent: {channel}, {topic}"
    return AudienceFact(f"consent.{channel}.{topic}", Type.BOOLEAN, words, True, family="consents", say=say)


def _reachable(channel: Channel) -> AudienceFact:
    say = partial(_is_reachable, channel)
    words = f"Can be reached: {channel}"
    return AudienceFact(
        f"reachable.{channel}", Type.BOOLEAN, words, True, is_always_set=True, family="consents", say=say
    )


def _is_reachable(channel: Channel, _statement: Statement, _asked: Asked) -> Said:
    """Whether there is an address that works, whatever was agreed to."""
    address = Member.email_key if channel is Channel.EMAIL else Member.phone
    refused = select(Suppression.address).where(Suppression.channel == channel, Suppression.lifted_at.is_(None))
    works: list[Column] = [address.is_not(None), address.not_in(refused)]
    if channel is Channel.SMS:
        works.append(Member.phone_takes_texts)
    return Value(and_(*works).is_(True))


FACTS: tuple[AudienceFact, ...] = (
    *(_consent(channel, topic) for channel in consent.CHANNELS for topic in consent.TOPICS),
    *map(_reachable, REACHED),
)
