"""Messages as people look at them: newest first, filtered, each with whom and what it was about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from domain.errors import NotFound
from domain.sentences import say
from models.event import Event
from models.member import Member
from models.message import Message
from models.reward import Reward

OPENED, CLICKED = "message.opened", "message.clicked"
MOST_READINGS = 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A message with its member and the name of what spoke; `member_id` None: a test to the owner."""

    id: int
    member_id: int | None
    external_id: str | None
    first_name: str | None
    last_name: str | None
    channel: str
    topic: str
    cause: str
    cause_name: str | None
    occasion: str
    state: str
    reason: str | None
    detail: str | None
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    address: str | None
    provider: str | None
    provider_ref: str | None
    subject: str | None
    body_preview: str | None
    started_at: datetime | None
    settled_at: datetime | None
    expires_at: datetime | None
    gateway_id: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A message was opened or a link in it followed; `facts` hold `machine` and, for a click, `url`."""

    type: str
    at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages: None means any. `member` is an external id, `since` looks at when it was planned, `states` are
    several that count as one."""

    member: str | None = None
    cause: str | None = None
    state: str | None = None
    reason: str | None = None
    channel: str | None = None
    since: datetime | None = None
    states: tuple[str, ...] | None = None


ANY = Filter()


def newest(session: Session, *, limit: int) -> list[Listed]:
    """The newest messages."""
    return page(session, ANY, limit=limit)


def page(session: Session, wanted: Filter, *, limit: int, before: tuple[datetime, int] | None = None) -> list[Listed]:
    """A page of messages, newest first, older than the (created_at, id) of the last one seen."""
    query = _listed().order_by(Message.created_at.desc(), Message.id.desc()).limit(limit)
    query = _filtered(query, wanted)
    if before is not None:
        query = query.where(tuple_(Message.created_at, Message.id) < before)
    return [Listed(*row) for row in session.execute(query)]


def get(session: Session, message_id: int) -> Listed:
    """One message. Raises `NotFound`."""
    row = session.execute(_listed().where(Message.id == message_id)).one_or_none()
    if row is None:
        raise NotFound(say("There is no such message."))
    return Listed(*row)


def readings(session: Session, message: Listed) -> list[Reading]:
    """That it was opened and clicked, oldest first, as far as it is counted; at most `MOST_READINGS`."""
    if message.member_id is None:
        return []
    query = (
        select(Event.type, Event.occurred_at, Event.properties)
        .where(
            Event.member_id == message.member_id,
            Event.type.in_((OPENED, CLICKED)),
            Event.properties["message"].as_integer() == message.id,
            Event.occurred_at >= message.created_at,
        )
        .order_by(Event.occurred_at, Event.id)
        .limit(MOST_READINGS)
    )
    return [Reading(*row) for row in session.execute(query)]


def counts(session: Session, wanted: Filter = ANY) -> dict[str, int]:
    """How many messages stand in each state."""
    query = _filtered(select(Message.state, func.count()).group_by(Message.state), wanted)
    return dict(session.execute(query).all())


def _listed() -> Select:
    columns = (
        Message.id,
        Message.member_id,
        Member.external_id,
        Member.first_name,
        Member.last_name,
        Message.channel,
        Message.topic,
        Message.cause,
        Reward.name,
        Message.occasion,
        Message.state,
        Message.reason,
        Message.detail,
        Message.created_at,
        Message.due_at,
        Message.sent_at,
        Message.attempts,
        Message.address,
        Message.provider,
        Message.provider_ref,
        Message.subject,
        Message.body_preview,
        Message.started_at,
        Message.settled_at,
        Message.expires_at,
        Message.gateway_id,
    )
    member = and_(Member.tenant_id == Message.tenant_id, Member.id == Message.member_id)
    spoke = and_(Reward.tenant_id == Message.tenant_id, Message.cause == func.concat("reward:", Reward.id))
    return select(*columns).outerjoin(Member, member).outerjoin(Reward, spoke)


def _filtered(query: Select, wanted: Filter) -> Select:
    pairs = (
        (Message.cause, wanted.cause),
        (Message.state, wanted.state),
        (Message.reason, wanted.reason),
        (Message.channel, wanted.channel),
    )
    query = query.where(*(column == value for column, value in pairs if value is not None))
    if wanted.states is not None:
        query = query.where(Message.state.in_(wanted.states))
    if wanted.since is not None:
        query = query.where(Message.created_at >= wanted.since)
    if wanted.member is not None:
        theirs = select(Member.id).where(Member.external_id == wanted.member)
        query = query.where(Message.member_id.in_(theirs))
    return query
