"""Rewards that members unlock: when a balance reaches the threshold from below and no earlier unlock is open."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from domain.loyalty import days
from domain.loyalty.book import Book, UnlockHistory
from domain.loyalty.events import Happening, plain
from domain.loyalty.till import RewardTerms, Till

UNAMBIGUOUS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 and O, no 1, I and L, no U beside V
CODE_LENGTH = 8

_OPEN = text("""
    INSERT INTO reward_events (reward_id, member_id, purchase_id, number, code, unlocked_at, valid_until)
    SELECT reward_id, member_id, purchase_id, number, code, :now, valid_until
      FROM jsonb_to_recordset(CAST(:unlocks AS jsonb)) AS u (reward_id bigint, member_id bigint, purchase_id bigint,
           number bigint, code text, valid_until timestamptz)
        ON CONFLICT (tenant_id, code) DO NOTHING
    RETURNING id, reward_id, member_id, code, valid_until, purchase_id""")
_TOLD = "e.id, e.reward_id, e.member_id, e.code, e.valid_until, e.purchase_id, r.name, r.threshold, r.currency_id"
_LAPSE = """
    UPDATE reward_events e SET state = 'expired', closed_at = :now
      FROM rewards r
     WHERE r.tenant_id = e.tenant_id AND r.id = e.reward_id
       AND e.id IN (SELECT id FROM reward_events WHERE state = 'open' AND valid_until <= :now {these})
    RETURNING {told}"""
_LAPSE_OF = text(_LAPSE.format(told=_TOLD, these="AND member_id = ANY(:member_ids) FOR UPDATE"))
_LAPSE_NEXT = text(_LAPSE.format(told=_TOLD, these="ORDER BY valid_until LIMIT :limit FOR UPDATE SKIP LOCKED"))
_STANDING_OPEN = text(f"""
    SELECT {_TOLD}, e.unlocked_at FROM reward_events e
      JOIN rewards r ON r.tenant_id = e.tenant_id AND r.id = e.reward_id
     WHERE e.member_id = :member_id AND e.state = 'open' FOR UPDATE OF e""")  # noqa: S608 (our own fragments)
_WITHDRAW = text("UPDATE reward_events SET state = 'withdrawn', closed_at = :now WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class Unlock:
    """A reward event that just opened."""

    reward_event_id: int
    reward_id: int
    member_id: int
    name: str
    code: str
    valid_until: datetime | None
    purchase_id: int | None

    @property
    def answer(self) -> dict[str, int]:
        """As the API tells it."""
        return {"reward": self.reward_id, "reward_event": self.reward_event_id}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A balance that reached a reward's threshold: by this purchase, if it was one. `history` is what went before."""

    member_id: int
    reward: RewardTerms
    history: UnlockHistory
    purchase_id: int | None = None


def open_new(session: Session, till: Till, book: Book) -> list[Unlock]:
    """Open what the book's postings unlocked and put the events into the book. The members are locked."""
    members = dict.fromkeys(member_id for member_id, _ in book.accounts)
    unlocks = open_crossed(
        session, till, book, [each for member_id in members for each in crossed(till, book, member_id)]
    )
    book.events += [unlocked(each, now=book.now) for each in unlocks]
    return unlocks


def crossed(till: Till, book: Book, member_id: int, *, purchase_id: int | None = None) -> list[Crossing]:
    """What this member's posting unlocks. From now on it is open in the book: it is not told again."""
    found = []
    for reward in till.rewards:
        account, history = book.account(member_id, reward.currency_id), book.unlock_history(member_id, reward.id)
        rose = account.lowest < reward.threshold <= account.available
        if rose and not history.is_open and (reward.repeatable or not history.is_used):
            found.append(Crossing(member_id, reward, history, purchase_id))
            book.unlocks[member_id, reward.id] = UnlockHistory(history.last + 1, is_used=True, is_open=True)
    return found


def open_crossed(session: Session, till: Till, book: Book, crossings: Sequence[Crossing]) -> list[Unlock]:
    """Open these unlocks; what lapsed before of their members is closed, and the book told. The members are locked."""
    if not crossings:
        return []
    if lapsed := sorted({each.member_id for each in crossings if each.history.is_lapsed}):
        rows = session.execute(_LAPSE_OF, {"now": book.now, "member_ids": lapsed}).all()
        book.events += [_told("reward.expired", row, now=book.now) for row in rows]
    return _insert(session, till, crossings, now=book.now)


