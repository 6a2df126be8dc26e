"""The members' room of the API."""

from tests.web.api.conftest import Caller

NORA = {"first_name": "Nora", "email": "Nora@Example.com", "phone": "0660 1234567", "birthday": "1990-12-31"}


def test_a_new_member_is_201_and_a_changed_one_200(api: Caller):
    made = api.put("/members/m-1", NORA)
    assert (made.status_code, made.json["phone"], made.json["email"]) == (201, "+436601234567", "Nora@example.com")
    assert made.json["completeness"] == {"percent": 80, "missing": ["last_name"]}
    assert made.json["balances"] == [{"currency": "points", "available": 0, "pending": 0}]

    changed = api.put("/members/m-1", {"last_name": "Huber", "birthday": None})
    assert (changed.status_code, changed.json["last_name"], changed.json["birthday"]) == (200, "Huber", None)
    assert changed.json["first_name"] == "Nora"
    assert api.get("/members/m-1").json == changed.json
