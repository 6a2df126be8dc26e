"""Rows that may mention a person without being theirs: what tills, files and programs told us, and what we answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.accounts.idempotency import KEPT_FOR
from domain.audience.traces import GONE, Person

_BLANKS = " ().-/"

Cleaning = Callable[[Person, Any], Any]


def _taken_out(person: Person, value: Any) -> Any:
    return person.taken_out(value)


def _blanked(person: Person, value: Any) -> Any:
    return person.blanked(value)


def _blanked_json_text(person: Person, value: str) -> str:
    try:
        document = json.loads(value)
    except ValueError:
        return person.without(value)
    return json.dumps(person.blanked(document), ensure_ascii=False, separators=(",", ":"))


def _gone(person: Person, value: str) -> str:
    return GONE if person.is_meant_by(value) else value


@dataclass(frozen=True, slots=True)
class Place:
    """A column in which somebody may be mentioned, which of its rows to look at, and how it is cleaned.

    `where` may ask for `:member_id`. `json` columns are read and written as JSON.
    """

    table: str
    column: str
    clean: Cleaning
    json: bool = True
    where: str = "true"
    key: str = "id"


_THEIR_PURCHASES = "purchase_id IN (SELECT id FROM purchases WHERE member_id = :member_id)"
PLACES = (
    Place("purchases", "discounts", _taken_out, where="member_id = :member_id"),
    Place("purchases", "coupon", _taken_out, json=False, where="member_id = :member_id"),
    Place("purchases", "answer", _taken_out, where="member_id = :member_id"),
    Place("purchase_items", "name", _taken_out, json=False, where=_THEIR_PURCHASES),
    Place("refunds", "answer", _taken_out, where=_THEIR_PURCHASES),
    Place("events", "properties", _taken_out, where="(type LIKE 'friend.%' OR type LIKE 'custom.%')"),
    Place("inbound_hooks", "body", _taken_out),
    Place("inbound_hooks", "detail", _taken_out, json=False),
    Place("reports", "detail", _gone, json=False, where="detail <> ''"),
    Place("idempotency_keys", "body", _blanked_json_text, json=False, key="key"),
    Place("import_remarks", "row", _blanked),
    Place("import_remarks", "words", _taken_out, json=False),
    Place("import_remarks", '"values"', _taken_out),
    Place("segments", "definition", _taken_out),
    Place("tags", "definition", _taken_out),
    Place("earning_rules", "condition", _taken_out),
)

# Hooks that were worked through are kept for their key alone, so that the same one told again is known.
_EMPTY_HOOKS = text("UPDATE inbound_hooks SET body = '{}', detail = NULL WHERE id = ANY(:ids) AND state = 'done'")
_OLD_ANSWERS = text("DELETE FROM idempotency_keys WHERE created_at <= :before")
# A preview holds nothing but a greeting, and asking again makes it again.
_PREVIEWS = text("""
    DELETE FROM idempotency_keys
     WHERE (body LIKE '{"subject"%' OR body LIKE '{"text"%') AND EXISTS (
           SELECT FROM unnest(CAST(:names AS text[])) AS n WHERE strpos(lower(body), lower(n)) > 0)""")
_FILES = text("""
    DELETE FROM import_parts p USING imports i
     WHERE i.id = p.import_id AND i.state IN ('done', 'refused', 'undone')""")


def remove(session: Session, person: Person, member_id: int, *, now: datetime) -> None:
    """Take the person out of every row that mentions them."""
    session.execute(_OLD_ANSWERS, {"before": now - KEPT_FOR})
    session.execute(_PREVIEWS, {"names": [each for each in (person.first_name, person.last_name) if each]})
    session.execute(_FILES)
    for place in PLACES:
        cleaned = _clean(session, place, person, member_id)
        if place.table == "inbound_hooks" and place.column == "body":
            session.execute(_EMPTY_HOOKS, {"ids": cleaned})


def _clean(session: Session, place: Place, person: Person, member_id: int) -> list[Any]:
    """Clean the rows of one place that mention the person; the keys of those."""
    asked = {"needles": person.needles, "digits": person.digits, "member_id": member_id}
    rows = session.execute(text(_find(place)), asked).all()
    changed = {key: new for key, old in rows if (new := place.clean(person, old)) != old}
    if changed:
        values = [{"key": key, "new": json.dumps(new) if place.json else new} for key, new in changed.items()]
        session.execute(text(_write(place)), values)
    return list(changed)


def _find(place: Place) -> str:
    lower = f"lower({place.column}::text)"
    return f"""
        SELECT {place.key}, {place.column} FROM {place.table}
         WHERE {place.where} AND {place.column} IS NOT NULL AND CAST(:member_id AS bigint) IS NOT NULL AND (
               EXISTS (SELECT FROM unnest(CAST(:needles AS text[])) AS n WHERE strpos({lower}, n) > 0)
            OR EXISTS (SELECT FROM unnest(CAST(:digits AS text[])) AS d
                        WHERE strpos(translate({place.column}::text, '{_BLANKS}', ''), d) > 0))"""  # noqa: S608


def _write(place: Place) -> str:
    new = "CAST(:new AS jsonb)" if place.json else ":new"
    return f"UPDATE {place.table} SET {place.column} = {new} WHERE {place.key} = :key"  # noqa: S608