def unlocked(unlock: Unlock, *, now: datetime) -> Happening:
    """The event that tells of an unlock."""
    properties = {
        "reward": unlock.reward_id,
        "reward_event": unlock.reward_event_id,
        "name": unlock.name,
        "code": unlock.code,
        "valid_until": unlock.valid_until,
        "purchase": unlock.purchase_id,
    }
    return Happening("reward.unlocked", unlock.member_id, now, properties)


def open_for_use(session: Session, till: Till, book: Book, member_id: int, reward: RewardTerms) -> Unlock:
    """Open an unlock that is used in the same breath: a reward had straight for its points. It makes no event."""
    history = book.unlock_history(member_id, reward.id)
    [unlock] = _insert(session, till, [Crossing(member_id, reward, history)], now=book.now)
    return unlock


def withdraw(
    session: Session, book: Book, member_id: int, *, before: dict[int, int], purchase_id: int, bought_at: datetime
) -> list[int]:
    """Take back unlocks that stood on a refunded purchase, as far as they are open; ids of the reward events.

    That is: the purchase itself unlocked it and the balance is below the threshold now, or the refund took the balance
    below the threshold of something unlocked since. `before` is what was available, by currency.
    """
    rows = session.execute(_STANDING_OPEN, {"member_id": member_id}).all()
    gone = []
    for row in rows:
        after = book.account(member_id, row.currency_id).available
        stood_on_it = row.purchase_id == purchase_id
        fell = row.unlocked_at >= bought_at and before.get(row.currency_id, 0) >= row.threshold
        if after < row.threshold and (stood_on_it or fell):
            gone.append(row)
    if gone:
        session.execute(_WITHDRAW, {"now": book.now, "ids": [row.id for row in gone]})
    book.events += [_told("reward.withdrawn", row, now=book.now) for row in gone]
    return [row.id for row in gone]


def expire(session: Session, *, now: datetime, limit: int) -> list[Happening]:
    """Close the next open unlocks whose last day is over, and return the events to write."""
    rows = session.execute(_LAPSE_NEXT, {"now": now, "limit": limit}).all()
    return [_told("reward.expired", row, now=now) for row in rows]


def new_code() -> str:
    """A code to show at the till: eight characters that nobody mixes up."""
    return "".join(secrets.choice(UNAMBIGUOUS) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """A code as a cashier types it, in the spelling that is stored."""
    return typed.replace("-", "").replace(" ", "").upper()


def _insert(session: Session, till: Till, crossings: Sequence[Crossing], *, now: datetime) -> list[Unlock]:
    names = {each.reward.id: each.reward.name for each in crossings}
    missing = [_row(till, each, now=now) for each in crossings]
    unlocks: list[Unlock] = []
    while missing:
        # A code that another unlock of the café has makes its row drop out: that one gets a new code.
        for row in missing:
            row["code"] = new_code()
        rows = session.execute(_OPEN, {"unlocks": json.dumps(missing, default=plain), "now": now}).all()
        unlocks += [
            Unlock(
                row.id, row.reward_id, row.member_id, names[row.reward_id], row.code, row.valid_until, row.purchase_id
            )
            for row in rows
        ]
        codes = {row.code for row in rows}
        missing = [row for row in missing if row["code"] not in codes]
    return unlocks


def _row(till: Till, crossing: Crossing, *, now: datetime) -> dict[str, Any]:
    valid_days = crossing.reward.valid_days
    return {
        "reward_id": crossing.reward.id,
        "member_id": crossing.member_id,
        "purchase_id": crossing.purchase_id,
        "number": crossing.history.last + 1,
        "valid_until": None if valid_days is None else days.end_of_day(now, valid_days, till.zone),
    }


def _told(kind: str, row: Any, *, now: datetime) -> Happening:
    properties = {
        "reward": row.reward_id,
        "reward_event": row.id,
        "name": row.name,
        "code": row.code,
        "valid_until": row.valid_until,
        "purchase": row.purchase_id,
    }
    return Happening(kind, row.member_id, now, properties)
