"""A café full of life for tests of its pages: the demonstration's year, only smaller, and gateways that deliver."""

from datetime import datetime

from flask import Flask

from demo import cafe as demo
from domain.delivery import accounts
from domain.tenant_scope import tenant_scope
from models.database import db
from tests.played.smtp import PlayedSmtp
from tests.web.conftest import Cafe

GUESTS = 60


def fill(app: Flask, cafe: Cafe, mail: PlayedSmtp, *, now: datetime, guests: int = GUESTS) -> None:
    """Connect `mail` and a provider of texts to the café, give it rewards and rules, and write its year."""
    with app.app_context(), tenant_scope(cafe.id):
        _connect("email", "smtp", {"url": mail.url, "from": "hello@aurora.example"}, now)
        twilio = {"account_sid": "AC" + "0" * 32, "auth_token": "token", "from": "+15017122661"}
        _connect("sms", "twilio", twilio, now)
        demo.fill(db.session(), now=now, guests=guests)
        db.session.commit()


def _connect(channel: str, provider: str, settings: dict[str, str], now: datetime) -> None:
    accounts.add(
        db.session(),
        channel=channel,
        provider=provider,
        credentials=settings,
        now=now,
        set_by_operator=True,
        sender=settings["from"],
    )
