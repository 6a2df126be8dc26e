"""The points of some members in memory, under their lock: postings change them by the rules of lots and balances.

What holds after every posting: the entries of a member and currency add up to available + pending; pending is what is
left of lots that wait; available is what is left of active lots, or below zero when points were taken back that had
been spent, and then no active lot has anything left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.errors import Conflict
from domain.loyalty.events import Happening

EARNED = "earned"
REVERSED = "reversed"
REDEEMED = "redeemed"
RESTORED = "restored"
ADJUSTED = "adjusted"
EXPIRED = "expired"

Taken = tuple[int, int]  # a lot's id and points taken from it or given back to it


@dataclass(frozen=True, slots=True)
class Posting:
    """Points that come or go, always as a positive number; `cause` says why and is unique with the currency."""

    member_id: int
    currency_id: int
    points: int
    kind: str
    cause: str
    occurred_at: datetime
    reason: str = ""
    purchase_id: int | None = None


@dataclass(slots=True)
class Account:
    """A member's points of one currency. `lowest` is the lowest available balance since the last posting began."""

    available: int = 0
    pending: int = 0
    lowest: int = 0

    def move(self, points: int) -> None:
        """Change what is available."""
        self.available += points
        self.lowest = min(self.lowest, self.available)

    def debt_paid(self, points: int) -> int:
        """How many of arriving points go to what is owed."""
        return min(max(-self.available, 0), points)


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
class NewLot:
    """A lot about to be written with the entry of its cause."""

    member_id: int
    currency_id: int
    cause: str
    points: int
    remaining: int
    active: bool
    activates_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnlockHistory:
    """What a member did with a reward: number of the last unlock, whether one ever stood, is open, or ran out."""

    last: int = 0
    is_used: bool = False
    is_open: bool = False
    is_lapsed: bool = False


