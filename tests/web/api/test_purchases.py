"""Purchases through the API: booked once, refused whole."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.event import Event
from models.ledger import LedgerEntry
from models.purchase import Purchase, PurchaseItem
from tests.web.api.conftest import Caller
from tests.web.api.test_door import assert_problem

TABLES = (Purchase, PurchaseItem, LedgerEntry, Event)


def at(minutes: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def sale(**fields: Any) -> dict[str, Any]:
    """A receipt of 12.50 at a fixed instant, so that it is the same content each time."""
    return {
        "external_id": "r-1",
        "amount": "12.50",
        "currency": "EUR",
        "occurred_at": "2026-03-04T12:00:00+01:00",
    } | fields


def rows(stored: Session) -> list[int]:
    stored.rollback()
    return [stored.scalar(select(func.count()).select_from(table)) for table in TABLES]


@pytest.fixture
def member(api: Caller) -> dict[str, str]:
    api.put("/members/m-1", {"first_name": "Nora", "phone": "0660 1234567", "card": "4001", "email": "n@example.com"})
    return {"external_id": "m-1"}


def test_a_new_purchase_is_201_and_says_what_it_earned(api: Caller, member: dict):
    answer = api.post("/purchases", sale(member=member, location="main"))
    assert answer.status_code == 201, answer.text
    told = answer.json
    assert set(told) == {"purchase", "points", "balances", "unlocked", "receipt_lines", "cashier_lines"}
    assert [(each["currency"], each["earned"]) for each in told["points"]] == [("points", 12)]
    assert told["balances"] == [{"currency": "points", "available": 12, "pending": 0}]
    assert api.get("/members/m-1").json["balances"] == told["balances"]


def test_told_again_it_is_200_with_the_first_answer_and_409_with_other_content(
    api: Caller, member: dict, stored: Session
):
    first = api.post("/purchases", sale(member=member))
    before = rows(stored)
    again = api.post("/purchases", sale(member=member, occurred_at="2026-03-04T11:00:00Z"))
    assert (again.status_code, again.json) == (200, first.json)
    assert_problem(api.post("/purchases", sale(member=member, amount="12.51")), 409)
    assert rows(stored) == before


def test_a_member_is_named_in_any_of_four_ways(api: Caller, member: dict):
    ways = [{"phone": "+43 660 1234567"}, {"phone": "06601234567"}, {"card": "4001"}, {"email": "N@example.com"}]
    for number, way in enumerate(ways):
        assert api.post("/purchases", sale(external_id=f"r-{number}", member=way)).status_code == 201, way
    assert api.get("/members/m-1").json["balances"][0]["available"] == 48


BAD = {
    "unknown member": {"member": {"external_id": "nobody"}},
    "no such phone": {"member": {"phone": "123"}},
    "member named twice": {"member": {"external_id": "m-1", "card": "4001"}},
    "member not named": {"member": {}},
    "member as text": {"member": "m-1"},
    "unknown location": {"location": "moon"},
    "another café's kind of location": {"location": 10**12},
    "foreign currency": {"currency": "USD"},
    "no currency": {"currency": "EURO"},
    "small letters": {"currency": "eur"},
    "negative": {"amount": "-1.00"},
    "too exact": {"amount": "1.001"},
    "a number": {"amount": 12.5},
    "a whole number": {"amount": 12},
    "a sum": {"amount": "1e3"},
    "comma": {"amount": "12,50"},
    "blank": {"amount": ""},
    "other digits": {"amount": "١٢"},
    "endless": {"amount": "9" * 40},
    "future": {"occurred_at": "2999-01-01T00:00:00Z"},
    "no offset": {"occurred_at": "2026-03-04T12:00:00"},
    "no time": {"occurred_at": "2026-03-04"},
    "an impossible day": {"occurred_at": "2026-02-30T12:00:00Z"},
    "before time": {"occurred_at": "0001-01-01T00:00:00+14:00"},
    "a timestamp": {"occurred_at": 1772622000},
    "unknown channel": {"channel": "pigeon"},
    "unknown field": {"tip": "1.00"},
    "unknown field of an item": {"items": [{"name": "Melange", "amount": "4.20", "colour": "brown"}]},
    "item without amount": {"items": [{"name": "Melange"}]},
    "quantity as text": {"items": [{"name": "Melange", "amount": "4.20", "quantity": "2"}]},
    "no quantity": {"items": [{"name": "Melange", "amount": "4.20", "quantity": 0}]},
    "discount of nothing known": {"discounts": [{"scope": "moon", "name": "x", "amount": "1.00"}]},
    "points of nobody": {"redeem": {"currency": "points", "points": 5}},
    "external_id missing": {"external_id": None},
    "external_id too long": {"external_id": "x" * 256},
    "external_id blank": {"external_id": " "},
    "external_id as a number": {"external_id": 7},
}


def test_what_cannot_be_is_422_and_nothing_is_written(api: Caller, member: dict, stored: Session):
    before = rows(stored)
    for words, fields in BAD.items():
        answer = api.post("/purchases", sale(**fields))
        assert answer.status_code == 422, (words, answer.text)
        assert answer.mimetype == "application/problem+json"
        assert answer.json.get("errors"), words
    assert_problem(api.post("/purchases", sale(member=member, redeem={"currency": "points", "points": 5})), 409)
    assert rows(stored) == before


def test_up_to_ten_minutes_ahead_clocks_may_differ(api: Caller):
    assert_problem(api.post("/purchases", sale(occurred_at=at(minutes=11))), 422)
    assert api.post("/purchases", sale(occurred_at=at(minutes=9))).status_code == 201


def test_purchases_told_out_of_order_are_booked_both(api: Caller, member: dict):
    assert api.post("/purchases", sale(external_id="late", member=member, occurred_at=at())).status_code == 201
    assert api.post("/purchases", sale(external_id="early", member=member, occurred_at=at(-5000))).status_code == 201
    assert api.get("/members/m-1").json["balances"][0]["available"] == 24


def test_a_purchase_is_shown_whole(api: Caller, member: dict):
    item = {"sku": "K1", "name": "Cappuccino", "category": "hot drinks", "quantity": 2, "amount": "8.40"}
    discount = {"scope": "group", "name": "hot drinks", "amount": "2.10"}
    told = sale(
        member=member, location="main", payment_method="card", items=[item], discounts=[discount], coupon="SPRING"
    )
    number = api.post("/purchases", told).json["purchase"]
    shown = api.get("/purchases/r-1").json
    assert shown == api.get(f"/purchases/{number}").json == api.get("/purchases").json["items"][0]
    assert {name: shown[name] for name in ("external_id", "member", "amount", "refunded", "location", "coupon")} == {
        "external_id": "r-1",
        "member": "m-1",
        "amount": "12.50",
        "refunded": "0.00",
        "location": "main",
        "coupon": "SPRING",
    }
    assert (shown["items"], shown["discounts"]) == ([item], [discount])


def test_a_refund_takes_back_its_share_once(api: Caller, member: dict):
    api.post("/purchases", sale(member=member))
    part = {"external_id": "f-1", "amount": "6.25", "occurred_at": at()}
    answer = api.post("/purchases/r-1/refund", part)
    assert answer.status_code == 201, answer.text
    assert set(answer.json) == {"refund", "points", "balances", "withdrawn"}
    assert answer.json["points"] == [{"currency": "points", "reversed": 6}]
    again = api.post("/purchases/r-1/refund", part)
    assert (again.status_code, again.json) == (200, answer.json)
    assert_problem(api.post("/purchases/r-1/refund", part | {"amount": "1.00"}), 409)
    assert_problem(api.post("/purchases/r-1/refund", part | {"external_id": "f-2", "amount": "6.26"}), 422)
    rest = api.post("/purchases/r-1/refund", {"external_id": "f-3", "occurred_at": at()})
    assert rest.json["balances"] == [{"currency": "points", "available": 0, "pending": 0}]
    assert_problem(api.post("/purchases/nothing/refund", part | {"external_id": "f-4"}), 404)


def test_an_external_id_may_hold_slashes(api: Caller):
    odd = "gid://shop/Order/1"
    assert api.post("/purchases", sale(external_id=odd)).status_code == 201
    refunded = api.post("/purchases/gid:%2F%2Fshop%2FOrder%2F1/refund", {"external_id": "f", "occurred_at": at()})
    assert refunded.status_code == 201, refunded.text
