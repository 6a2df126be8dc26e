"""Keys to the API: shown once, kept as hashes, good for what their scopes say."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.accounts.secrets import fingerprint, new_token
from domain.errors import NotFound, Unacceptable
from domain.sentences import say
from models.key import ApiKey

ALL = "*"
SCOPES = (
    "members:read",
    "members:write",
    "events:write",
    "messages:read",
    "loyalty:write",
    "content:write",
    "outreach:write",
)
PREFIX = "rg_"


def create(session: Session, *, tenant_id: int, scopes: Sequence[str], name: str = "") -> tuple[str, ApiKey]:
    """A new key: its token, shown once, and its row. Raises `Unacceptable` for a scope that does not exist."""
    wanted = list(dict.fromkeys(scopes))
    unknown = [scope for scope in wanted if scope not in (*SCOPES, ALL)]
    if unknown or not wanted:
        raise Unacceptable.at("scopes", say("Choose from %(names)s or %(all)s.", names=", ".join(SCOPES), all=ALL))
    token = new_token(PREFIX)
    row = ApiKey(tenant_id=tenant_id, token_hash=fingerprint(token), hint=token[-4:], name=name, scopes=wanted)
    session.add(row)
    session.flush()
    return token, row


def find(session: Session, token: str) -> ApiKey | None:
    """The key that a token opens, unless it was revoked."""
    return session.scalar(select(ApiKey).where(ApiKey.token_hash == fingerprint(token), ApiKey.revoked_at.is_(None)))


def allows(key: ApiKey, scope: str) -> bool:
    """Whether the key may do what `scope` stands for."""
    return ALL in key.scopes or scope in key.scopes


def of_tenant(session: Session, tenant_id: int) -> list[ApiKey]:
    """The café's keys that still open something, newest first."""
    living = select(ApiKey).where(ApiKey.tenant_id == tenant_id, ApiKey.revoked_at.is_(None))
    return list(session.scalars(living.order_by(ApiKey.id.desc())))


def revoke(session: Session, *, tenant_id: int, key_id: int, now: datetime) -> None:
    """The key opens nothing any more. Raises `NotFound` for a key that is not the café's."""
    key = session.scalar(select(ApiKey).where(ApiKey.tenant_id == tenant_id, ApiKey.id == key_id))
    if key is None:
        raise NotFound(say("There is no such key."))
    key.revoked_at = key.revoked_at or now
    session.flush()
