"""A café with a key, and a caller that uses it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from domain.accounts import keys, tenants
from domain.audience import defaults
from tests.databases import Database
from tests.web.api.conformance import assert_promised

API = "/api/v1"


@dataclass
class Cafe:
    """A café and its key for everything."""

    id: int
    slug: str
    key: str


@dataclass
class Caller:
    """Calls the API with one key; every answer is held against our own OpenAPI document."""

    client: FlaskClient
    key: str | None

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {**({"Authorization": f"Bearer {self.key}"} if self.key else {}), **options.pop("headers", {})}
        response = self.client.open(f"{API}{path}", method=method, headers=headers, **options)
        assert_promised(self.client.application, response)
        return response

    def get(self, path: str, **options: Any) -> TestResponse:
        return self("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self("POST", path, **({"json": body} if body is not None else {}), **options)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self("PUT", path, **({"json": body} if body is not None else {}), **options)


def open_cafe(database: Database, slug: str) -> Cafe:
    """A new café as the console makes one."""
    with database.session() as session:
        details = tenants.CafeDetails(slug.title(), slug)
        made = tenants.create(session, details, owner_email=f"{slug}@example.com", now=datetime.now(UTC))
        defaults.open_cafe(session, made.tenant, now=datetime.now(UTC))
        cafe = Cafe(made.tenant.id, slug, made.api_key)
        session.commit()
    return cafe


def new_key(database: Database, cafe: Cafe, *scopes: str) -> str:
    """A key of the café with these scopes only."""
    with database.session() as session:
        token, _row = keys.create(session, tenant_id=cafe.id, scopes=scopes)
        session.commit()
    return token


@pytest.fixture
def cafe(database: Database) -> Cafe:
    return open_cafe(database, "aurora")


@pytest.fixture
def api(app: Flask, cafe: Cafe) -> Caller:
    """The café's own caller."""
    return Caller(app.test_client(), cafe.key)


@pytest.fixture
def stored(database: Database, cafe: Cafe) -> Iterator[Session]:
    """A look into the café's rows."""
    with database.session(cafe.id) as session:
        yield session
