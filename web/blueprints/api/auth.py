"""Who calls: a key opens one café, for what its scopes say, so and so often."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, g, request
from flask_limiter import RateLimitExceeded
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized
from werkzeug.local import LocalProxy

from domain.accounts import audit, keys
from domain.accounts.secrets import fingerprint
from domain.statements import hot, run
from models.database import db
from models.tenancy import current_tenant_id
from models.tenant import Tenant
from web.extensions import caller_address, limiter

# Generous: a café's tills and its nightly load together stay far below.
RATE = "60000 per minute"
REFUSED_RATE = "600 per minute"


# Key and café, and the café bound to the running transaction, in one round trip: this stands before every answer.
_OPEN = hot(
    """
    SELECT k.id, k.scopes, t.id AS tenant_id, t.country, set_config('app.tenant_id', t.id::text, true) AS bound
      FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
     WHERE k.token_hash = :token_hash AND k.revoked_at IS NULL""",
    answers="id scopes tenant_id country bound",
)


@dataclass(frozen=True, slots=True)
class Key:
    """The key that a request came with, and whose it is: the café's id and country."""

    id: int
    scopes: list[str]
    tenant_id: int
    country: str


def enter(scopes: Sequence[str]) -> None:
    """Act for the café of the key until the request ends; `g.api_key` stands, and `g.tenant` is read when asked for.

    401 without a good key, 429 when there were too many requests, 403 when the key has none of the scopes.
    """
    found = _open(_token())
    if found is None:
        _limited(_count_refused)
        raise Unauthorized(www_authenticate=WWWAuthenticate("bearer"))
    g.api_key = found
    g.tenant = LocalProxy(lambda: db.session.get_one(Tenant, found.tenant_id))
    g.tenant_tokens = [*g.get("tenant_tokens", []), current_tenant_id.set(found.tenant_id)]
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


def _open(token: str) -> Key | None:
    if not token or not token.isascii():
        return None
    row = run(db.session, _OPEN, {"token_hash": fingerprint(token)}).one_or_none()
    return Key(*row[:-1]) if row else None


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


@limiter.shared_limit(_rate, scope="api", key_func=lambda: f"{g.api_key.tenant_id}:{g.api_key.id}")
def _count() -> None:
    """One more request of this key."""


def _refused_rate() -> str:
    return current_app.config.get("API_REFUSED_RATE", REFUSED_RATE)


@limiter.shared_limit(_refused_rate, scope="api-refused", key_func=caller_address)
def _count_refused() -> None:
    """One more request without a good key from this address."""