@dataclass(slots=True)
class Book:
    """Accounts by member and currency, unlocks by member and reward, and what is to be written.

    `lots` must be loaded before points leave; `is_due` says that lots wait to be activated or expired first.
    """

    member_ids: Sequence[int]
    now: datetime
    accounts: dict[tuple[int, int], Account] = field(default_factory=dict)
    unlocks: dict[tuple[int, int], UnlockHistory] = field(default_factory=dict)
    is_due: bool = False
    events: list[Happening] = field(default_factory=list)
    lots: list[OpenLot] | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    new_lots: list[NewLot] = field(default_factory=list)
    changed_lots: dict[int, OpenLot] = field(default_factory=dict)
    touched: set[tuple[int, int]] = field(default_factory=set)

    def account(self, member_id: int, currency_id: int) -> Account:
        """The member's account, empty when they never had points of this currency."""
        return self.accounts.setdefault((member_id, currency_id), Account())

    def unlock_history(self, member_id: int, reward_id: int) -> UnlockHistory:
        """What the member did with the reward."""
        return self.unlocks.get((member_id, reward_id)) or UnlockHistory()

    def begin(self, member_id: int, currency_ids: Iterable[int]) -> None:
        """The next posting of this member: what unlocks by it rises from where they stand now."""
        for currency_id in currency_ids:
            account = self.account(member_id, currency_id)
            account.lowest = account.available

    def balances(self, member_id: int, currencies: dict[str, int]) -> list[dict[str, Any]]:
        """How the member stands: `[{currency, available, pending}]`, one for each currency of the café."""
        standing = ((code, self.accounts.get((member_id, each)) or Account()) for code, each in currencies.items())
        return [{"currency": code, "available": a.available, "pending": a.pending} for code, a in standing]

    def credit(
        self, posting: Posting, *, activates_at: datetime, expires_at: datetime | None, instead_of: Sequence[Taken] = ()
    ) -> None:
        """Add points as a lot of their own, `instead_of` lots that ended. A debt is paid back from them first.

        Points told so late that they are over already come and go at once.
        """
        account = self.account(posting.member_id, posting.currency_id)
        is_over = expires_at is not None and expires_at <= self.now
        is_active = is_over or activates_at <= self.now
        remaining = 0 if is_over else posting.points - (account.debt_paid(posting.points) if is_active else 0)
        self._enter(posting, posting.points, instead_of)
        if is_over:
            self._enter(replace(posting, kind=EXPIRED, cause=f"{posting.cause}:expired"), -posting.points, [])
        elif is_active:
            account.move(posting.points)
        else:
            account.pending += posting.points
        self._add_lot(posting, remaining, activates_at, expires_at, is_active=is_active)

    def debit(self, posting: Posting) -> None:
        """Take available points, oldest lot first; `Conflict` when there are not enough."""
        account = self.account(posting.member_id, posting.currency_id)
        if account.available < posting.points:
            words = f"Not enough points: {posting.points} are needed, {max(account.available, 0)} are there."
            raise Conflict(words)
        taken = self._take((lot for lot in self._lots_of(posting) if lot.active), posting.points)
        account.move(-posting.points)
        self._enter(posting, -posting.points, taken)

    def take_back(self, posting: Posting) -> None:
        """Reverse what a purchase earned: from its own lots first, then the oldest others, then below zero."""
        account = self.account(posting.member_id, posting.currency_id)
        lots = self._lots_of(posting)
        own = [lot for lot in lots if lot.purchase_id == posting.purchase_id]
        waiting = self._take((lot for lot in own if not lot.active), posting.points)
        rest = posting.points - _sum(waiting)
        others = [lot for lot in lots if lot.purchase_id != posting.purchase_id]
        taken = self._take((lot for lot in own + others if lot.active), rest)
        account.pending -= _sum(waiting)
        account.move(-rest)
        self._enter(posting, -posting.points, waiting + taken)

    def give_back(self, posting: Posting, parts: Sequence[Taken]) -> None:
        """Return points to the active lots they were spent from."""
        account = self.account(posting.member_id, posting.currency_id)
        lots = {lot.id: lot for lot in self._lots_of(posting)}
        debt = account.debt_paid(posting.points)
        for lot_id, points in parts:
            paid = min(debt, points)
            debt -= paid
            lots[lot_id].remaining += points - paid
            self.changed_lots[lot_id] = lots[lot_id]
        account.move(posting.points)
        self._enter(posting, posting.points, parts)

    def expire(self, lot: OpenLot) -> int:
        """End a lot whose time is over; returns how many points it still had."""
        account = self.account(lot.member_id, lot.currency_id)
        points, lot.remaining = lot.remaining, 0
        if lot.active:
            account.move(-points)
        else:
            account.pending -= points
        self.changed_lots[lot.id] = lot
        cause = f"lot:{lot.id}:expired"
        ended_at = lot.expires_at or self.now
        posting = Posting(lot.member_id, lot.currency_id, points, EXPIRED, cause, ended_at, purchase_id=lot.purchase_id)
        self._enter(posting, -points, [(lot.id, points)])
        return points

    def activate(self, lot: OpenLot) -> int:
        """Let a lot that waited count as available; returns its points."""
        account = self.account(lot.member_id, lot.currency_id)
        points = lot.remaining
        lot.remaining -= account.debt_paid(points)
        lot.active = True
        account.pending -= points
        account.move(points)
        self.changed_lots[lot.id] = lot
        self.touched.add((lot.member_id, lot.currency_id))
        return points

    def _add_lot(
        self, posting: Posting, remaining: int, activates_at: datetime, expires_at: datetime | None, *, is_active: bool
    ) -> None:
        self.new_lots.append(
            NewLot(
                member_id=posting.member_id,
                currency_id=posting.currency_id,
                cause=posting.cause,
                points=posting.points,
                remaining=remaining,
                active=is_active,
                activates_at=activates_at,
                expires_at=expires_at,
            )
        )

    def _lots_of(self, posting: Posting) -> list[OpenLot]:
        if self.lots is None:
            raise LookupError("load the lots before points leave")
        theirs = (posting.member_id, posting.currency_id)
        return [lot for lot in self.lots if (lot.member_id, lot.currency_id) == theirs]

    def _take(self, lots: Iterable[OpenLot], points: int) -> list[Taken]:
        taken = []
        for lot in lots:
            if part := min(lot.remaining, points):
                lot.remaining -= part
                points -= part
                taken.append((lot.id, part))
                self.changed_lots[lot.id] = lot
        return taken

    def _enter(self, posting: Posting, points: int, lots: Sequence[Taken]) -> None:
        self.touched.add((posting.member_id, posting.currency_id))
        self.entries.append(
            {
                "member_id": posting.member_id,
                "currency_id": posting.currency_id,
                "points": points,
                "kind": posting.kind,
                "cause": posting.cause,
                "reason": posting.reason,
                "purchase_id": posting.purchase_id,
                "lots": list(lots),
                "occurred_at": posting.occurred_at,
            }
        )


def _sum(taken: Iterable[Taken]) -> int:
    return sum(points for _, points in taken)
