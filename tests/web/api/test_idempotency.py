"""`Idempotency-Key`: done once, answered the same way for a day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from domain import clock
from models.template import Template
from tests.databases import Database
from tests.web.api.conftest import Cafe, Caller, open_cafe

TEXT = {"name": "Hello", "channel": "sms", "body": "Hi!"}
KEY = {"Idempotency-Key": "k-1"}


def count(stored: Session) -> int:
    stored.rollback()
    return stored.scalar(select(func.count()).select_from(Template))


def test_the_same_content_gets_the_first_status_and_body(api: Caller, stored: Session):
    first = api.post("/templates", TEXT, headers=KEY)
    again = api.post("/templates", dict(reversed(TEXT.items())), headers=KEY)
    assert (again.status_code, again.data, again.mimetype) == (201, first.data, "application/json")
    assert count(stored) == 1


def test_other_content_or_another_address_is_409(api: Caller, stored: Session):
    made = api.post("/templates", TEXT, headers=KEY).json
    assert api.post("/templates", TEXT | {"name": "Other"}, headers=KEY).status_code == 409
    assert api.post(f"/templates/{made['id']}/preview", {}, headers=KEY).status_code == 409
    assert count(stored) == 1


def test_after_a_day_the_key_is_free_again(api: Caller, stored: Session):
    api.post("/templates", TEXT, headers=KEY)
    with clock.set_to(clock.now() + timedelta(hours=24, seconds=1)):
        assert api.post("/templates", TEXT | {"name": "Other"}, headers=KEY).json["name"] == "Other"
    assert count(stored) == 2


def test_a_refused_request_does_not_use_the_key_up(api: Caller):
    assert api.post("/templates", TEXT | {"body": "{{ nothing }}"}, headers=KEY).status_code == 422
    assert api.post("/templates", TEXT, headers=KEY).status_code == 201


def test_a_key_is_printable_ascii_of_at_most_255(api: Caller):
    for key in ("", "x" * 256, "ümlaut", "tab\there"):
        assert api.post("/templates", TEXT, headers={"Idempotency-Key": key}).status_code == 400


def test_while_the_first_is_running_it_is_409_with_retry_after(api: Caller, cafe: Cafe, stored: Session):
    stored.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"idempotency:{cafe.id}:k-1"}
    )
    running = api.post("/templates", TEXT, headers=KEY)
    assert (running.status_code, running.mimetype) == (409, "application/problem+json")
    assert int(running.headers["Retry-After"]) >= 1
    stored.rollback()
    assert api.post("/templates", TEXT, headers=KEY).status_code == 201


def test_many_at_once_do_it_once(app: Flask, cafe: Cafe, stored: Session):
    def post(_number: int) -> tuple[int, bytes]:
        answer = Caller(app.test_client(), cafe.key).post("/templates", TEXT, headers=KEY)
        return answer.status_code, answer.data

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, range(24)))
    assert {status for status, _ in answers} <= {201, 409}
    assert len({body for status, body in answers if status == 201}) == 1
    assert count(stored) == 1


def test_another_cafe_has_keys_of_its_own(app: Flask, api: Caller, database: Database):
    other = Caller(app.test_client(), open_cafe(database, "other").key)
    assert api.post("/templates", TEXT, headers=KEY).status_code == 201
    assert other.post("/templates", TEXT | {"name": "Other"}, headers=KEY).json["name"] == "Other"
