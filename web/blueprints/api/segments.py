"""Segments: saved questions about members, and who they find."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from flask import g
from pydantic import ConfigDict, Field

from domain import clock
from domain.audience import presets, segments
from domain.audience.segments import Inside
from models.database import db
from models.member import Member
from models.segment import Segment
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.pages import Page
from web.blueprints.api.shapes import Answer, Body, Id, Name

bp = Noun("segments", "Saved questions about members, and who they find.")

NUMBERS = {
    "type": "object",
    "properties": {
        "days": {"type": "integer", "minimum": 1, "maximum": presets.LONGEST},
        "purchases": {"type": "integer", "minimum": 1, "maximum": presets.MOST_PURCHASES},
        "percent": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
    },
    "additionalProperties": False,
}
TREE = {"fact": "purchases.count", "op": "gte", "value": 3, "window_days": 30}
Preset = Literal["new", "top", "defecting"]
Numbers = Annotated[
    dict[str, Any],
    Field(
        description="new: `days`; top: `purchases`, `percent`, `days`; defecting: `days`. Absent = the usual ones.",
        json_schema_extra=NUMBERS,
    ),
]
Definition = Annotated[
    dict[str, Any], Field(description="A condition tree over the facts of `/facts`.", examples=[{"all": [TREE]}])
]


class SegmentPath(Body):
    """Which segment."""

    segment_id: Id


class Question(Body):
    """Whom to find: a `preset` with its numbers, or a `definition` of one's own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"preset": "new", "parameters": {"days": 14}}]})

    preset: Preset = None  # type: ignore[assignment]
    parameters: Numbers = None  # type: ignore[assignment]
    definition: Definition = None  # type: ignore[assignment]


class SegmentChange(Question):
    """What to change; absent = unchanged, also among the numbers. Members follow at once."""

    name: Name = None  # type: ignore[assignment]


class SegmentBody(SegmentChange):
    """A new segment: a `preset` with its numbers, or a `definition` of one's own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Regulars", "definition": {"all": [TREE]}}]})

    name: Name


class SegmentAnswer(Answer):
    """A saved question, and how many members it finds."""

    id: int
    name: str
    preset: Preset | None
    parameters: dict[str, Any] | None = Field(examples=[{"days": 30}])
    definition: dict[str, Any] | None
    size: int = Field(description="How many members are in it.")
    created_at: datetime
    updated_at: datetime


class InsideAnswer(Answer):
    """A member of a segment."""

    external_id: str
    first_name: str | None
    last_name: str | None
    since: datetime | None = Field(description="When they came into it; null in a preview.")


class SegmentPreview(Answer):
    """How many a question finds, and up to three of them."""

    count: int
    sample: list[InsideAnswer]


@bp.operation("GET", "/segments", answers={200: pages.listing(SegmentAnswer)})
def index(query: Page) -> Reply:
    """The segments in use, oldest first"""
    return pages.by_id(segments.listing(), Segment.id, query, _as_answers, newest_first=False)


@bp.operation("POST", "/segments", scopes=["outreach:write"], answers={201: SegmentAnswer})
def create(body: SegmentBody) -> Reply:
    """Add a segment

    Its members are stored when this answers.
    """
    made = segments.create(db.session, g.tenant, body.given(), now=clock.now())
    return Reply(201, _as_answers([made])[0])


@bp.operation("POST", "/segments/preview", scopes=["members:read"], answers={200: SegmentPreview})
def preview(body: Question) -> Reply:
    """Ask a question without saving it"""
    found = segments.preview(db.session, g.tenant, body.given(), now=clock.now())
    return Reply(200, {"count": found.count, "sample": [_inside(each) for each in found.sample]})


@bp.operation("GET", "/segments/<int:segment_id>", answers={200: SegmentAnswer})
def show(path: SegmentPath) -> Reply:
    """One segment"""
    return Reply(200, _as_answers([segments.in_use(db.session, path.segment_id)])[0])


@bp.operation(
    "PATCH", "/segments/<int:segment_id>", scopes=["outreach:write"], answers={200: SegmentAnswer}, refusals=[409]
)
def change(path: SegmentPath, body: SegmentChange) -> Reply:
    """Change a segment"""
    changed = segments.update(db.session, g.tenant, path.segment_id, body.given(), now=clock.now())
    return Reply(200, _as_answers([changed])[0])


@bp.operation("DELETE", "/segments/<int:segment_id>", scopes=["outreach:write"], answers={204: None}, refusals=[409])
def archive(path: SegmentPath) -> Reply:
    """Put a segment away

    409 while something else uses it.
    """
    segments.archive(db.session, path.segment_id, now=clock.now())
    return Reply(204, None)


@bp.operation(
    "GET", "/segments/<int:segment_id>/members", scopes=["members:read"], answers={200: pages.listing(InsideAnswer)}
)
def members(path: SegmentPath, query: Page) -> Reply:
    """Who is in a segment, in the order of enrolment"""
    segment = segments.in_use(db.session, path.segment_id)
    return pages.by_id(segments.members(segment.id), Member.id, query, _as_members, newest_first=False)


def _as_answers(rows: Sequence[Segment]) -> list[dict[str, Any]]:
    plain = ("id", "name", "preset", "parameters", "definition", "size")
    return [
        {name: getattr(row, name) for name in plain}
        | {"created_at": row.created_at.isoformat(), "updated_at": row.updated_at.isoformat()}
        for row in rows
    ]


def _as_members(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [_inside(row[0]) | {"since": row[1].isoformat()} for row in rows]


def _inside(member: Member | Inside) -> dict[str, Any]:
    return {name: getattr(member, name) for name in ("external_id", "first_name", "last_name")} | {"since": None}
