"""A café's connections to business systems: set up, opened, stopped."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors.square import SOURCE as SQUARE
from connectors.square import Square
from connectors.square_client import BASE_URL, SquareClient
from domain.accounts import hook_tokens, vault
from domain.errors import FieldError, Unacceptable
from domain.sentences import say
from models.connector import ConnectorAccount, InboundHook

OpenHttp = Callable[[str], httpx.Client]
"""Builds the client for one `host:port`, within the rules for outbound requests."""

_PORTS = {"http": 80, "https": 443}


class SquareSettings(BaseModel):
    """What a café's account at Square needs. `url` is only given for a sandbox."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    access_token: str = Field(min_length=1, max_length=1024, pattern=r"^[\x21-\x7e]+$")
    signature_key: str = Field(min_length=1, max_length=1024)
    url: str = Field(BASE_URL, pattern=r"^https?://[^/?#@\s]+/?$")

    @property
    def host(self) -> str:
        """`host:port` this connector talks to."""
        address = urlsplit(self.url)
        return f"{address.hostname}:{address.port or _PORTS[address.scheme]}"


SYSTEMS = {SQUARE: SquareSettings}


def add(
    session: Session, *, tenant_id: int, system: str, values: Mapping[str, str], now: datetime
) -> tuple[ConnectorAccount, str]:
    """Connect a café to a system: the account, and the token of its hook, shown once.

    Raises `Unacceptable` for a system we do not know and for settings that are missing, unknown or wrong.
    """
    settings = _checked(system, values)
    account = ConnectorAccount(system=system, credentials=vault.encrypt(settings.model_dump()), created_at=now)
    session.add(account)
    session.flush()
    token = hook_tokens.issue(
        session, tenant_id=tenant_id, provider=system, target_kind=hook_tokens.CONNECTOR, target_id=account.id
    )
    return account, token


def all_of(session: Session) -> list[ConnectorAccount]:
    """The bound café's connectors, oldest first."""
    return list(session.scalars(select(ConnectorAccount).order_by(ConnectorAccount.id)))


def reconnect(session: Session, account: ConnectorAccount, values: Mapping[str, str]) -> None:
    """Give an account new settings and put it back into service. Raises `Unacceptable`; what is absent stays."""
    settings = _checked(account.system, {**settings_of(account).model_dump(), **values})
    account.credentials = vault.encrypt(settings.model_dump())
    account.stopped_at = account.stopped_because = None
    session.flush()


def find(session: Session, connector_id: int) -> ConnectorAccount | None:
    """The bound café's connector."""
    return session.scalar(select(ConnectorAccount).where(ConnectorAccount.id == connector_id))


def settings_of(account: ConnectorAccount) -> SquareSettings:
    """What the account was connected with."""
    return SYSTEMS[account.system].model_validate(vault.decrypt(account.credentials))


def open_square(settings: SquareSettings, open_http: OpenHttp) -> Square:
    """The connector, ready to be asked; close it after use."""
    client = SquareClient(open_http(settings.host), access_token=settings.access_token, url=settings.url)
    return Square(client)


def read_until(account: ConnectorAccount) -> datetime:
    """How far the catch-up poll has read; a new connection begins with itself, the past is imported by file."""
    position = account.position.get("until")
    return datetime.fromisoformat(position) if position else account.created_at


def note_read(session: Session, connector_id: int, *, until: datetime) -> None:
    """Everything up to here has been found."""
    position = {"until": until.isoformat()}
    session.execute(update(ConnectorAccount).where(ConnectorAccount.id == connector_id).values(position=position))


def stop(session: Session, connector_id: int, *, because: str, now: datetime) -> None:
    """Ask a system no more that does not let us in; what waits is parked for when the owner connects it again."""
    session.execute(
        update(ConnectorAccount)
        .where(ConnectorAccount.id == connector_id, ConnectorAccount.stopped_at.is_(None))
        .values(stopped_at=now, stopped_because=because)
    )
    session.execute(
        update(InboundHook)
        .where(InboundHook.connector_id == connector_id, InboundHook.state == "new")
        .values(state="parked", detail=because)
    )


def _checked(system: str, values: Mapping[str, str]) -> SquareSettings:
    if system not in SYSTEMS:
        raise Unacceptable.at(
            "system", say("This system is not known. Use one of: %(systems)s.", systems=", ".join(SYSTEMS))
        )
    try:
        return SYSTEMS[system].model_validate(dict(values))
    except ValidationError as error:
        errors = [FieldError(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        words = "; ".join(f"{each.path}: {each.message}" for each in errors)
        raise Unacceptable(
            say("These settings do not fit %(system)s: %(words)s.", system=system, words=words), errors
        ) from None
