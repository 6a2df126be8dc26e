"""Points: an append-only ledger, lots with their own activation and expiry, and balances that are always their sum.

A `Book` is opened over members whose rows are locked. Postings change it in memory; `write` puts entries, lots, balances
and events into the database in one statement. What holds after every posting: the entries of a member and currency add
up to available + pending; pending is what is left of lots that wait; available is what is left of active lots, or below
zero when points were taken back that had been spent, and then no active lot has anything left.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.errors import Conflict
from domain.loyalty.events import Happening, plain

EARNED, REVERSED, REDEEMED, RESTORED, ADJUSTED, EXPIRED = "earned reversed redeemed restored adjusted expired".split()

# For every posting: the members' balances, whether lots are due, and what is known of their unlocks.
STANDING = """
    (SELECT jsonb_agg(jsonb_build_array(member_id, currency_id, available, pending)) FROM balances
      WHERE member_id = ANY(CAST(:member_ids AS bigint[]))) AS balances,
    (SELECT jsonb_agg(jsonb_build_array(member_id, reward_id, last, used, open, lapsed)) FROM (
        SELECT member_id, reward_id, max(number) AS last, bool_or(state <> 'withdrawn') AS used,
               bool_or(state = 'open' AND (valid_until IS NULL OR valid_until > :now)) AS open,
               bool_or(state = 'open' AND valid_until <= :now) AS lapsed
          FROM reward_events WHERE member_id = ANY(CAST(:member_ids AS bigint[])) GROUP BY member_id, reward_id) AS u
    ) AS unlocks,
    EXISTS (SELECT FROM lots WHERE member_id = ANY(CAST(:member_ids AS bigint[])) AND remaining > 0
               AND (NOT active AND activates_at <= :now OR expires_at <= :now)) AS is_due"""
_READ = text(f"SELECT {STANDING}")
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
        FROM jsonb_to_recordset(CAST(:lots AS jsonb)) AS l (member_id bigint, currency_id bigint, cause text,
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
          AS h (type text, member_id bigint, occurred_at timestamptz, properties jsonb)){more}
    SELECT cause, id FROM entry"""
_POST = text(_WRITE.format(more=""))
_POST_AND_ANSWER = {
    table: text(_WRITE.format(more=f""",
    answered AS (UPDATE {table} SET answer = CAST(:answer AS jsonb) WHERE id = :answered_id)"""))
    for table in ("purchases", "refunds", "redemptions")
}  # fmt: skip


@dataclass(slots=True)
class Account:
    """A member's points of one currency. `lowest` is the lowest available balance since the book was opened."""

    available: int = 0
    pending: int = 0
    lowest: int = 0

    def move(self, points: int) -> None:
        """Change what is available."""
        self.available += points
        self.lowest = min(self.lowest, self.available)


@dataclass(slots=True)
class OpenLot:
    """A lot as it stands; `purchase_id` is the purchase that earned it."""

    id: int
    member_id: int
    currency_id: int
    points: int
    remaining: int
    active: bool
    activates_at: datetime
    expires_at: datetime | None
    purchase_id: int | None


