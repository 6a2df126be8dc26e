"""Facts of messages: what reached members, and what they opened and clicked."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import and_, func, or_, select

from domain.audience.facts import events, free, operators
from domain.audience.facts.fact import Asked, AudienceFact, Said, Value
from domain.audience.facts.statement import Column, Query, Statement
from domain.fact import Fact, Type
from models.event import Event
from models.message import Channel, Message, MessageState, Reason, Topic

FIELDS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("channel", Type.TEXT, "Channel", "email", tuple(Channel)),
        Fact("topic", Type.TEXT, "Topic", "promotional", tuple(Topic)),
        Fact("cause", Type.TEXT, "What spoke: a reward, campaign or automation", "campaign:3"),
    )
}
ARRIVED = (MessageState.SENT, MessageState.DELIVERED)
RETURNED = (MessageState.FAILED, MessageState.BOUNCED)
NOWHERE_TO = (Reason.NO_ADDRESS, Reason.INVALID_ADDRESS, Reason.SUPPRESSED)

_fact = partial(AudienceFact, is_windowed=True, family="messages")


def _received(statement: Statement, asked: Asked) -> Any:
    at = func.coalesce(Message.sent_at, Message.settled_at)

    def build() -> Query:
        return _messages(statement, asked, at).where(Message.state.in_(ARRIVED))

    return statement.grouped(("received", asked.key), build)


def _received_count(statement: Statement, asked: Asked) -> Said:
    return Value(_received(statement, asked).count, absent=0)


def _received_last(statement: Statement, asked: Asked) -> Said:
    return Value(_received(statement, asked).last_at)


def _not_reached(statement: Statement, asked: Asked) -> Said:
    """Messages that came back, and those that had no address to go to."""

    def build() -> Query:
        nowhere = and_(Message.state == MessageState.SKIPPED, Message.reason.in_(NOWHERE_TO))
        return _messages(statement, asked, Message.created_at).where(or_(Message.state.in_(RETURNED), nowhere))

    return Value(statement.grouped(("not reached", asked.key), build).count, absent=0)


def _messages(statement: Statement, asked: Asked, at: Column) -> Query:
    query = select(Message.member_id, func.count().label("count"), func.max(at).label("last_at"))
    query = query.where(Message.member_id.is_not(None), *statement.members(Message.member_id))
    if asked.window_days is not None:
        query = query.where(at >= statement.scope.start(asked.window_days))
    asks = (
        operators.column_predicate(FIELDS[leaf["fact"]], getattr(Message, leaf["fact"]), leaf, statement.scope)
        for leaf in asked.where
    )
    return query.where(*asks).group_by(Message.member_id)


def _read(kind: str) -> Any:
    """How many messages, not how many times; what a machine fetched or followed does not count."""

    def build(statement: Statement, asked: Asked) -> Query:
        message = free.element(Event.properties, "message")
        by_people = free.compared(free.element(Event.properties, "machine"), "eq", value=True).is_not(True)
        return events.happened(statement, asked, kind, message).where(by_people)

    def say(statement: Statement, asked: Asked) -> Said:
        return Value(statement.grouped(("messages", kind, asked.key), lambda: build(statement, asked)).count, absent=0)

    return say


FACTS: tuple[AudienceFact, ...] = (
    _fact("messages.received", Type.NUMBER, "Messages received", 1, is_always_set=True, fields=FIELDS,
         say=_received_count),
    _fact("messages.last_at", Type.INSTANT, "Last message received", "2026-05-04T08:30:00+02:00", fields=FIELDS,
         say=_received_last),
    _fact("messages.opened", Type.NUMBER, "Messages opened", 1, is_always_set=True, fields=FIELDS,
         say=_read("message.opened")),
    _fact("messages.clicked", Type.NUMBER, "Messages clicked", 1, is_always_set=True, fields=FIELDS,
         say=_read("message.clicked")),
    _fact("messages.not_reached", Type.NUMBER, "Messages that did not arrive", 1, is_always_set=True, fields=FIELDS,
         say=_not_reached),
)  # fmt: skip
