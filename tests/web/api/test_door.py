"""What every request to the API must pass: a key, one meaning, a bounded size. Refusals are problem documents."""

import json
import time

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models.member import Member
from models.template import Template
from tests.databases import Database
from tests.web.api.conftest import Cafe, Caller, new_key

TEXT = {"name": "Hello", "channel": "sms", "body": "Hi!"}
UNREADABLE = [
    (b"{", 400),
    (b"", 400),
    (b"nope", 400),
    (b"\xff\xfe{}", 400),
    ('{"name": "ä"}'.encode("latin-1"), 400),
    (b'{"name": "a", "name": "b"}', 400),
    (b'{"name": NaN}', 400),
    (b'{"name": -Infinity}', 400),
    (b'{"name": 1e999}', 400),
    (b'{"name": ' + b"9" * 5000 + b"}", 400),
    (b'{"name": "raw \x00 nul"}', 400),
    (b"[" * 100_000, 400),
    (b'{"a":' * 33 + b"1" + b"}" * 33, 400),
    (b"[]", 400),
    (b'"{}"', 400),
    (b"null", 400),
    (b"3", 400),
    (b'{"name": "nul \\u0000"}', 422),
    (b'{"name": "half a pair \\ud83d"}', 422),
    (b'{"\\udc00": 1}', 422),
    (b"{}", 422),
    (json.dumps(TEXT | {"colour": "red"}).encode(), 422),
    (json.dumps(TEXT | {"name": 3}).encode(), 422),
    (json.dumps(TEXT | {"name": None}).encode(), 422),
    (json.dumps(TEXT | {"name": ""}).encode(), 422),
    (json.dumps(TEXT | {"name": "two\nlines"}).encode(), 422),
    (json.dumps(TEXT | {"name": "x" * 121}).encode(), 422),
    (json.dumps(TEXT | {"channel": "pigeon"}).encode(), 422),
    (json.dumps(TEXT | {"blocks": {}}).encode(), 422),
]
BAD_QUERIES = [
    "limit=0",
    "limit=501",
    "limit=-1",
    "limit=ten",
    "limit=5.0",
    "limit=",
    "cursor=",
    "cursor=x",
    "cursor=YWZ0ZXI6LTE",
    "cursor=%C3%A4",
    "cursor=YWZ0ZXIgOTk5OTk5OTk5OTk5OTk5OTk5OTk5",
    "page=2",
    "limit=5&limit=6",
]
BAD_KEYS = [
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer rg_wrong"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer sch\u00f6n"},
]


def assert_problem(response: TestResponse, status: int) -> None:
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.text
    assert {"type", "title", "status", "detail"} <= set(response.json)
    assert response.json["status"] == status
    assert response.headers["Cache-Control"] == "no-store"


def send(api: Caller, raw: bytes | str, content_type: str = "application/json") -> TestResponse:
    return api.post("/templates", data=raw, content_type=content_type)


def test_without_a_good_key_it_is_401_and_says_which_way_to_sign_in(app: Flask):
    for headers in BAD_KEYS:
        response = app.test_client().get("/api/v1/members", headers=headers)
        assert_problem(response, 401)
        assert response.headers["WWW-Authenticate"].lower().startswith("bearer")


def test_a_revoked_key_opens_nothing(api: Caller, cafe: Cafe, stored: Session):
    from models.key import ApiKey

    key = stored.scalar(select(ApiKey).where(ApiKey.tenant_id == cafe.id))
    key.revoked_at = func.now()
    stored.commit()
    assert_problem(api.get("/members"), 401)


def test_a_key_opens_only_what_its_scopes_say(app: Flask, cafe: Cafe, database: Database):
    reader = Caller(app.test_client(), new_key(database, cafe, "members:read"))
    assert reader.get("/members").status_code == 200
    assert_problem(reader.put("/members/m-1", {}), 403)
    assert_problem(reader.get("/messages"), 403)
    assert_problem(reader.post("/templates", TEXT), 403)


