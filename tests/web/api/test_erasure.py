"""A forgotten person stands nowhere any more: a distinctive name and addresses are planted wherever the product writes
such things, and after the erasure every table is searched for them."""

import json
import re
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from connectors.square import SOURCE
from tests.factories import Make
from tests.web.api.conftest import Cafe, Caller
from tests.web.api.test_purchases import at, sale

FIRST, LAST = "Zsófiaquin", "Quandtmeyer"
PERSON = {
    "first_name": FIRST,
    "last_name": LAST,
    "email": "Zsofia.Quandtmeyer@example.com",
    "phone": "+436607654321",
    "card": "QX-40017711",
    "birthday": "1987-03-29",
    "attributes": {"nickname": "Quandti"},
}
ME = {"external_id": "guest-zq-9917"}
NEEDLES = (FIRST, LAST, "zsofia.quandtmeyer", "6607654321", "QX-40017711", "guest-zq-9917", "Quandti", "1987-03-29")
KEYED = {"headers": {"Idempotency-Key": "erase-me"}}
TABLES = """
    SELECT relname FROM pg_class
     WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND NOT relispartition"""


def mentions(database) -> dict[str, list[str]]:
    """Where any of the needles stands, in any spelling of blanks, by table."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(database.admin_url) as connection:
        for (table,) in connection.execute(TABLES).fetchall():
            rows = connection.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
            told = "\n".join(row for (row,) in rows) + "\n" + _bytes(connection, table)
            seen = [each for each in NEEDLES if each.lower() in told.lower() or _plain(each) in _plain(told)]
            if seen:
                found[table] = seen
    return found


def _plain(told: str) -> str:
    return re.sub(r"[ ().\-/]", "", told).lower()


def _bytes(connection: psycopg.Connection, table: str) -> str:
    if table != "import_parts":
        return ""
    return "\n".join(row for (row,) in connection.execute("SELECT convert_from(data, 'UTF8') FROM import_parts"))


@pytest.fixture
def planted(api: Caller, cafe: Cafe, database) -> int:
    """The person's row, after a busy life: told through every door, kept in every table."""
    known = PERSON | {"consents": {"sms": {"rewards": True}}, "consent_source": f"{FIRST} told me at the till"}
    assert api.put("/members/guest-zq-9917", known).status_code == 201
    friend = {"external_id": "m-friend"}
    api.put("/members/m-friend", {"first_name": "Nora", "email": "nora@example.com"})
    item = {"name": f"Cake for {FIRST} {LAST}", "amount": "12.50"}
    discount = {"scope": "receipt", "name": f"birthday of {LAST}, {FIRST}", "amount": "1.00"}
    bought = sale(member={"email": PERSON["email"]}, items=[item], discounts=[discount], coupon="QX-40017711")
    assert api.post("/purchases", bought, headers={"Idempotency-Key": "buy"}).status_code == 201
    points = {"currency": "points", "points": 30, "reason": f"Sorry, {FIRST} {LAST}"}
    api.post("/points", {"member": ME, "external_id": "sorry-zsofia.quandtmeyer@example.com"} | points)
    told = {"occurred_at": at(), "properties": {"name": f"{FIRST} {LAST}", "seat": "by the window"}}
    api.post("/events", {"type": "custom.tasting", "member": ME, "external_id": "e-guest-zq-9917"} | told)
    api.post(
        "/events",
        {"type": "card.issued", "member": ME, "external_id": "e-2"} | told | {"properties": {"card": "QX-40017711"}},
    )
    brought = {"type": "friend.invited", "member": friend, "external_id": "e-3", "occurred_at": at()}
    api.post("/events", brought | {"properties": {"friend": "guest-zq-9917"}})
    line = json.dumps({"op": "member"} | ME | {"last_name": LAST})
    api.post("/batch", data=line, content_type="application/x-ndjson", **KEYED)
    template = api.post(
        "/templates", {"name": "T", "channel": "email", "subject": "Hi {{ member.first_name }}", "body": "B"}
    )
    preview = f"/templates/{template.json['id']}/preview"
    assert FIRST in api.post(preview, {"member": ME}, headers={"Idempotency-Key": "look"}).json["subject"]
    with database.session(cafe.id) as session:
        member_id = _plant_rows(session)
        session.commit()
    return member_id


MESSAGES = """
    INSERT INTO messages (member_id, cause, occasion, channel, topic, due_at, state, address, subject, body_preview,
                          detail, gateway_id, provider_ref, sent_at, placeholder_values)
    VALUES (:id, 'reward:1', 'a', 'email', 'rewards', now(), 'sent', :email, :hello, :hello, :bounce, :gateway,
            'ref-1', now(), CAST(:values AS jsonb)),
           (:id, 'reward:1', 'b', 'email', 'rewards', now(), 'planned', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            '{}'),
           (NULL, 'confirmation', 'c', 'email', 'promotional', now(), 'sent', :email, NULL, :hello, NULL, NULL, NULL,
            now(), CAST(:values AS jsonb))"""
REPORTS = """
    INSERT INTO reports (gateway_id, key, kind, provider_ref, detail, applied_at)
    VALUES (:gateway, 'k1', 'bounced', 'ref-1', :bounce, now()),
           (:gateway, 'k2', 'text', NULL, :stop, now()),
           (:gateway, 'k3', 'unknown', NULL, 'From=%2B436607654321&Body=what', now())"""
CONSENT = """
    INSERT INTO consents (member_id, channel, topic, granted, given_at, source, wording, address)
    VALUES (:id, 'sms', 'rewards', false, now(), 'text message', :stop, :phone)"""
