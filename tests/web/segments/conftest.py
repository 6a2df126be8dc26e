"""What tests of segments' pages ask for: guests with purchases, the segments of a café, and forms as a browser sends
them."""

from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from domain import clock
from domain.accounts import users
from domain.audience import freshness, membership, segments
from domain.loyalty import summaries
from models.database import db
from models.segment import Segment
from models.user import Membership
from tests.factories import Make
from tests.web.conftest import Cafe, form_token, sign_in

PASSWORD = "a long walk by the Danube"
NEW = "/cafes/aurora/segments/new"
COUNT = {"t-0.fact": "purchases.count", "t-0.op": "gte", "t-0.value": "2"}
ALL = {"t.joint": "all"}
# Days ago on which each of the guests bought something.
BOUGHT = {"regular": (1, 5, 9, 20), "newcomer": (3,), "gone": (200, 210), "never": ()}


@pytest.fixture
def guests(database, cafe: Cafe) -> dict[str, int]:
    """Four guests by what they bought; all may get offers by e-mail. The café has its three presets."""
    now = clock.now()
    with database.session(cafe.id) as session:
        make = Make(session)
        make.gateway("email")
        known = {}
        for name, days in BOUGHT.items():
            member = make.member(external_id=name, first_name=name.title(), consents=["email:promotional"])
            known[name] = member.id
            for ago in days:
                make.purchase(member, occurred_at=now - timedelta(days=ago), amount_minor=1000)
        summaries.recount(session, list(known.values()), now=now)
        segments.open_cafe(session, make.tenant_here(), now=now)
        freshness.turn_day(session, make.tenant_here(), now=now)
        freshness.follow_calendar(session, make.tenant_here(), now=now)
        membership.recompute(session, make.tenant_here(), now=now)
        session.commit()
    return known


@pytest.fixture
def make_segment(database, cafe: Cafe) -> Callable[..., int]:
    """Keeps a segment of Café Aurora and returns its id; of guests with two purchases, unless asked otherwise."""

    def made(name: str = "Regulars", definition: dict[str, Any] | None = None) -> int:
        rule = definition or {"all": [{"fact": "purchases.count", "op": "gte", "value": 2}]}
        with database.session(cafe.id) as session:
            tenant = Make(session).tenant_here()
            segment = segments.create(session, tenant, {"name": name, "definition": rule}, now=clock.now())
            session.commit()
            return segment.id

    return made


@pytest.fixture
def presets(database, cafe: Cafe, guests) -> dict[str, int]:
    """The ids of New, Top and Defecting by preset."""
    with database.session(cafe.id) as session:
        return {each.preset: each.id for each in session.scalars(segments.listing()) if each.preset}


@pytest.fixture
def definition_of(database, cafe: Cafe) -> Callable[[str], Any]:
    """The rule that the segment of this name keeps; None when there is no such segment."""

    def kept(name: str) -> Any:
        with database.session(cafe.id) as session:
            found = [each for each in session.scalars(segments.listing()) if each.name == name]
            return found[0].definition if found else None

    return kept


@pytest.fixture
def segment_of(database, cafe: Cafe) -> Callable[[str], Segment | None]:
    """The segment of this name."""

    def found(name: str) -> Segment | None:
        with database.session(cafe.id) as session:
            return next((each for each in session.scalars(segments.listing()) if each.name == name), None)

    return found


@pytest.fixture
def colleague(app: Flask, cafe: Cafe) -> Callable[[str], FlaskClient]:
    """Signs in somebody with this role in Café Aurora, in a browser of their own."""

    def signed_in(role: str) -> FlaskClient:
        with app.app_context():
            user = users.create(db.session, email=f"{role}@aurora.example", password=PASSWORD)
            db.session.add(Membership(tenant_id=cafe.id, user_id=user.id, role=role))
            db.session.commit()
        browser = app.test_client()
        sign_in(browser, f"{role}@aurora.example", PASSWORD)
        return browser

    return signed_in


class Form(HTMLParser):
    """The fields of a page's editor as a browser would send them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._select: str | None = None
        self._textarea: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = dict(attributes)
        name, value = known.get("name"), known.get("value") or ""
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
        elif tag == "option" and self._select and "selected" in known:
            self.fields.append((self._select, value))
        elif tag == "input" and name and (known.get("type") != "checkbox" or "checked" in known):
            self.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields.append((self._textarea, data))

    def of_rule(self) -> dict[str, list[str]]:
        """The fields of the rule, by name; those that are empty left out."""
        rule: dict[str, list[str]] = {}
        for name, value in self.fields:
            if name.startswith("t") and "." in name and value:
                rule.setdefault(name, []).append(value)
        return rule


def send(client: FlaskClient, url: str, typed: dict[str, Any], **options: Any):
    """Send a form with its token."""
    return client.post(url, data={"csrf_token": form_token(client, NEW), **typed}, **options)