@dataclass(frozen=True, slots=True)
class UnlockHistory:
    """What a member did with a reward: number of the last unlock, whether one ever stood, is open, or ran out."""

    last: int = 0
    is_used: bool = False
    is_open: bool = False
    is_lapsed: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The row that keeps what the till was told."""

    table: str
    id: int
    answer: dict[str, Any]


@dataclass(slots=True)
class Book:
    """The points of some members under their lock. Open it with `open_book`, or `of_standing` when locked already."""

    member_ids: Sequence[int]
    now: datetime
    accounts: dict[tuple[int, int], Account]
    unlocks: dict[tuple[int, int], UnlockHistory]
    is_due: bool
    events: list[Happening] = field(default_factory=list)
    lots: list[OpenLot] | None = None
    _entries: list[dict[str, Any]] = field(default_factory=list)
    _new_lots: list[dict[str, Any]] = field(default_factory=list)
    _changed: dict[int, OpenLot] = field(default_factory=dict)
    _touched: set[tuple[int, int]] = field(default_factory=set)

    def account(self, member_id: int, currency_id: int) -> Account:
        """The member's account, empty when they never had points of this currency."""
        return self.accounts.setdefault((member_id, currency_id), Account())

    def load_lots(self, session: Session, *, also: Iterable[int] = ()) -> list[OpenLot]:
        """The lots with something left, oldest first, and those of the ids in `also`. Needed before points leave."""
        if self.lots is None:
            rows = session.execute(_LOTS, {"member_ids": list(self.member_ids), "also": list(also)})
            self.lots = [OpenLot(*row) for row in rows]
        return self.lots

    def credit(
        self,
        member_id: int,
        currency_id: int,
        points: int,
        *,
        kind: str,
        cause: str,
        occurred_at: datetime,
        activates_at: datetime,
        expires_at: datetime | None,
        reason: str = "",
        purchase_id: int | None = None,
        instead_of: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Add points as a lot of their own, `instead_of` lots that ended. A debt is paid back from them first."""
        account = self.account(member_id, currency_id)
        is_active = activates_at <= self.now and (expires_at is None or expires_at > self.now)
        remaining = points - self._debt_paid(account, points) if is_active else points
        self._arrive(account, points, is_active=is_active)
        self._touched.add((member_id, currency_id))
        self._enter(member_id, currency_id, points, kind, cause, occurred_at, reason, purchase_id, list(instead_of))
        self._new_lots.append(
            {
                "member_id": member_id,
                "currency_id": currency_id,
                "cause": cause,
                "points": points,
                "remaining": remaining,
                "activates_at": activates_at,
                "expires_at": expires_at,
                "active": is_active,
            }
        )

    def debit(
        self,
        member_id: int,
        currency_id: int,
        points: int,
        *,
        kind: str,
        cause: str,
        occurred_at: datetime,
        reason: str = "",
        purchase_id: int | None = None,
    ) -> None:
        """Take available points, oldest lot first; `Conflict` when there are not enough. Lots must be loaded."""
        account = self.account(member_id, currency_id)
        if account.available < points:
            raise Conflict(f"Not enough points: {points} are needed, {max(account.available, 0)} are there.")
        taken = self._take(self._active(member_id, currency_id), points)
        account.move(-points)
        self._touched.add((member_id, currency_id))
        self._enter(member_id, currency_id, -points, kind, cause, occurred_at, reason, purchase_id, taken)

    def take_back(
        self, member_id: int, currency_id: int, points: int, *, cause: str, occurred_at: datetime, purchase_id: int
    ) -> None:
        """Reverse what a purchase earned: from its own lots first, then the oldest others, then below zero."""
        account = self.account(member_id, currency_id)
        own = [lot for lot in self._of(member_id, currency_id) if lot.purchase_id == purchase_id]
        waiting = self._take([lot for lot in own if not lot.active], points)
        account.pending -= _sum(waiting)
        rest = points - _sum(waiting)
        active = [lot for lot in own if lot.active]
        others = [lot for lot in self._active(member_id, currency_id) if lot.purchase_id != purchase_id]
        taken = waiting + self._take(active + others, rest)
        account.move(-rest)
        self._touched.add((member_id, currency_id))
        self._enter(member_id, currency_id, -points, REVERSED, cause, occurred_at, "", purchase_id, taken)

    def give_back(
        self,
        member_id: int,
        currency_id: int,
        taken: Sequence[tuple[int, int]],
        *,
        cause: str,
        occurred_at: datetime,
        purchase_id: int,
    ) -> None:
        """Return points to the lots they were spent from, which are loaded and did not expire."""
        lots = {lot.id: lot for lot in self._of(member_id, currency_id)}
        account = self.account(member_id, currency_id)
        points = sum(each for _, each in taken)
        debt = self._debt_paid(account, points)
        for lot_id, each in taken:
            paid = min(debt, each)
            debt -= paid
            lots[lot_id].remaining += each - paid
            self._changed[lot_id] = lots[lot_id]
        self._arrive(account, points, is_active=True)
        self._touched.add((member_id, currency_id))
        self._enter(member_id, currency_id, points, RESTORED, cause, occurred_at, "", purchase_id, list(taken))

    def expire(self, lot: OpenLot) -> int:
        """End a lot whose time is over; returns how many points it still had."""
        account = self.account(lot.member_id, lot.currency_id)
        points = lot.remaining
        if lot.active:
            account.move(-points)
        else:
            account.pending -= points
        lot.remaining = 0
        self._changed[lot.id] = lot
        self._touched.add((lot.member_id, lot.currency_id))
        self._enter(lot.member_id, lot.currency_id, -points, EXPIRED, f"lot:{lot.id}:expired", lot.expires_at or self.now,
                    "", lot.purchase_id, [(lot.id, points)])  # fmt: skip
        return points

    def activate(self, lot: OpenLot) -> int:
        """Let a lot that waited count as available; returns its points."""
        account = self.account(lot.member_id, lot.currency_id)
        points = lot.remaining
        account.pending -= points
        lot.remaining -= self._debt_paid(account, points)
        lot.active = True
        self._arrive(account, points, is_active=True)
        self._changed[lot.id] = lot
        self._touched.add((lot.member_id, lot.currency_id))
        return points

    def write(self, session: Session, answered: Answered | None = None) -> dict[str, int]:
        """Write everything posted and every event, and the answer where one is kept; ids of the entries by cause."""
        values: dict[str, Any] = {
            "now": self.now,
            "entries": _json(self._entries),
            "lots": _json(self._new_lots),
            "changed_lots": _json([{"id": e.id, "remaining": e.remaining, "active": e.active}
                                   for e in self._changed.values()]),
            "balances": _json([{"member_id": key[0], "currency_id": key[1], "available": self.accounts[key].available,
                                "pending": self.accounts[key].pending} for key in sorted(self._touched)]),
            "events": _json([each.row() for each in self.events]),
        }  # fmt: skip
        statement = _POST
        if answered:
            statement = _POST_AND_ANSWER[answered.table]
            values |= {"answer": _json(answered.answer), "answered_id": answered.id}
        return dict(session.execute(statement, values).all())  # type: ignore[arg-type]

    def balances(self, member_id: int, currencies: dict[str, int]) -> list[dict[str, Any]]:
        """How the member stands: `[{currency, available, pending}]`, one for each currency of the café."""
        standing = ((code, self.accounts.get((member_id, each)) or Account()) for code, each in currencies.items())
        return [{"currency": code, "available": a.available, "pending": a.pending} for code, a in standing]

    def _of(self, member_id: int, currency_id: int) -> list[OpenLot]:
        return [lot for lot in self.lots or () if lot.member_id == member_id and lot.currency_id == currency_id]

    def _active(self, member_id: int, currency_id: int) -> list[OpenLot]:
        return [lot for lot in self._of(member_id, currency_id) if lot.active]

    def _take(self, lots: Iterable[OpenLot], points: int) -> list[tuple[int, int]]:
        taken = []
        for lot in lots:
            if part := min(lot.remaining, points):
                lot.remaining -= part
                points -= part
                taken.append((lot.id, part))
                self._changed[lot.id] = lot
        return taken

    def _debt_paid(self, account: Account, points: int) -> int:
        return min(max(-account.available, 0), points)

    def _arrive(self, account: Account, points: int, *, is_active: bool) -> None:
        if is_active:
            account.move(points)
        else:
            account.pending += points

    def _enter(
        self,
        member_id: int,
        currency_id: int,
        points: int,
        kind: str,
        cause: str,
        occurred_at: datetime,
        reason: str,
        purchase_id: int | None,
        lots: list[tuple[int, int]],
    ) -> None:
        self._entries.append(
            {
                "member_id": member_id,
                "currency_id": currency_id,
                "points": points,
                "kind": kind,
                "cause": cause,
                "reason": reason,
                "purchase_id": purchase_id,
                "lots": lots,
                "occurred_at": occurred_at,
            }
        )


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


def balances_of(session: Session, member_id: int) -> list[dict[str, Any]]:
    """How a member stands: `[{currency, available, pending}]`, one for each currency of the café."""
    rows = session.execute(
        text("""
        SELECT c.code, coalesce(b.available, 0), coalesce(b.pending, 0) FROM currencies c
          LEFT JOIN balances b ON b.tenant_id = c.tenant_id AND b.currency_id = c.id AND b.member_id = :member_id
         ORDER BY c.id"""),
        {"member_id": member_id},
    )
    return [{"currency": code, "available": available, "pending": pending} for code, available, pending in rows]


def _sum(taken: Iterable[tuple[int, int]]) -> int:
    return sum(points for _, points in taken)


def _json(value: Any) -> str:
    return json.dumps(value, default=plain)
