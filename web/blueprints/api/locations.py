"""Locations: the shops of a café."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from sqlalchemy import select

from domain import clock
from domain.loyalty import locations
from models.database import db
from models.location import Location
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.pages import Page
from web.blueprints.api.shapes import Answer, Body, Id, Line, Name

bp = Noun("locations", "The shops of the café.")


class LocationPath(Body):
    """Which location."""

    location_id: Id


class LocationBody(Body):
    """A new shop; without a time zone it lives in the café's."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Neubau", "address": "Lindengasse 4", "timezone": "Europe/Vienna"}]}
    )

    name: Name
    address: Annotated[str, Field(max_length=300)] | None = None
    timezone: Line | None = Field(None, examples=["Europe/Vienna"])


class LocationAnswer(Answer):
    """A shop."""

    id: int
    name: str
    address: str | None
    timezone: str | None
    created_at: datetime


@bp.operation("GET", "/locations", answers={200: pages.listing(LocationAnswer)})
def index(query: Page) -> Reply:
    """Locations, oldest first"""
    return pages.by_id(select(Location), Location.id, query, _as_answers, newest_first=False)


@bp.operation("POST", "/locations", scopes=["loyalty:write"], answers={201: LocationAnswer})
def create(body: LocationBody) -> Reply:
    """Add a location"""
    made = locations.create(db.session, **body.model_dump(), now=clock.now())
    return Reply(201, _as_answers([made])[0])


@bp.operation("GET", "/locations/<int:location_id>", answers={200: LocationAnswer})
def show(path: LocationPath) -> Reply:
    """One location"""
    return Reply(200, _as_answers([locations.get(db.session, path.location_id)])[0])


def _as_answers(rows: Sequence[Location]) -> list[dict[str, Any]]:
    plain = ("id", "name", "address", "timezone")
    return [{name: getattr(row, name) for name in plain} | {"created_at": row.created_at.isoformat()} for row in rows]
