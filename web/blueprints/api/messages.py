"""Messages: what was said, what was held back, and why."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from sqlalchemy import Select, select

from domain.errors import NotFound
from models.database import db
from models.member import Member
from models.message import Message, MessageState
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.pages import Page
from web.blueprints.api.shapes import Answer, Body, Id, Instant

bp = Noun("messages", "What went out, what was held back, and why.")

CAUSE = r"^((reward|campaign|newsletter|automation):\d{1,19}|reminder:[a-z_]{1,40}|test)$"
State = Literal[tuple(state.value for state in MessageState)]  # type: ignore[valid-type]


def _cause(text: str) -> str:
    if not re.fullmatch(CAUSE, text):
        raise ValueError("Write the cause like reward:7, campaign:7, reminder:birthday or test.")
    return text


class MessagePath(Body):
    """Which message."""

    message_id: Id


class MessageFilter(Page):
    """Which messages."""

    member: Annotated[str, Field(max_length=255, description="The member's external_id.")] = None  # type: ignore[assignment]
    cause: Annotated[str, AfterValidator(_cause), Field(json_schema_extra={"pattern": CAUSE})] = None  # type: ignore[assignment]
    state: State = None
    since: Annotated[Instant, Field(description="Created at this instant or later.")] = None  # type: ignore[assignment]


class MessageAnswer(Answer):
    """One thing the café said, or did not say, to a member through one channel."""

    id: int
    member: str | None = Field(description="The member's external_id; null for a test to the owner.")
    channel: str
    topic: str
    cause: str = Field(examples=["reward:7"])
    occasion: str = Field(examples=["reward_event:12"])
    state: State
    reason: str | None = Field(description="Why it was skipped or cancelled.", examples=["no_consent"])
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    provider: str | None
    provider_ref: str | None
    subject: str | None
    body_preview: str | None


@bp.operation("GET", "/messages", scopes=["messages:read"], answers={200: pages.listing(MessageAnswer)})
def index(query: MessageFilter) -> Reply:
    """Messages, newest first"""
    return pages.by_id(_matching(query), Message.id, query, _as_answers)


@bp.operation("GET", "/messages/<int:message_id>", scopes=["messages:read"], answers={200: MessageAnswer})
def show(path: MessagePath) -> Reply:
    """One message"""
    row = db.session.execute(_with_member().where(Message.id == path.message_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such message.")
    return Reply(200, _as_answers([row])[0])


def _with_member() -> Select[tuple[Message, str | None]]:
    return select(Message, Member.external_id).outerjoin(Member, Member.id == Message.member_id)


def _matching(asked: MessageFilter) -> Select[tuple[Message, str | None]]:
    query = _with_member()
    if asked.member is not None:
        query = query.where(Member.external_id == asked.member)
    if asked.cause is not None:
        query = query.where(Message.cause == asked.cause)
    if asked.state is not None:
        query = query.where(Message.state == asked.state)
    return query if asked.since is None else query.where(Message.created_at >= asked.since)


def _as_answers(rows: Sequence[Any]) -> list[dict[str, Any]]:
    plain = ("id", "channel", "topic", "cause", "occasion", "state", "reason")
    plain += ("provider", "provider_ref", "subject", "body_preview")
    return [
        {name: getattr(message, name) for name in plain}
        | {"member": member}
        | {name: _instant(getattr(message, name)) for name in ("created_at", "due_at", "sent_at")}
        for message, member in rows
    ]


def _instant(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
