"""Another café's things answer exactly like things that do not exist."""

from typing import Any

import pytest
from flask import Flask

from tests.databases import Database
from tests.factories import Make
from tests.web.api.conftest import API, Caller, open_cafe
from tests.web.api.test_purchases import at, sale

UNIQUE = ("Content-Security-Policy", "Date", "X-Request-Id")  # of each answer, whatever it says
NOWHERE = {"external_id": "nobody", "currency": "nothing"}
SAME_BODY: dict[str, Any] = {
    "/purchases/{external_id}/refund": {"external_id": "f", "occurred_at": "2026-03-04T12:00:00Z"},
    "/templates/{template_id}": {"name": "Mine now"},
    "/templates/{template_id}/preview": {},
    "/rewards/{reward_id}": {"cost": 0},
    "/segments/{segment_id}": {"name": "Mine now"},
}
THE_SAME_EVERYWHERE = ("/facts", "/facts/{name}", "/events/catalogue")


@pytest.fixture
def theirs(app: Flask, database: Database) -> dict[str, str]:
    """One of each noun in another café: what stands in the address."""
    cafe = open_cafe(database, "other")
    api = Caller(app.test_client(), cafe.key)
    api.put("/members/m-1", {"first_name": "Nora"})
    member = {"external_id": "m-1"}
    told = {"member": member, "external_id": "x-1"}
    currency = api.post("/currencies", {"code": "stars", "name": "Stars"}).json
    reward = api.post(
        "/rewards", {"name": "Coffee", "currency": "points", "threshold": 1, "discount": {"item": "x"}}
    ).json
    given = api.post("/points", told | {"currency": "points", "points": 99, "reason": "gift"}).json
    with database.session(cafe.id) as session:
        message = Make(session).message().id
        session.commit()
    rule = {"name": "Double", "currency": "points", "multiplier": 2}
    api.post("/purchases", sale(member=member, external_id="r-1"))
    return {
        "members": "m-1",
        "purchases": "r-1",
        "currency": str(currency["id"]),
        "location_id": str(api.post("/locations", {"name": "Neubau"}).json["id"]),
        "rule_id": str(api.post("/earning-rules", rule).json["id"]),
        "reward_id": str(reward["id"]),
        "entry_id": str(given["entry"]),
        "redemption_id": str(api.post("/redemptions", told | {"reward": reward["id"]}).json["redemption"]),
        "event_id": str(
            api.post("/events", {"type": "custom.a", "occurred_at": at(), "external_id": "e"}).json["event"]
        ),
        "template_id": str(api.post("/templates", {"name": "T", "channel": "sms", "body": "Hi"}).json["id"]),
        "message_id": str(message),
        "segment_id": str(api.post("/segments", {"name": "Theirs", "preset": "new"}).json["id"]),
    }


def fill(path: str, values: dict[str, str]) -> str:
    noun = path.split("/")[1]
    named = values | {"external_id": values.get(noun, "")}
    return path.format_map(named)


def _names_something(path: str) -> bool:
    return "{" in path and path not in THE_SAME_EVERYWHERE


def answered(api: Caller, method: str, path: str, body: dict | None) -> tuple[int, bytes, dict[str, str]]:
    response = api(method, path, **({"json": body} if body is not None else {}))
    headers = {name: value for name, value in response.headers.items() if name not in UNIQUE}
    return response.status_code, response.data, headers


def test_another_cafes_ids_answer_like_ids_of_nothing(app: Flask, api: Caller, theirs: dict[str, str]):
    nothing = {name: NOWHERE.get(name, str(9 * 10**15)) for name in theirs} | {
        "members": "nobody",
        "purchases": "nobody",
    }
    walked = 0
    for full_path, operations in app.test_client().get(f"{API}/openapi.json").json["paths"].items():
        path = full_path.removeprefix(API)
        for method in {"get", "post", "patch", "delete"} & set(operations) if _names_something(path) else ():
            body = SAME_BODY[path] if method in ("post", "patch") else None
            seen = answered(api, method.upper(), fill(path, theirs), body)
            assert seen[0] == 404, (method, path, seen)
            assert seen == answered(api, method.upper(), fill(path, nothing), body), (method, path)
            walked += 1
    assert walked >= 16


def test_no_list_shows_anything_of_another_cafe(app: Flask, api: Caller, theirs: dict[str, str]):
    own = {"/currencies": 1, "/locations": 1, "/earning-rules": 1, "/segments": 5}
    for full_path, operations in app.test_client().get(f"{API}/openapi.json").json["paths"].items():
        path = full_path.removeprefix(API)
        if "get" in operations and "{" not in path and path not in THE_SAME_EVERYWHERE:
            assert len(api.get(path).json["items"]) == own.get(path, 0), path
    assert api.get("/messages?member=m-1").json["items"] == []


def test_a_body_cannot_reach_into_another_cafe(api: Caller, theirs: dict[str, str]):
    api.put("/members/own", {})
    own, other = {"external_id": "own"}, {"external_id": "m-1"}
    refused = [
        api.post("/purchases", sale(member=other)),
        api.post("/purchases", sale(location=int(theirs["location_id"]))),
        api.post("/redemptions", {"member": own, "reward": int(theirs["reward_id"]), "external_id": "u"}),
        api.post("/points", {"member": own, "currency": "stars", "points": 1, "reason": "", "external_id": "p"}),
        api.post(
            "/rewards",
            {
                "name": "R",
                "currency": "points",
                "threshold": 1,
                "discount": {"item": "x"},
                "messages": {"channels": {"sms": {"template": int(theirs["template_id"])}}},
            },
        ),
    ]
    assert [each.status_code for each in refused] == [422] * 5


def test_every_operation_names_its_key_and_every_address_is_typed(app: Flask):
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(API)]
    public = {"api_document.openapi", "api_document.docs", "api_document.asset"}
    for rule in rules:
        view = app.view_functions[rule.endpoint]
        assert rule.endpoint in public or hasattr(view, "scopes"), rule
        assert all(
            name in ("external_id", "currency", "name") or rule._converters[name].__class__.__name__ == "RowId"
            for name in rule.arguments
        ), rule
