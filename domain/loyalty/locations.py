"""The shops of a café."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.errors import Conflict, FieldError, NotFound, Unacceptable
from domain.loyalty import renames
from domain.sentences import say
from models.location import Location

LONGEST = {"name": 120, "address": 300}


def create(
    session: Session, *, name: str, address: str | None = None, timezone: str | None = None, now: datetime
) -> Location:
    """A new shop. `Conflict` when another has this name; no time zone means the café's."""
    values = _acceptable({"name": name, "address": address, "timezone": timezone})
    row = insert(Location).values(**values, created_at=now).on_conflict_do_nothing()
    location = session.scalar(row.returning(Location))
    if location is None:
        raise _taken()
    return location


def update(session: Session, location_id: int, changes: Mapping[str, Any]) -> Location:
    """Change `name`, `address` or `timezone`; what is absent stays. Conditions that name the shop follow."""
    location = get(session, location_id)
    old_name, values = location.name, _acceptable(changes)
    try:
        with session.begin_nested():
            for field, value in values.items():
                setattr(location, field, value)
            session.flush()
    except IntegrityError as error:
        raise _taken() from error
    if location.name != old_name:
        renames.follow(session, "location", old_name, location.name)
    return location


def get(session: Session, location_id: int) -> Location:
    """The shop of this id."""
    location = session.scalar(select(Location).where(Location.id == location_id))
    if location is None:
        raise NotFound(say("There is no such location."))
    return location


def of_cafe(session: Session) -> list[Location]:
    """The café's shops, oldest first."""
    return list(session.scalars(select(Location).order_by(Location.id)))


def _acceptable(values: Mapping[str, Any]) -> dict[str, Any]:
    read = {field: (value.strip() or None) if isinstance(value, str) else value for field, value in values.items()}
    errors = [
        FieldError(field, say("At most %(most)s characters.", most=longest))
        for field, longest in LONGEST.items()
        if len(read.get(field) or "") > longest
    ]
    if "name" in read and not read["name"]:
        errors.append(FieldError("name", say("Every location has a name.")))
    if read.get("timezone") and read["timezone"] not in available_timezones():
        errors.append(FieldError("timezone", say("No such time zone. Write it like Europe/Vienna.")))
    if errors:
        raise Unacceptable(say("This location cannot be saved."), errors)
    return read


def _taken() -> Conflict:
    return Conflict(
        say("Another location has this name."), [FieldError("name", say("Another location has this name."))]
    )