SIGN_UP = """
    INSERT INTO sign_ups (email, first_name, language, wording, wording_version, expires_at)
    VALUES (:email, :first, 'en', '', '', now())"""
OWNERS_THINGS = (
    "INSERT INTO member_aliases (kind, value, member_id) VALUES ('card', 'OLD-QX-40017711', :id)",
    "INSERT INTO segments (name, definition) VALUES ('One', CAST(:tree AS jsonb))",
    "INSERT INTO tags (name, definition) VALUES ('One', CAST(:tree AS jsonb))",
    """INSERT INTO member_tags (tag_id, member_id, applied_at, source, because)
       SELECT id, :id, now(), 'hand', CAST(:why AS jsonb) FROM tags WHERE name = 'One'""",
)
HOOK = """
    INSERT INTO inbound_hooks (connector_id, key, kind, body, state, detail, due_at)
    SELECT id, :key, 'x', CAST(:body AS jsonb), :state, :detail, now() FROM connectors"""
FILE = (
    "INSERT INTO imports (kind, state, file_name) VALUES ('members', 'done', 'guests.csv')",
    "INSERT INTO import_parts (import_id, number, data) SELECT id, 1, convert_to(:words, 'UTF8') FROM imports",
    """INSERT INTO import_remarks (import_id, line, field, words, "values", is_refusal, row)
       SELECT id, 2, 'email', :words, jsonb_build_object('address', CAST(:email AS text)), true, CAST(:row AS jsonb)
         FROM imports""",
    """INSERT INTO import_changes (import_id, member_id, was, became)
       SELECT id, :id, '{}', CAST(:became AS jsonb) FROM imports""",
)


def _plant_rows(session: Session) -> int:
    """What workers, hooks, files and owners would have written."""
    make, email = Make(session), PERSON["email"].lower()
    member_id = session.execute(text("SELECT id FROM members WHERE external_id = 'guest-zq-9917'")).scalar_one()
    tree = json.dumps({"fact": "member.email", "op": "eq", "value": email})
    values = {
        "id": member_id,
        "email": email,
        "phone": PERSON["phone"],
        "first": FIRST,
        "hello": f"Hello {FIRST}",
        "bounce": f"550 <{email}> unknown",
        "stop": f"STOP, says {FIRST}",
        "values": json.dumps({"text": f"Dear {FIRST}"}),
        "gateway": make.gateway("email").id,
        "tree": tree,
        "why": json.dumps({"note": f"{FIRST} asked"}),
        "words": f"{email} is there twice",
        "row": json.dumps([FIRST, LAST, "0660 7654321"]),
        "became": json.dumps({"first_name": FIRST}),
    }
    for statement in (MESSAGES, REPORTS, CONSENT, SIGN_UP, *OWNERS_THINGS, *FILE):
        session.execute(text(statement), values)
    make.suppression("email", email, detail=values["bounce"])
    make.suppression("sms", PERSON["phone"], reason="opted_out", lifted_at=datetime.now(UTC))
    _plant_hooks(session, email)
    return member_id


def _plant_hooks(session: Session, email: str) -> None:
    session.execute(text("INSERT INTO connectors (system, credentials) VALUES (:system, '')"), {"system": SOURCE})
    customer = {"given_name": FIRST, "family_name": LAST, "email_address": email, "phone_number": "0660 765-43 21"}
    card = {"cardholder_name": f"{FIRST} {LAST}"}
    payment = {"payment": {"id": "p1", "status": "COMPLETED", "buyer_email_address": email, "card": card}}
    hooks = (("h1", "done", {"customer": customer}), ("h2", "new", payment), ("h3", "unknown", customer))
    for key, state, body in hooks:
        told = {"key": key, "state": state, "body": json.dumps(body), "detail": f"Nobody has {email}"}
        session.execute(text(HOOK), told)


def test_the_search_finds_what_was_planted(planted, database):
    assert set(mentions(database)) >= {
        *("members", "purchases", "purchase_items", "events", "ledger_entries", "messages", "reports", "consents"),
        *("suppressions", "inbound_hooks", "import_parts", "import_remarks", "import_changes", "idempotency_keys"),
        *("sign_ups", "member_aliases", "segments", "tags", "member_tags"),
    }


def test_after_the_erasure_no_table_knows_the_person(planted, api, database):
    assert api("DELETE", "/members/guest-zq-9917").status_code == 204

    assert mentions(database) == {}


def test_the_ledger_and_the_totals_stay(planted, api, database, stored):
    def totals():
        stored.rollback()
        return stored.execute(
            text("""
            SELECT (SELECT sum(amount_minor) FROM purchases), (SELECT sum(points) FROM ledger_entries),
                   (SELECT sum(available) FROM balances), (SELECT count(*) FROM events),
                   (SELECT count(*) FROM messages), (SELECT count(*) FROM consents)""")
        ).one()

    before = totals()
    api("DELETE", "/members/guest-zq-9917")
    assert totals() == before


def test_a_refused_address_is_recognised_when_it_comes_back_and_asked_again(planted, api):
    api("DELETE", "/members/guest-zq-9917")

    again = api.put("/members/m-new", {"email": PERSON["email"].upper()}).json
    assert [(each["channel"], each["reason"]) for each in again["suppressions"]] == [("email", "bounced")]


def test_what_a_till_tells_later_about_the_person_makes_nobody(planted, api, stored):
    api("DELETE", "/members/guest-zq-9917")

    for member in (ME, {"email": PERSON["email"]}, {"phone": PERSON["phone"]}, {"card": PERSON["card"]}):
        assert api.post("/purchases", sale(external_id="late", member=member)).status_code == 422
    assert stored.execute(text("SELECT count(*) FROM members WHERE erased_at IS NULL")).scalar() == 1
