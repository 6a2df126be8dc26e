"""How many statements an answer costs: lists as many as a single row, a purchase a handful."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import event

from models.database import db
from tests.web.api.conftest import Caller
from tests.web.api.test_purchases import at, sale

LISTS = (
    "/members /members/m-0/timeline /purchases /points /redemptions /events /messages /currencies /locations "
    "/earning-rules /templates /rewards /segments"
).split()


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def fill(api: Caller, numbers: range) -> None:
    for number in numbers:
        member = {"external_id": f"m-{number}"}
        api.put(
            f"/members/m-{number}",
            {"email": f"m{number}@example.com", "consents": {"email": {"rewards": True}}, "consent_source": "form"},
        )
        item = {"name": "Melange", "amount": "4.20"}
        api.post("/purchases", sale(external_id=f"r-{number}", member=member, location="main", items=[item]))
        api.post(
            "/events",
            {"type": "custom.a", "member": {"external_id": "m-0"}, "occurred_at": at(), "external_id": f"e-{number}"},
        )
        text = api.post("/templates", {"name": f"T{number}", "channel": "email", "subject": "S", "body": "B"}).json
        reward = {
            "name": f"R{number}",
            "currency": "points",
            "threshold": 1,
            "discount": {"item": "coffee"},
            "messages": {"enabled": True, "channels": {"email": {"template": text["id"]}}},
        }
        made = api.post("/rewards", reward).json
        api.post("/redemptions", {"member": member, "reward": made["id"], "external_id": f"u-{number}"})
        api.post("/currencies", {"code": f"c{number}", "name": "C"})
        api.post("/locations", {"name": f"L{number}"})
        api.post("/earning-rules", {"name": "E", "currency": "points", "multiplier": 1})


@pytest.mark.timeout(180)
def test_a_longer_list_costs_no_more_statements(app: Flask, api: Caller):
    def costs() -> dict[str, int]:
        found = {}
        for path in LISTS:
            with statements(app) as seen:
                assert api.get(path).status_code == 200
            found[path] = len(seen)
        return found

    fill(api, range(2))
    short = costs()
    fill(api, range(2, 6))
    assert costs() == short
    assert max(short.values()) <= 9


def test_a_purchase_costs_a_handful_of_statements(app: Flask, api: Caller):
    fill(api, range(1))
    api.post("/purchases", sale(external_id="warm", member={"external_id": "m-0"}))
    with statements(app) as seen:
        assert api.post("/purchases", sale(external_id="r-x", member={"external_id": "m-0"})).status_code == 201
    assert len(seen) <= 7, "\n\n".join(seen)
