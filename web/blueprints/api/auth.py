"""Who calls: a key opens one café, for what its scopes say, so and so often."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, g, request
from flask_limiter import RateLimitExceeded
from sqlalchemy import Text, cast, func, select
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from domain.accounts import audit, keys
from domain.accounts.secrets import fingerprint
from models.database import db
from models.key import ApiKey
from models.tenancy import current_tenant_id
from models.tenant import Tenant
from web.extensions import caller_address, limiter

# Generous: a café's tills and its nightly load together stay far below.
RATE = "60000 per minute"
REFUSED_RATE = "600 per minute"


@dataclass(frozen=True, slots=True)
class Key:
    """The key that a request came with."""

    id: int
    scopes: list[str]


def enter(scopes: Sequence[str]) -> None:
    """Act for the café of the key until the request ends; `g.api_key` and `g.tenant` stand.

    401 without a good key, 429 when there were too many requests, 403 when the key has none of the scopes.
    """
    found = _open(_token())
    if found is None:
        _limited(_count_refused)
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    g.api_key, g.tenant = found
    g.tenant_tokens = [*g.get("tenant_tokens", []), current_tenant_id.set(g.tenant.id)]
    _limited(_count)
    demand(scopes)


def demand(scopes: Sequence[str]) -> None:
    """403 unless the key has one of the scopes; no scopes named: every key may."""
    if scopes and not any(keys.allows(g.api_key, scope) for scope in scopes):
        raise Forbidden


def actor() -> str:
    """Who is behind this request, for logs and audit entries."""
    return audit.by_key(g.api_key.id)


def _token() -> str:
    header = request.authorization
    return (header.token or "") if header is not None and header.type == "bearer" else ""


def _open(token: str) -> tuple[Key, Tenant] | None:
    """Key and café, and the café bound to the running transaction, in one round trip."""
    if not token or not token.isascii():
        return None
    bound = func.set_config("app.tenant_id", cast(ApiKey.tenant_id, Text), True)
    query = select(ApiKey.id, ApiKey.scopes, Tenant, bound).join(Tenant, Tenant.id == ApiKey.tenant_id)
    row = db.session.execute(
        query.where(ApiKey.token_hash == fingerprint(token), ApiKey.revoked_at.is_(None))
    ).one_or_none()
    return (Key(row[0], row[1]), row[2]) if row else None


def _limited(count) -> None:
    try:
        count()
    except RateLimitExceeded:
        standing = limiter.current_limit
        raise TooManyRequests(retry_after=_seconds_left(standing.reset_at) if standing else 60) from None


def _seconds_left(reset_at: int) -> int:
    return max(1, reset_at - math.ceil(time.time()))


def _rate() -> str:
    return current_app.config.get("API_RATE", RATE)


@limiter.shared_limit(_rate, scope="api", key_func=lambda: f"{g.tenant.id}:{g.api_key.id}")
def _count() -> None:
    """One more request of this key."""


def _refused_rate() -> str:
    return current_app.config.get("API_REFUSED_RATE", REFUSED_RATE)


@limiter.shared_limit(_refused_rate, scope="api-refused", key_func=caller_address)
def _count_refused() -> None:
    """One more request without a good key from this address."""
