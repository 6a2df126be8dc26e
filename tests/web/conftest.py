"""What tests of pages ask for: a café with its owner, and browsers that are signed in."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from domain import clock
from domain.accounts import tenants
from domain.audience import defaults
from models.database import db
from tests.databases import Database
from tests.factories import Make
from tests.played.smtp import PlayedSmtp
from web.cli import main

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Cafe:
    """A café as its owner knows it."""

    id: int
    slug: str
    email: str
    password: str
    api_key: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


@pytest.fixture
def console(environment: dict[str, str]) -> Callable[..., Said]:
    """Runs a command on the test's own database and Redis."""

    def run(*arguments: str, **variables: str | None) -> Said:
        ended = CliRunner().invoke(
            main, arguments, env={**environment, **variables}, prog_name="regulars", catch_exceptions=False
        )
        return Said(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def open_cafe(app: Flask) -> Callable[..., Cafe]:
    """Opens a café the way the console does, and commits it."""

    def opened(slug: str = "aurora", *, email: str | None = None, **values: str) -> Cafe:
        address = email or f"owner@{slug}.example"
        with app.app_context():
            details = tenants.CafeDetails(f"Café {slug.title()}", slug, **values)
            new = tenants.create(db.session, details, owner_email=address, now=clock.now())
            defaults.open_cafe(db.session, new.tenant, now=clock.now())
            cafe = Cafe(new.tenant.id, slug, address, new.password or "", new.api_key)
            db.session.commit()
        return cafe

    return opened


@pytest.fixture
def cafe(open_cafe: Callable[..., Cafe]) -> Cafe:
    """Café Aurora."""
    return open_cafe()


@pytest.fixture
def shop(database: Database, cafe: Cafe) -> Iterator[Session]:
    """A session of Café Aurora beside the application's."""
    with database.session(cafe.id) as session:
        yield session


@pytest.fixture
def make_here(shop: Session) -> Make:
    """Builders of rows in `shop`; commit there, so that the application sees them."""
    return Make(shop)


def form_token(client: FlaskClient, path: str = "/sign-in") -> str:
    """The form token that a page of ours hands out."""
    found = TOKEN.search(client.get(path).get_data(as_text=True))
    assert found, f"no form on {path}"
    return found[1]


def sign_in(client: FlaskClient, email: str, password: str, **options: str) -> TestResponse:
    """Fill in the sign-in form."""
    form = {"csrf_token": form_token(client), "email": email, "password": password}
    return client.post("/sign-in", data=form, query_string=options)


@pytest.fixture
def owner(client: FlaskClient, cafe: Cafe) -> FlaskClient:
    """A browser in which the owner of Café Aurora is signed in."""
    assert sign_in(client, cafe.email, cafe.password).status_code == 303
    return client


def change(url: str, statement: str) -> None:
    """Change rows behind the application's back."""
    with psycopg.connect(url) as connection:
        connection.execute(statement)


def ask(url: str, question: str) -> object:
    """One value, read behind the application's back."""
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


@pytest.fixture
def mail() -> Iterator[PlayedSmtp]:
    """The mail server of Café Aurora."""
    with PlayedSmtp() as server:
        yield server


@pytest.fixture
def lively(app: Flask, cafe: Cafe, mail: PlayedSmtp) -> Cafe:
    """Café Aurora with its guests, a year of purchases, rewards and messages."""
    from tests.web import lively

    lively.fill(app, cafe, mail, now=clock.now())
    return cafe
