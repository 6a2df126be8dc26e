"""The other things a till does: balances, points by hand, rewards used; and what it sets up."""

from typing import Any

import pytest

from tests.web.api.conftest import Caller
from tests.web.api.test_door import assert_problem
from tests.web.api.test_purchases import at

REWARD = {"name": "Free coffee", "currency": "points", "threshold": 10, "cost": 10, "discount": {"percent": 10}}


@pytest.fixture
def member(api: Caller) -> dict[str, str]:
    api.put("/members/m-1", {"first_name": "Nora"})
    return {"external_id": "m-1"}


def points(member: dict, number: int, **fields: Any) -> dict[str, Any]:
    told = {"member": member, "currency": "points", "points": number, "reason": "gift", "external_id": f"p{number}"}
    return told | fields


def test_points_are_given_and_taken_but_never_below_zero(api: Caller, member: dict):
    given = api.post("/points", points(member, 20))
    assert given.status_code == 201, given.text
    assert given.json["balances"] == [{"currency": "points", "available": 20, "pending": 0}]
    assert api.post("/points", points(member, 20)).status_code == 200
    assert_problem(api.post("/points", points(member, 20, reason="other")), 409)
    assert api.post("/points", points(member, -5)).json["balances"][0]["available"] == 15
    assert_problem(api.post("/points", points(member, -16)), 409)
    assert_problem(api.post("/points", points(member, 0)), 422)
    assert_problem(api.post("/points", points(member, 1, currency="gold")), 422)
    assert_problem(api.post("/points", points({"external_id": "nobody"}, 1)), 422)
    entry = api.get(f"/points/{given.json['entry']}").json
    assert (entry["member"], entry["points"], entry["kind"], entry["reason"]) == ("m-1", 20, "adjusted", "gift")
    assert [each["points"] for each in api.get("/points?member=m-1").json["items"]] == [-5, 20]


def test_an_inquiry_says_how_far_the_next_reward_is(api: Caller, member: dict):
    reward = api.post("/rewards", REWARD).json
    api.post("/points", points(member, 4))
    asked = api.post("/balance-inquiries", {"member": member, "location": "main"})
    assert asked.status_code == 200
    assert asked.json["nearest"] == {"reward": reward["id"], "missing": 6}
    assert asked.json["cashier_lines"]
    assert_problem(api.post("/balance-inquiries", {"member": {"card": "nobody's"}, "location": "main"}), 422)


def test_a_reward_is_used_once(api: Caller, member: dict):
    reward = api.post("/rewards", REWARD).json
    api.post("/points", points(member, 25))
    use = {"member": member, "reward": reward["id"], "location": "main", "external_id": "u-1"}
    used = api.post("/redemptions", use)
    assert used.status_code == 201, used.text
    assert used.json["balances"][0]["available"] == 15
    assert api.post("/redemptions", use).status_code == 200
    assert api.get(f"/redemptions/{used.json['redemption']}").json["points"] == 10
    assert_problem(api.post("/redemptions", use | {"code": "ABCD"}), 422)
    assert_problem(api.post("/redemptions", {"member": member, "code": "NOTACODE", "external_id": "u-2"}), 422)


def test_an_event_is_recorded_and_shown(api: Caller, member: dict):
    told = {
        "type": "custom.tasting",
        "member": member,
        "occurred_at": at(),
        "external_id": "e-1",
        "properties": {"a": 1},
    }
    made = api.post("/events", told)
    assert made.status_code == 202, made.text
    assert api.post("/events", told).json == made.json
    assert_problem(api.post("/events", told | {"properties": {"a": 2}}), 409)
    for wrong in (
        {"type": "tasting"},
        {"type": "nothing.known"},
        {"occurred_at": at(11)},
        {"properties": []},
        {"properties": {"a": "x" * 17_000}},
    ):
        assert_problem(api.post("/events", told | {"external_id": "e-2"} | wrong), 422)
    shown = api.get(f"/events/{made.json['event']}").json
    assert (shown["type"], shown["member"], shown["properties"]) == ("custom.tasting", "m-1", {"a": 1})
    assert api.get("/events?type=custom.tasting&member=m-1").json["items"] == [shown]
    assert "purchase.completed" in {each["type"] for each in api.get("/events/catalogue").json["items"]}


