"""Whose café an address means, and who may see it."""

from typing import Any

import structlog
from flask import Flask, abort, current_app, g, request
from flask_login import current_user

from domain.accounts import tenants
from models.database import db
from models.tenancy import bind, current_tenant_id
from models.tenant import Tenant
from models.user import Membership

CAFE = "/cafes/<slug>"


def init_app(app: Flask) -> None:
    """Read the café from `/cafes/<slug>/…`, put it back into addresses, and let go of it at the end."""
    app.url_value_preprocessor(_enter_from_address)
    app.url_defaults(_put_cafe_into_address)
    app.teardown_request(_leave)


def enter(tenant: Tenant, membership: Membership | None = None) -> None:
    """Act for this café until the request ends, the running transaction included."""
    g.tenant = tenant
    g.membership = membership
    g.tenant_tokens = [*g.get("tenant_tokens", []), current_tenant_id.set(tenant.id)]
    bind(db.session.connection(), tenant.id)
    structlog.contextvars.bind_contextvars(tenant=tenant.id)


def _enter_from_address(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if not values or request.url_rule is None or not request.url_rule.rule.startswith(CAFE):
        return
    slug = values.pop("slug")
    if not current_user.is_authenticated:
        abort(current_app.login_manager.unauthorized())
    found = tenants.of_member(db.session, user_id=current_user.id, slug=slug)
    if found is None:
        abort(404)
    enter(*found)


def _put_cafe_into_address(endpoint: str, values: dict[str, Any]) -> None:
    tenant = g.get("tenant")
    if tenant is not None and current_app.url_map.is_endpoint_expecting(endpoint, "slug"):
        values.setdefault("slug", tenant.slug)


def _leave(_error: BaseException | None) -> None:
    for token in reversed(g.pop("tenant_tokens", [])):
        current_tenant_id.reset(token)
