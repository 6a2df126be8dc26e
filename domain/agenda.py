"""What is due, across all cafés. Asks functions that tell ids only; the work itself is done inside one café."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """One café's gateway that has messages due in one lane."""

    tenant_id: int
    gateway_id: int
    lane: str


@dataclass(frozen=True, slots=True)
class DueImport:
    """One café's file that waits, whose worker is gone, or whose day is over."""

    tenant_id: int
    import_id: int


@dataclass(frozen=True, slots=True)
class DueListening:
    """One café's gateway whose provider nobody listened to for a while."""

    tenant_id: int
    gateway_id: int


@dataclass(frozen=True, slots=True)
class DuePoll:
    """One café's connector that was not asked for a while."""

    tenant_id: int
    connector_id: int


@dataclass(frozen=True, slots=True)
class DueConsole:
    """One café's console whose time has come."""

    tenant_id: int
    name: str


def deliveries(session: Session, *, now: datetime) -> list[DueDelivery]:
    """Gateways in service with messages due by `now`."""
    rows = session.execute(text("SELECT tenant_id, gateway_id, lane FROM agenda_deliveries(:at)"), {"at": now})
    return [DueDelivery(*row) for row in rows]


def upkeep(session: Session, *, now: datetime) -> list[int]:
    """Cafés with leases that ran out, messages that expired, reports to apply, or points and rewards that turn."""
    return list(session.scalars(text("SELECT tenant_id FROM agenda_upkeep(:at)"), {"at": now}))


def touched(session: Session, *, now: datetime) -> list[int]:
    """Cafés where something happened to members that segments and tags were not asked about."""
    return sorted(session.scalars(text("SELECT tenant_id FROM agenda_touched(:at)"), {"at": now}))


def midnights(session: Session, *, now: datetime) -> list[int]:
    """Cafés where a day began that segments and tags do not stand at yet."""
    return sorted(session.scalars(text("SELECT tenant_id FROM agenda_midnights(:at)"), {"at": now}))


def hooks(session: Session, *, now: datetime) -> list[int]:
    """Cafés with hooks to work through."""
    return list(session.scalars(text("SELECT tenant_id FROM agenda_hooks(:at)"), {"at": now}))


def polls(session: Session, *, now: datetime, every: timedelta) -> list[DuePoll]:
    """Connectors last asked longer than `every` ago."""
    rows = session.execute(text("SELECT tenant_id, connector_id FROM agenda_polls(:before)"), {"before": now - every})
    return [DuePoll(*row) for row in rows]


def listening(session: Session, *, now: datetime, every: timedelta, providers: Sequence[str]) -> list[DueListening]:
    """Accounts with these providers that nobody listens to, and that nobody listened to for longer than `every`."""
    asked = {"before": now - every, "providers": list(providers)}
    rows = session.execute(
        text("SELECT tenant_id, gateway_id FROM agenda_listening(:before, CAST(:providers AS text[]))"), asked
    )
    return [DueListening(*row) for row in rows]


def consoles(session: Session, *, now: datetime) -> list[DueConsole]:
    """Consoles in service with a slot by `now`."""
    rows = session.execute(text("SELECT tenant_id, name FROM agenda_consoles(:at)"), {"at": now})
    return [DueConsole(*row) for row in rows]


def imports(session: Session, *, now: datetime) -> list[DueImport]:
    """Files that wait to be worked on or to be let go of."""
    rows = session.execute(text("SELECT tenant_id, import_id FROM agenda_imports(:at)"), {"at": now})
    return [DueImport(*row) for row in rows]
