"""Café Aurora: opened by the console like any other café, then filled with its year."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from connectors import accounts as connectors
from demo import life, tables
from demo.menu import HOT
from demo.places import Places
from demo.visits import LOCATIONS
from demo.wallet import GOALS, LIFETIME, STARS, Goal
from domain.accounts import vault
from domain.audience import freshness
from domain.delivery import accounts as gateways
from domain.loyalty import summaries
from domain.outreach import reward_setup
from domain.tenant_scope import tenant_scope
from models.currency import Currency
from models.earning_rule import EarningRule
from models.location import Location
from models.tenancy import bind_tenant_when_a_transaction_begins
from models.tenant import Tenant
from tests.played.twilio import ACCOUNT_SID, AUTH_TOKEN, SENDER
from web.cli import main as console
from web.config import Settings, driver_url

SLUG = "aurora"
OWNER = "owner@aurora.example"
GUESTS = 5000
SQUARE_KEY, SQUARE_TOKEN = "played-signature-key", "EAAA-played-token"
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was told once when the café was opened, kept for the next start."""

    password: str
    api_key: str
    twilio_hook: str
    square_hook: str
    port: int


def remembered(home: Path) -> Opened | None:
    """The café of an earlier start."""
    note = home / "demo.json"
    return Opened(**json.loads(note.read_text())) if note.exists() else None


def open_up(settings: Settings, places: Places, *, now: datetime) -> Opened:
    """Open the café, connect it to the played world and fill it. Takes about twenty seconds."""
    cafe = _regulars(
        *("tenant", "create", "--name", "Café Aurora", "--slug", SLUG, "--owner", OWNER),
        *("--timezone", "Europe/Vienna", "--currency", "EUR", "--country", "AT"),
        *("--address", "Lindengasse 12, 1070 Wien"),
    )
    smtp = [f"url=smtp://127.0.0.1:{places.smtp}", "from=hello@aurora.example", "from_name=Café Aurora"]
    _regulars(*_gateway("email", "smtp", smtp))
    twilio = _regulars(*_gateway("sms", "twilio", _settings(_twilio(places))))
    square = _regulars(
        *("connector", "add", "--tenant", SLUG, "--system", "square", "--set", *_settings(_square(places)))
    )
    with acting(settings) as session:
        fill(session, now=now)
        session.commit()
    opened = Opened(cafe["password"], cafe["api_key"], twilio["hook_url"], square["hook_url"], places.web)
    _remember(settings.home, opened)
    return opened


def move(settings: Settings, opened: Opened, places: Places) -> Opened:
    """Tell the café where the played world listens now, when the pages moved to another port."""
    if opened.port == places.web:
        return opened
    with acting(settings) as session:
        for account in gateways.all_of(session):
            changed = {"url": f"smtp://127.0.0.1:{places.smtp}"} if account.provider == "smtp" else _twilio(places)
            gateways.change_credentials(session, account, {**gateways.settings_of(account), **changed})
        for connector in connectors.all_of(session):
            connectors.reconnect(session, connector, _square(places))
        session.commit()
    old, new = f":{opened.port}/", f":{places.web}/"
    hooks = {name: getattr(opened, name).replace(old, new) for name in ("twilio_hook", "square_hook")}
    moved = Opened(**asdict(opened) | hooks | {"port": places.web})
    _remember(settings.home, moved)
    return moved


def fill(session: Session, *, now: datetime, guests: int = GUESTS) -> None:
    """Write the terms of the bound café and its year; it has its gateways and its first location already."""
    tenant = session.scalars(select(Tenant).where(Tenant.slug == SLUG)).one()
    tenant.kind = "art cafe"
    first, second = LOCATIONS
    session.scalars(select(Location)).one().name = first
    session.add_all([Location(name=second, address="Museumsplatz 1, 1070 Wien"), Currency(code=STARS, name="stars")])
    session.flush()
    _set_terms(session)
    for goal in GOALS:
        _offer(session, tenant, goal, now=now - YEAR)
    tables.write(session, life.imagine(guests, now=now), now=now)
    summaries.rebuild(session, tenant, now=now)
    freshness.recompute(session, tenant, now=now)


def _set_terms(session: Session) -> None:
    rule = session.scalars(select(EarningRule)).one()
    rule.lifetime_days = LIFETIME.days
    stars = session.scalars(select(Currency).where(Currency.code == STARS)).one()
    per_item = {"category": HOT, "points": 1}
    name = "A star for every hot drink"
    session.add(EarningRule(name=name, currency_id=stars.id, per_item=per_item, lifetime_days=LIFETIME.days))
    condition = {
        "all": [
            {"fact": "purchase.location", "op": "eq", "value": LOCATIONS[1]},
            {"fact": "purchase.weekday", "op": "eq", "value": "monday"},
        ]
    }
    name = "Double points on Mondays at the Museum Quarter"
    session.add(EarningRule(name=name, currency_id=rule.currency_id, multiplier=Decimal(2), condition=condition))
    session.flush()


def _offer(session: Session, tenant: Tenant, goal: Goal, *, now: datetime) -> None:
    reward_setup.save(
        session,
        tenant,
        None,
        {
            "name": goal.name,
            "currency": goal.currency,
            "threshold": goal.threshold,
            "cost": goal.threshold,
            "discount": goal.discount,
            "valid_days": goal.valid.days,
            "repeatable": True,
            "messages": {"enabled": goal.is_told, "delay_minutes": 0, "quiet_hours": None},
        },
        channels=["sms", "email"] if goal.is_told else [],
        words=reward_setup.default_words(goal.discount),
        now=now,
    )


@contextmanager
def acting(settings: Settings) -> Iterator[Session]:
    """A session that acts for the café."""
    vault.unlock(settings.credentials_key)
    bind_tenant_when_a_transaction_begins()
    engine = create_engine(driver_url(settings.database_url))
    try:
        with Session(engine) as session:
            tenant_id = session.scalars(select(Tenant.id).where(Tenant.slug == SLUG)).one()
        with tenant_scope(tenant_id), Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _regulars(*arguments: str) -> dict[str, Any]:
    """What the console answers."""
    said = io.StringIO()
    with redirect_stdout(said):
        console.main([*arguments, "--json"], standalone_mode=False)
    return json.loads(said.getvalue())


def _gateway(channel: str, provider: str, settings: list[str]) -> list[str]:
    return ["gateway", "add", "--tenant", SLUG, "--channel", channel, "--provider", provider, "--set", *settings]


def _twilio(places: Places) -> dict[str, str]:
    url = f"http://127.0.0.1:{places.twilio}"
    return {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "from": SENDER, "url": url}


def _square(places: Places) -> dict[str, str]:
    url = f"http://127.0.0.1:{places.square}"
    return {"access_token": SQUARE_TOKEN, "signature_key": SQUARE_KEY, "url": url}


def _settings(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def _remember(home: Path, opened: Opened) -> None:
    (home / "demo.json").write_text(json.dumps(asdict(opened)))
