"""The ledger in the database: how members stand is read under their lock, and what a book posted is written at once.

Entries are only ever added; lots and balances follow in the same statement, and so do the events that tell of it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.loyalty.book import Account, Book, OpenLot, UnlockHistory
from domain.loyalty.events import plain
from domain.statements import hot, run

# Columns about `:member_ids` at `:now`: balances, what they did with rewards, and whether a lot waits to turn.
STANDING = """
    (SELECT jsonb_agg(jsonb_build_array(member_id, currency_id, available, pending)) FROM balances
      WHERE member_id = ANY(CAST(:member_ids AS bigint[]))) AS balances,
    (SELECT jsonb_agg(jsonb_build_array(member_id, reward_id, last, used, open, lapsed)) FROM (
        SELECT member_id, reward_id, max(number) AS last, bool_or(state <> 'withdrawn') AS used,
               bool_or(state = 'open' AND (valid_until IS NULL OR valid_until > :now)) AS open,
               coalesce(bool_or(state = 'open' AND valid_until <= :now), false) AS lapsed
          FROM reward_events WHERE member_id = ANY(CAST(:member_ids AS bigint[])) GROUP BY member_id, reward_id) AS u
    ) AS unlocks,
    EXISTS (SELECT FROM lots WHERE member_id = ANY(CAST(:member_ids AS bigint[])) AND remaining > 0
               AND (NOT active AND activates_at <= :now OR expires_at <= :now)) AS is_due"""
_READ = text("SELECT" + STANDING)
_LOTS = text("""
    SELECT l.id, l.member_id, l.currency_id, l.points, l.remaining, l.active, l.activates_at, l.expires_at,
           CASE e.kind WHEN 'earned' THEN e.purchase_id END AS purchase_id
      FROM lots l JOIN ledger_entries e ON e.tenant_id = l.tenant_id AND e.id = l.entry_id
     WHERE l.member_id = ANY(CAST(:member_ids AS bigint[])) AND (l.remaining > 0 OR l.id = ANY(CAST(:also AS bigint[])))
     ORDER BY l.activates_at, l.id""")
_LOCK = text("SELECT id FROM members WHERE id = ANY(CAST(:member_ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE")
_WRITE = """
    WITH entry AS (
      INSERT INTO ledger_entries (member_id, currency_id, points, kind, cause, reason, purchase_id, lots, occurred_at,
                                  recorded_at)
      SELECT member_id, currency_id, points, kind, cause, reason, purchase_id, lots, occurred_at, :now
        FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS e (member_id bigint, currency_id bigint, points bigint,
             kind text, cause text, reason text, purchase_id bigint, lots jsonb, occurred_at timestamptz)
      RETURNING id, cause, currency_id),
    new_lot AS (
      INSERT INTO lots (entry_id, member_id, currency_id, points, remaining, activates_at, expires_at, active)
      SELECT entry.id, l.member_id, currency_id, l.points, l.remaining, l.activates_at, l.expires_at, l.active
        FROM jsonb_to_recordset(CAST(:new_lots AS jsonb)) AS l (member_id bigint, currency_id bigint, cause text,
             points bigint, remaining bigint, activates_at timestamptz, expires_at timestamptz, active boolean)
        JOIN entry USING (cause, currency_id)),
    changed_lot AS (
      UPDATE lots SET remaining = c.remaining, active = c.active
        FROM jsonb_to_recordset(CAST(:changed_lots AS jsonb)) AS c (id bigint, remaining bigint, active boolean)
       WHERE lots.id = c.id),
    balance AS (
      INSERT INTO balances (member_id, currency_id, available, pending)
      SELECT * FROM jsonb_to_recordset(CAST(:balances AS jsonb))
                 AS b (member_id bigint, currency_id bigint, available bigint, pending bigint)
          ON CONFLICT (tenant_id, member_id, currency_id)
          DO UPDATE SET available = excluded.available, pending = excluded.pending),
    event AS (
      INSERT INTO events (type, member_id, occurred_at, recorded_at, properties)
      SELECT type, member_id, occurred_at, :now, properties
        FROM jsonb_to_recordset(CAST(:events AS jsonb))
          AS h (type text, member_id bigint, occurred_at timestamptz, properties jsonb))"""
# Purchases and refunds touched their member when they were counted.
_TOUCHED = """,
    touched AS (
      INSERT INTO member_summaries (member_id, touched_at)
      SELECT id, :now FROM members WHERE id = ANY(CAST(:touched AS bigint[])) AND erased_at IS NULL
          ON CONFLICT (tenant_id, member_id) DO UPDATE SET touched_at = excluded.touched_at)"""
_ANSWERED = """,
    answered AS (
      UPDATE {table} SET answer = a.answer
        FROM jsonb_to_recordset(CAST(:answers AS jsonb)) AS a (id bigint, answer jsonb) WHERE {table}.id = a.id)"""
_IDS = """
    SELECT cause, id FROM entry"""
_POST = hot(_WRITE + _TOUCHED + _IDS, answers="cause id")
_POST_AND_ANSWER = {
    "purchases": hot(_WRITE + _ANSWERED.format(table="purchases") + _IDS, answers="cause id"),
    "refunds": hot(_WRITE + _ANSWERED.format(table="refunds") + _IDS, answers="cause id"),
    "redemptions": hot(_WRITE + _TOUCHED + _ANSWERED.format(table="redemptions") + _IDS, answers="cause id"),
}


@dataclass(frozen=True, slots=True)
class Answered:
    """The rows that keep what the till was told, with the answer of each by its id."""

    table: str
    answers: Mapping[int, dict[str, Any]]


def of_standing(row: Any, member_ids: Sequence[int], *, now: datetime) -> Book:
    """The book of members who are locked already, from a row that selected `STANDING` after the lock was had."""
    accounts = {(each[0], each[1]): Account(each[2], each[3], each[2]) for each in row.balances or ()}
    unlocks = {(each[0], each[1]): UnlockHistory(*each[2:]) for each in row.unlocks or ()}
    return Book(member_ids, now, accounts, unlocks, is_due=row.is_due)


def read_book(session: Session, member_ids: Sequence[int], *, now: datetime) -> Book:
    """The book of members who are locked already."""
    row = session.execute(_READ, {"member_ids": list(member_ids), "now": now}).one()
    return of_standing(row, member_ids, now=now)


def open_book(session: Session, member_ids: Sequence[int], *, now: datetime) -> Book:
    """Lock the members, always in the same order, and read how they stand."""
    session.execute(_LOCK, {"member_ids": list(member_ids)})
    return read_book(session, member_ids, now=now)


def load_lots(session: Session, book: Book, *, also: Iterable[int] = ()) -> list[OpenLot]:
    """Give the book the lots with something left, oldest first, and those of the ids in `also`."""
    rows = session.execute(_LOTS, {"member_ids": list(book.member_ids), "also": list(also)})
    book.lots = [OpenLot(*row) for row in rows]
    return book.lots


def write(session: Session, book: Book, answered: Answered | None = None) -> dict[str, int]:
    """Write what was posted, the events, and the answers where they are kept; the ids of the entries by cause."""
    values: dict[str, Any] = {
        "now": book.now,
        "entries": _json(book.entries),
        "new_lots": _json([_columns(lot, _NEW_LOT) for lot in book.new_lots]),
        "changed_lots": _json([_columns(lot, _CHANGED_LOT) for lot in book.changed_lots.values()]),
        "balances": _json([_balance(book, key) for key in sorted(book.touched)]),
        "events": _json([each.row() for each in book.events]),
        "touched": _touched(book),
    }
    if answered is None:
        return _ids(run(session, _POST, values))
    kept = {"answers": _json([{"id": id, "answer": answer} for id, answer in answered.answers.items()])}
    return _ids(run(session, _POST_AND_ANSWER[answered.table], values | kept))


def balances_of(session: Session, member_id: int) -> list[dict[str, Any]]:
    """How a member stands: `[{currency, available, pending}]`, one for each currency of the café."""
    rows = session.execute(_BALANCES, {"member_id": member_id})
    return [{"currency": code, "available": available, "pending": pending} for code, available, pending in rows]


_BALANCES = text("""
    SELECT c.code, coalesce(b.available, 0), coalesce(b.pending, 0) FROM currencies c
      LEFT JOIN balances b ON b.tenant_id = c.tenant_id AND b.currency_id = c.id AND b.member_id = :member_id
     ORDER BY c.id""")
_NEW_LOT = ("member_id", "currency_id", "cause", "points", "remaining", "activates_at", "expires_at", "active")
_CHANGED_LOT = ("id", "remaining", "active")


def _touched(book: Book) -> list[int]:
    told = {each.member_id for each in book.events if each.member_id is not None}
    return sorted(told | {member_id for member_id, _ in book.touched})


def _balance(book: Book, key: tuple[int, int]) -> dict[str, int]:
    account = book.accounts[key]
    return {"member_id": key[0], "currency_id": key[1], "available": account.available, "pending": account.pending}


def _columns(lot: Any, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(lot, name) for name in names}


def _ids(rows: Iterable[Any]) -> dict[str, int]:
    return {row.cause: row.id for row in rows}


def _json(value: Any) -> str:
    return json.dumps(value, default=plain)
