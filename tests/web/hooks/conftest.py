"""A café whose till is a played Square, connected as an operator would."""

from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from connectors import accounts, square
from domain import clock
from domain.accounts import hook_tokens
from domain.tenant_scope import tenant_scope
from models.connector import InboundHook
from models.purchase import Purchase, Refund
from tasks import sync
from tests.databases import Database
from tests.factories import Make
from tests.played.square import Hook, PlayedSquare


@dataclass
class Till:
    """A played Square and the café it is connected to. Hooks go to `receive`, straight into the application.

    The door and the queue run in a context of their own: nothing is bound there but what they bind themselves.
    """

    square: PlayedSquare
    app: Flask
    tenant_id: int
    connector_id: int
    path: str

    def post(self, body: bytes, **headers: str) -> TestResponse:
        """Post bytes to the hook's address."""
        client = self.app.test_client()
        return Context().run(client.post, self.path, data=body, content_type="application/json", headers=headers)

    def tell(self, *hooks: Hook) -> list[int]:
        """Post these hooks, or all that were sent so far, as Square would, and return the statuses."""
        return [
            self.post(hook.body, **{square.SIGNATURE_HEADER: hook.signature}).status_code
            for hook in hooks or self.square.sent
        ]

    def work(self, at: datetime | None = None) -> None:
        """Work through what was told, at this instant or now."""
        Context().run(self._run, at, sync.process_hooks, self.tenant_id)

    def poll(self) -> None:
        """Ask Square for what no hook told."""
        Context().run(self._run, None, sync.catch_up, self.tenant_id, self.connector_id)

    def _run(self, at: datetime | None, task: Callable[..., None], *ids: int) -> None:
        with self.app.app_context(), clock.set_to(at or clock.now()):
            task(*ids)


@pytest.fixture
def shop(database: Database) -> Iterator[Session]:
    """A session of a café that counts a point per euro, on the application's database."""
    with database.session() as session:
        tenant_id = Make(session).tenant(slug="aurora", name="Café Aurora").id
        session.commit()
        with tenant_scope(tenant_id):
            make = Make(session)
            make.location(name="main")
            make.earning_rule()
            session.commit()
            yield session


@pytest.fixture
def make_here(shop: Session) -> Make:
    return Make(shop)


@pytest.fixture
def till(shop: Session, make_here: Make, app: Flask, settings) -> Iterator[Till]:
    tenant_id = make_here.tenant_here().id
    with PlayedSquare() as played:
        values = {"access_token": played.access_token, "signature_key": played.signature_key, "url": played.url}
        account, token = accounts.add(shop, tenant_id=tenant_id, system="square", values=values, now=clock.now())
        till = Till(played, app, tenant_id, account.id, hook_tokens.path("square", token))
        shop.commit()
        played.notification_url = settings.public_url + till.path
        with played.losing_hooks():  # tests post what was sent themselves
            yield till


@pytest.fixture
def rows(shop: Session) -> Callable[[type], list]:
    """Everything of one table as it stands in the database now."""

    def rows(table: type) -> list:
        shop.rollback()
        shop.expire_all()
        return list(shop.scalars(select(table).order_by(table.id)))

    return rows


@pytest.fixture
def purchases(rows) -> Callable[[], list[Purchase]]:
    return lambda: rows(Purchase)


@pytest.fixture
def refunds(rows) -> Callable[[], list[Refund]]:
    return lambda: rows(Refund)


@pytest.fixture
def kept(rows) -> Callable[[], list[InboundHook]]:
    return lambda: rows(InboundHook)
