"""The shops that a business system knows, and which of the café's locations each of them is.

A shop is learnt from its sales and from the system's own list. One that is called like a location is taken for it; one
that nobody assigned counts for the café's first location, and the owner sees that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import FieldError, Unacceptable
from models.connector import ConnectorAccount
from models.location import Location

_NAMES, _LOCATIONS = "outlets", "locations"  # in the account's settings: name by shop, location's id by shop


@dataclass(frozen=True, slots=True)
class Outlet:
    """A shop as the system knows it; `location_id` is the location it was assigned to, None while it is to none."""

    id: str
    name: str
    location_id: int | None


def of(account: ConnectorAccount) -> list[Outlet]:
    """The shops that were seen so far, by name."""
    assigned = account.settings.get(_LOCATIONS, {})
    names = account.settings.get(_NAMES, {})
    return sorted((Outlet(key, name, assigned.get(key)) for key, name in names.items()), key=lambda o: (o.name, o.id))


def note(session: Session, connector_id: int, seen: Mapping[str, str]) -> None:
    """Remember shops by id and name, empty where it was not told; one called like a location is assigned to it."""
    if _told(_found(session, connector_id), seen):
        account = _held(session, connector_id)
        names = account.settings.get(_NAMES, {}) | _told(account, seen)
        by_name = {location.name.casefold(): location.id for location in session.scalars(select(Location))}
        matched = {key: by_name[name.casefold()] for key, name in names.items() if name.casefold() in by_name}
        assigned = account.settings.get(_LOCATIONS, {})
        account.settings = account.settings | {_NAMES: names, _LOCATIONS: matched | assigned}
        session.flush()


def assign(session: Session, connector_id: int, wanted: Mapping[str, int | None]) -> None:
    """Say which location each of these shops is, None for none. It counts from the next sale on.

    Raises `Unacceptable` for a shop that was never seen and for a location that is not the café's.
    """
    account = _held(session, connector_id)
    ours = set(session.scalars(select(Location.id)))
    errors = [
        FieldError(key, "This shop is not known.") for key in wanted.keys() - account.settings.get(_NAMES, {}).keys()
    ]
    errors += [
        FieldError(key, "There is no such location.") for key, chosen in wanted.items() if chosen not in {None, *ours}
    ]
    if errors:
        raise Unacceptable("These shops cannot be assigned.", errors)
    account.settings = account.settings | {_LOCATIONS: {**account.settings.get(_LOCATIONS, {}), **wanted}}
    session.flush()


def location_of(session: Session, connector_id: int, outlet: str | None) -> Location | None:
    """Where a sale of this shop counts: at the location it was assigned to, else at the café's first."""
    account = _found(session, connector_id)
    assigned = account.settings.get(_LOCATIONS, {}).get(outlet)
    location = assigned and session.scalar(select(Location).where(Location.id == assigned))
    return location or first(session)


def first(session: Session) -> Location | None:
    """The café's oldest location; None when it has none."""
    return session.scalar(select(Location).order_by(Location.id).limit(1))


def _told(account: ConnectorAccount, seen: Mapping[str, str]) -> dict[str, str]:
    """What of `seen` is new: shops nobody knew, and names."""
    known = account.settings.get(_NAMES, {})
    return {key: name for key, name in seen.items() if key not in known or (name and name != known[key])}


def _found(session: Session, connector_id: int) -> ConnectorAccount:
    return session.scalars(select(ConnectorAccount).where(ConnectorAccount.id == connector_id)).one()


def _held(session: Session, connector_id: int) -> ConnectorAccount:
    """The account, locked: two hooks that bring a new shop each must not overlook each other."""
    query = select(ConnectorAccount).where(ConnectorAccount.id == connector_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()
