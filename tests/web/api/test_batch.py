"""Batches: each line answered for itself."""

import json
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.purchase import Purchase
from tests.databases import Database
from tests.web.api.conftest import Cafe, Caller, new_key
from tests.web.api.test_door import assert_problem
from tests.web.api.test_purchases import at, sale


def send(api: Caller, lines: list[Any], **headers: str) -> TestResponse:
    raw = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return api.post("/batch", data=raw, content_type="application/x-ndjson", headers=headers)


def purchase(number: int, **fields: Any) -> dict[str, Any]:
    return {"op": "purchase"} | sale(external_id=f"r-{number}", member={"external_id": "m-1"}) | fields


MEMBER = {"op": "member", "external_id": "m-1", "first_name": "Nora"}


def test_every_line_is_answered_in_order_and_a_bad_one_stops_no_other(api: Caller, stored: Session):
    points = {
        "op": "points",
        "member": {"external_id": "m-1"},
        "currency": "points",
        "points": 5,
        "reason": "gift",
        "external_id": "p-1",
    }
    event = {"op": "event", "type": "custom.tasting", "occurred_at": at(), "external_id": "e-1"}
    lines = [
        MEMBER,
        purchase(1),
        b"{nope",
        purchase(2, amount="-1"),
        b"",
        purchase(2),
        points,
        event,
        {"op": "moon"},
        purchase(1),
        purchase(1, amount="1.00"),
        b'"' + b"x" * 70_000 + b'"',
        b"[]",
    ]
    answer = send(api, lines)
    assert answer.status_code == 200
    told = [(each["line"], each["status"]) for each in answer.json["items"]]
    assert told == [
        (1, 201),
        (2, 201),
        (3, 400),
        (4, 422),
        (6, 201),
        (7, 201),
        (8, 202),
        (9, 422),
        (10, 200),
        (11, 409),
        (12, 413),
        (13, 400),
    ]
    bodies = {each["line"]: each["body"] for each in answer.json["items"]}
    assert bodies[4]["errors"][0]["path"] == "amount"
    assert bodies[10] == bodies[2]
    assert bodies[7]["balances"][0]["available"] == 12 + 12 + 5
    assert stored.scalar(select(func.count()).select_from(Purchase)) == 2


def test_a_batch_has_at_most_a_thousand_lines_and_8_mebibytes(api: Caller):
    assert_problem(send(api, [b"{}"] * 1001), 413)
    assert_problem(send(api, [b"x" * (8 * 1024 * 1024 + 1)]), 413)
    assert len(send(api, [b"{}"] * 1000).json["items"]) == 1000
    assert_problem(api.post("/batch", {}), 415)


def test_each_line_needs_the_scope_of_its_own(app: Flask, api: Caller, cafe: Cafe, database: Database):
    till = Caller(app.test_client(), new_key(database, cafe, "events:write"))
    send(api, [MEMBER])
    assert [each["status"] for each in send(till, [MEMBER, purchase(1)]).json["items"]] == [403, 201]


def test_a_repeated_batch_gets_the_first_answer(api: Caller):
    first = send(api, [MEMBER, purchase(1)], **{"Idempotency-Key": "b-1"})
    again = send(api, [MEMBER, purchase(1)], **{"Idempotency-Key": "b-1"})
    assert (again.status_code, again.data) == (200, first.data)
    assert send(api, [MEMBER], **{"Idempotency-Key": "b-1"}).status_code == 409