def test_a_body_has_one_meaning_or_is_refused(api: Caller, stored: Session):
    for raw, status in UNREADABLE:
        assert_problem(send(api, raw), status)
    assert stored.scalar(select(func.count()).select_from(Template)) == 0


def test_nesting_of_32_levels_is_read(api: Caller):
    deepest = b'{"a":' * 32 + b"1" + b"}" * 32
    assert send(api, deepest).json["errors"][-1] == {"path": "a", "message": "There is no such field here."}


def test_what_is_wrong_is_told_beside_each_field(api: Caller):
    refused = api.post("/templates", {"channel": "sms", "colour": "red", "blocks": [1]})
    assert {each["path"] for each in refused.json["errors"]} == {"name", "colour", "blocks.0"}


def test_only_json_is_taken_as_json(api: Caller):
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert_problem(send(api, json.dumps(TEXT), content_type), 415)
    assert send(api, json.dumps(TEXT), "application/json; charset=utf-8").status_code == 201


def test_a_body_of_more_than_one_mebibyte_is_413(api: Caller):
    assert_problem(send(api, b'{"name": "' + b"x" * 1024 * 1024 + b'"}'), 413)


def test_an_unknown_address_and_a_wrong_method_are_problem_documents(api: Caller):
    for path in (
        "/nothing",
        "/members/m-1/nothing/here",
        "/templates/abc",
        "/templates/-1",
        "/templates/9" + "9" * 30,
        "/rewards/" + "9" * 19,
    ):
        assert_problem(api.get(path), 404)
    wrong = api("DELETE", "/templates")
    assert wrong.status_code == 405
    assert wrong.mimetype == "application/problem+json"


def test_a_bad_limit_cursor_or_parameter_is_422(api: Caller):
    for noun in ("members", "messages", "templates"):
        for query in BAD_QUERIES:
            assert_problem(api.get(f"/{noun}?{query}"), 422)


def test_pages_hold_every_row_once(api: Caller):
    for number in range(5):
        api.put(f"/members/m-{number}", {})
    seen, cursor = [], None
    while True:
        page = api.get("/members", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        seen += [item["external_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["m-4", "m-3", "m-2", "m-1", "m-0"]


def test_too_many_requests_are_429_with_the_seconds_to_wait(app: Flask, api: Caller):
    app.config["API_RATE"] = "2 per hour"
    while api.get("/members").status_code == 200:
        pass
    refused = api.get("/members")
    assert_problem(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600


def test_guessing_keys_is_slowed_per_address_and_stops_nobody_with_a_key(app: Flask, api: Caller):
    app.config["API_REFUSED_RATE"] = "2 per hour"
    stranger = Caller(app.test_client(), "rg_guess")
    while stranger.get("/members").status_code == 401:
        pass
    assert_problem(stranger.get("/members"), 429)
    assert api.get("/members").status_code == 200


def test_with_redis_down_requests_are_answered_and_still_counted(settings, cafe: Cafe):
    from web import create_app

    app = create_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    api = Caller(app.test_client(), cafe.key)
    began = time.monotonic()
    assert api.get("/members").status_code == 200
    assert time.monotonic() - began < 5
    app.config["API_RATE"] = "1 per hour"
    api.get("/members")
    assert_problem(api.get("/members"), 429)


def test_a_defect_is_a_problem_document_without_any_detail(app: Flask, api: Caller, monkeypatch: pytest.MonkeyPatch):
    def broken(*_args: object) -> None:
        raise RuntimeError("SELECT secrets FROM vault")

    monkeypatch.setattr("domain.audience.members.get", broken)
    app.testing = False
    response = api.get("/members/m-1")
    assert_problem(response, 500)
    assert "vault" not in response.text


def test_a_refused_member_is_not_half_written(api: Caller, stored: Session):
    assert_problem(
        api.put(
            "/members/m-1", {"first_name": "Nora", "consents": {"pigeon": {"rewards": True}}, "consent_source": "form"}
        ),
        422,
    )
    assert stored.scalar(select(func.count()).select_from(Member)) == 0
