"""Messages: what was said, what was held back, and why."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from domain.delivery import messages
from domain.delivery.messages import Listed
from models.database import db
from models.message import MessageState
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.pages import Page
from web.blueprints.api.shapes import Answer, Body, Id, Instant, read_instant

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
    wanted = messages.Filter(member=query.member, cause=query.cause, state=query.state, since=query.since)
    before = _place(query.cursor) if query.cursor is not None else None
    found = messages.page(db.session, wanted, limit=query.limit + 1, before=before)
    shown = found[: query.limit]
    following = pages.encode(f"{shown[-1].created_at.isoformat()} {shown[-1].id}") if len(found) > len(shown) else None
    return Reply(200, {"items": [_as_answer(each) for each in shown], "next": following})


@bp.operation("GET", "/messages/<int:message_id>", scopes=["messages:read"], answers={200: MessageAnswer})
def show(path: MessagePath) -> Reply:
    """One message"""
    return Reply(200, _as_answer(messages.get(db.session, path.message_id)))


def _place(cursor: str) -> tuple[datetime, int]:
    instant, _, number = pages.decode(cursor).partition(" ")
    try:
        return read_instant(instant), pages.row_id(number)
    except ValueError:
        raise pages.bad_cursor() from None


def _as_answer(message: Listed) -> dict[str, Any]:
    plain = ("id", "channel", "topic", "cause", "occasion", "state", "reason")
    plain += ("provider", "provider_ref", "subject", "body_preview")
    return {
        **{name: getattr(message, name) for name in plain},
        "member": message.external_id,
        "created_at": message.created_at.isoformat(),
        "due_at": message.due_at.isoformat(),
        "sent_at": message.sent_at.isoformat() if message.sent_at else None,
    }
