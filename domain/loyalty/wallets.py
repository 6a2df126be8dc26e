"""What members have, for looking at: balances, rewards that wait, the story of their points."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.currency import Currency
from models.ledger import Balance, LedgerEntry
from models.reward import Redemption, Reward, RewardEvent

LATELY = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A member's points of one currency."""

    currency: str
    name: str
    available: int
    pending: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reward a member may use now."""

    name: str
    code: str
    unlocked_at: datetime
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Used:
    """A reward a member used: its redemption's number, and what it cost."""

    id: int
    name: str
    used_at: datetime
    points: int
    currency: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a member's points, as it is listed."""

    id: int
    occurred_at: datetime
    kind: str
    reason: str
    points: int
    currency: str


def balances_of_many(session: Session, member_ids: Sequence[int]) -> dict[int, list[Held]]:
    """The balances of these members in one query; who never had points is not there."""
    query = (
        select(Balance.member_id, Currency.code, Currency.name, Balance.available, Balance.pending)
        .join(Currency, Currency.id == Balance.currency_id)
        .where(Balance.member_id.in_(member_ids))
        .order_by(Balance.member_id, Currency.id)
    )
    found: dict[int, list[Held]] = {}
    for member_id, code, name, available, pending in session.execute(query):
        found.setdefault(member_id, []).append(Held(code, name, available, pending))
    return found


def open_rewards(session: Session, member_id: int) -> list[Waiting]:
    """The rewards that wait for a member, what runs out first on top."""
    query = (
        select(Reward.name, RewardEvent.code, RewardEvent.unlocked_at, RewardEvent.valid_until)
        .join(Reward, Reward.id == RewardEvent.reward_id)
        .where(RewardEvent.member_id == member_id, RewardEvent.state == "open")
        .order_by(RewardEvent.valid_until.nulls_last())
    )
    return [Waiting(*row) for row in session.execute(query)]


def used_rewards(session: Session, member_id: int) -> list[Used]:
    """The rewards a member used last, the newest first, without those that were taken back."""
    query = (
        select(Redemption.id, Reward.name, Redemption.occurred_at, Redemption.points, Currency.name)
        .join(Reward, Reward.id == Redemption.reward_id)
        .join(Currency, Currency.id == Reward.currency_id)
        .where(Redemption.member_id == member_id, Redemption.voided_at.is_(None))
        .order_by(Redemption.occurred_at.desc(), Redemption.id.desc())
        .limit(LATELY)
    )
    return [Used(*row) for row in session.execute(query)]


def entries(session: Session, member_id: int, *, before_id: int | None, limit: int) -> list[Entry]:
    """A page of a member's ledger, newest first."""
    query = (
        select(
            LedgerEntry.id,
            LedgerEntry.occurred_at,
            LedgerEntry.kind,
            LedgerEntry.reason,
            LedgerEntry.points,
            Currency.name,
        )
        .join(Currency, Currency.id == LedgerEntry.currency_id)
        .where(LedgerEntry.member_id == member_id)
        .order_by(LedgerEntry.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        query = query.where(LedgerEntry.id < before_id)
    return [Entry(*row) for row in session.execute(query)]
