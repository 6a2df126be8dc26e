"""What tests of members' pages ask for: a guest of Café Aurora, and the people who look at them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from domain.accounts import users
from models.database import db
from models.user import Membership
from tests.factories import Make
from tests.web.conftest import Cafe, form_token, sign_in

PASSWORD = "a long walk by the Danube"
MARCH = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)


@pytest.fixture
def nora(database, cafe: Cafe) -> int:
    """Nora Novak, M-1: a yes to rewards and offers by e-mail; her row's number."""
    with database.session(cafe.id) as session:
        make = Make(session)
        member = make.member(
            external_id="M-1",
            first_name="Nora",
            last_name="Novak",
            email="nora@example.com",
            phone="+436641234567",
            phone_country="AT",
            phone_takes_texts=True,
        )
        for topic in ("rewards", "promotional"):
            make.consent(member, "email", topic, at=MARCH)
        session.commit()
        return member.id


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


@pytest.fixture
def make_in(database) -> Callable[[int], Any]:
    """Builders of rows in a café, committed at the end of the block."""

    @contextmanager
    def making(tenant_id: int) -> Iterator[Make]:
        with database.session(tenant_id) as session:
            yield Make(session)
            session.commit()

    return making


def press(client: FlaskClient, page: str, button: str, **fields: str):
    """Send a form that `page` shows to the address of its button."""
    return client.post(button, data={"csrf_token": form_token(client, page), **fields})
