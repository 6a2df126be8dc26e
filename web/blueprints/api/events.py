"""Events: what happened, told by others and by ourselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy import Select, select

from domain import clock
from domain.errors import NotFound
from domain.loyalty import events
from domain.loyalty.events import EventRequest
from models.database import db
from models.event import Event
from models.member import Member
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply, canonical
from web.blueprints.api.pages import Page
from web.blueprints.api.references import id_of, member_ref
from web.blueprints.api.shapes import Answer, Body, ExternalId, Id, Instant, MemberReference

bp = Noun("events", "What happened, kept as it was.")

LARGEST_PROPERTIES = 16 * 1024
TYPE = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$"


def _small(properties: dict[str, Any]) -> dict[str, Any]:
    if len(canonical(properties)) > LARGEST_PROPERTIES:
        raise ValueError("Properties are at most 16 KiB together.")
    return properties


class EventPath(Body):
    """Which event."""

    event_id: Id


class EventBody(Body):
    """Something that happened. `type` is from the catalogue, or your own: `custom.*`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "custom.tasting_attended",
                    "member": {"external_id": "m-1"},
                    "occurred_at": "2026-03-04T12:00:00+01:00",
                    "external_id": "tasting-9-m-1",
                    "properties": {"roast": "Sidamo"},
                }
            ]
        }
    )

    type: Annotated[str, Field(max_length=events.LONGEST_TYPE, pattern=TYPE)]
    member: MemberReference | None = None
    occurred_at: Instant
    external_id: ExternalId
    properties: Annotated[dict[str, Any], AfterValidator(_small)] = Field(default={})


class EventFilter(Page):
    """Which events."""

    member: Annotated[str, Field(max_length=255, description="The member's external_id.")] = None  # type: ignore[assignment]
    type: Annotated[str, Field(max_length=events.LONGEST_TYPE)] = None  # type: ignore[assignment]


class EventRecorded(Answer):
    """The event's number."""

    event: int


class EventAnswer(Answer):
    """Something that happened."""

    id: int
    type: str
    member: str | None = Field(description="The member's external_id.")
    occurred_at: datetime
    recorded_at: datetime
    source: str
    external_id: str | None
    properties: dict[str, Any]


class EventKind(Answer):
    """A kind of event that rules may listen to."""

    type: str
    words: str
    properties: dict[str, Any] = Field(description="What its properties look like.")


class Catalogue(Answer):
    """All kinds of events, and no further page."""

    items: list[EventKind]
    next: None


@bp.operation("POST", "/events", scopes=["events:write"], answers={202: EventRecorded})
def create(body: EventBody) -> Reply:
    """Tell about something that happened"""
    return record(body)


@bp.operation("GET", "/events", scopes=["members:read"], answers={200: pages.listing(EventAnswer)})
def index(query: EventFilter) -> Reply:
    """Events, newest first"""
    rows = _with_member()
    if query.member is not None:
        rows = rows.where(Event.member_id == id_of(query.member))
    if query.type is not None:
        rows = rows.where(Event.type == query.type)
    return pages.by_id(rows, Event.id, query, _as_answers)


@bp.operation("GET", "/events/catalogue", answers={200: Catalogue})
def catalogue() -> Reply:
    """Every kind of event there is"""
    kinds = ({"type": each.code, "words": each.words, "properties": each.example} for each in events.CATALOGUE.values())
    return Reply(200, {"items": list(kinds), "next": None})


@bp.operation("GET", "/events/<int:event_id>", scopes=["members:read"], answers={200: EventAnswer})
def show(path: EventPath) -> Reply:
    """One event"""
    row = db.session.execute(_with_member().where(Event.id == path.event_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such event.")
    return Reply(200, _as_answers([row])[0])


def record(body: EventBody) -> Reply:
    """Record the event and let the rules answer; also for a line of a batch."""
    request = EventRequest(
        type=body.type,
        member=member_ref(body.member) if body.member else None,
        occurred_at=body.occurred_at,
        external_id=body.external_id,
        properties=body.properties,
    )
    return Reply(202, events.record(db.session, request, now=clock.now()).answer)


def _with_member() -> Select[tuple[Event, str | None]]:
    return select(Event, Member.external_id).outerjoin(Member, Member.id == Event.member_id)


def _as_answers(rows: Sequence[Any]) -> list[dict[str, Any]]:
    plain = ("id", "type", "source", "external_id", "properties")
    return [
        {name: getattr(event, name) for name in plain}
        | {
            "member": member,
            "occurred_at": event.occurred_at.isoformat(),
            "recorded_at": event.recorded_at.isoformat(),
        }
        for event, member in rows
    ]