def test_a_cafe_sets_up_currencies_locations_and_rules(api: Caller, member: dict):
    stars = api.post("/currencies", {"code": "stars", "name": "Stars"})
    assert stars.status_code == 201
    assert api.get(f"/currencies/{stars.json['id']}").json == api.get("/currencies/stars").json == stars.json
    assert_problem(api.post("/currencies", {"code": "stars", "name": "Again"}), 409)
    place = api.post("/locations", {"name": "Neubau", "timezone": "Europe/Vienna"})
    assert (place.status_code, api.get(f"/locations/{place.json['id']}").json) == (201, place.json)
    assert_problem(api.post("/locations", {"name": "Neubau"}), 409)
    assert_problem(api.post("/locations", {"name": "Moon", "timezone": "Moon/Base"}), 422)

    rule = {"name": "Hot drinks", "currency": "stars", "per_item": {"category": "hot drinks", "points": 2}}
    made = api.post("/earning-rules", rule)
    assert made.status_code == 201, made.text
    assert api.get(f"/earning-rules/{made.json['id']}").json == made.json
    double = {
        "name": "Neubau",
        "currency": "stars",
        "multiplier": 1.5,
        "where": {"fact": "purchase.location", "op": "eq", "value": "Neubau"},
    }
    assert api.post("/earning-rules", double).json["multiplier"] == 1.5
    assert_problem(api.post("/earning-rules", double | {"points_per_unit": 1}), 422)
    assert_problem(api.post("/earning-rules", double | {"where": {"fact": "moon", "op": "eq", "value": 1}}), 422)
    bought = {
        "external_id": "r-1",
        "member": member,
        "amount": "8.00",
        "currency": "EUR",
        "occurred_at": at(),
        "location": place.json["id"],
        "items": [{"name": "Melange", "category": "hot drinks", "quantity": 3, "amount": "8.00"}],
    }
    earned = {each["currency"]: each["earned"] for each in api.post("/purchases", bought).json["points"]}
    assert earned == {"points": 8, "stars": 9}


def test_a_reward_is_made_changed_and_speaks(api: Caller):
    text = api.post("/templates", {"name": "Hello", "channel": "sms", "body": "{{ reward.name }}!"}).json
    messages = {"enabled": True, "channels": {"sms": {"template": text["id"]}}}
    made = api.post("/rewards", REWARD | {"messages": messages})
    assert made.status_code == 201, made.text
    assert made.json["discount"] == {"percent": 10}
    usual = {"delay_minutes": 120, "quiet_hours": {"from": "21:00", "to": "09:00"}, "control_group_percent": 0}
    assert made.json["messages"] == messages | usual
    assert api.get(f"/rewards/{made.json['id']}").json == made.json
    quieter = {"quiet_hours": None, "control_group_percent": 10}
    changed = api("PATCH", f"/rewards/{made.json['id']}", json={"cost": 0, "messages": quieter})
    assert (changed.status_code, changed.json["cost"], changed.json["messages"]["quiet_hours"]) == (200, 0, None)
    assert changed.json["messages"]["control_group_percent"] == 10
    too_many = {"messages": {"control_group_percent": 51}}
    assert_problem(api("PATCH", f"/rewards/{made.json['id']}", json=too_many), 422)
    assert changed.json["name"] == "Free coffee"
    for wrong in (
        {"discount": {}},
        {"discount": {"percent": 10, "item": "coffee"}},
        {"discount": {"percent": "10"}},
        {"discount": {"amount": "1.001"}},
        {"threshold": "10"},
        {"threshold": 0},
        {"currency": "gold"},
        {"valid_days": 0},
        {"messages": {"channels": {"sms": {"template": 10**9}}}},
        {"messages": {"quiet_hours": {"from": "25:00", "to": "09:00"}}},
        {"messages": {"channels": {"pigeon": {"template": 1}}}},
    ):
        assert_problem(api.post("/rewards", REWARD | wrong), 422)


def test_the_timeline_tells_what_happened(api: Caller, member: dict):
    api.post("/points", points(member, 4))
    first = api.get("/members/m-1/timeline?limit=1").json
    assert set(first["items"][0]) == {"at", "type", "summary"}
    rest = api.get(f"/members/m-1/timeline?cursor={first['next']}").json
    told = {each["type"] for each in first["items"] + rest["items"]}
    assert told == {"points.credited", "registration.completed", "tag.applied"}  # their profile is not complete
    assert_problem(api.get("/members/m-1/timeline?cursor=x"), 422)
