"""A café that speaks through a played mail server, in a database of the test's own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel
from sqlalchemy import text
from sqlalchemy.orm import Session

from domain import clock
from domain.accounts import vault
from domain.tenant_scope import tenant_scope
from models.database import db
from models.gateway import GatewayAccount
from models.message import Message
from tasks import open_gateways, segments
from tests.factories import Make
from tests.played.smtp import PlayedSmtp
from web.config import PROJECT, Settings, driver_url


@dataclass
class Cafe:
    """A café with committed rows; the test acts for it in the application's own session."""

    id: int
    make: Make
    session: Session

    def gateway(self, server: PlayedSmtp) -> GatewayAccount:
        """A mail gateway of the operator's to that server."""
        return self.gateway_to(server.url)

    def gateway_to(self, url: str, **settings: str) -> GatewayAccount:
        sealed = vault.encrypt({"url": url, "from": "cafe@example.com", **settings})
        account = self.make.gateway(credentials=sealed, set_by_operator=True)
        self.session.commit()
        return account

    def unlocks(self, count: int, **reward: Any) -> list[int]:
        """That many members, each with an unlock of one speaking reward; the reward events' ids."""
        spoken = self.make.reward(channels=["email"], **reward)
        events = [
            self.make.reward_event(self.make.member(consents=["email"]), reward=spoken, valid_until=None).id
            for _ in range(count)
        ]
        self.session.commit()
        return events

    def states(self) -> dict[str, int]:
        """How many messages stand in which state."""
        self.session.rollback()
        rows = self.session.execute(text("SELECT state, count(*) FROM messages GROUP BY state"))
        return dict(rows.all())

    def messages(self) -> list[Message]:
        self.session.rollback()
        return list(self.session.query(Message).order_by(Message.id))


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The least that tasks need around them: tables and languages, no web."""
    app = Flask("tasks")
    app.config.update(SETTINGS=settings, SQLALCHEMY_DATABASE_URI=driver_url(settings.database_url or ""))
    Babel(app, default_translation_directories=str(PROJECT / "web" / "translations"))
    vault.unlock(settings.credentials_key)
    db.init_app(app)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def mail() -> Iterator[PlayedSmtp]:
    with PlayedSmtp() as server:
        yield server
        open_gateways.close_all()


@pytest.fixture
def cafe(app: Flask, now: datetime) -> Iterator[Cafe]:
    with app.app_context(), clock.set_to(now):
        tenant = Make(db.session).tenant(slug="aurora", name="Café Aurora")
        tenant_id = tenant.id
        db.session.commit()
        with tenant_scope(tenant_id):
            segments.follow_calendar()
            yield Cafe(tenant_id, Make(db.session), db.session)
            db.session.rollback()
