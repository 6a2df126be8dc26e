"""What a member has, asked at the till."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Unacceptable
from domain.loyalty import ledger, settling, till
from domain.loyalty.book import Book
from domain.loyalty.events import Happening
from domain.loyalty.sales import MemberRef
from domain.loyalty.till import RewardTerms, Till
from domain.loyalty.unlocks import Unlock
from models.reward import Reward, RewardEvent

WORDS = {
    "en": {
        "balance": "{points} {currency}",
        "nearest": "{missing} {currency} to: {name}",
        "open": "Ready: {name}, {code}",
    },
    "de": {
        "balance": "{points} {currency}",
        "nearest": "Noch {missing} {currency} bis: {name}",
        "open": "Bereit: {name}, {code}",
    },
}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What to tell the cashier: `answer` is `{balances, nearest, cashier_lines}`."""

    member_id: int
    answer: dict[str, Any]
    unlocked: list[Unlock]
    events: list[Happening]


def ask(session: Session, *, member: MemberRef, location: str | int | None = None, now: datetime) -> Inquiry:
    """How the member stands, and the reward they are nearest to. Raises `Unacceptable` for an unknown member."""
    scene = till.approach(session, member=member, location=location)
    if errors := scene.missing(member, location):
        raise Unacceptable("This balance cannot be told.", errors)
    assert scene.member_id is not None
    book, unlocked = settling.settled_book(session, scene, now=now)
    where = {"location": scene.shop.name if scene.shop else None}
    book.events.append(Happening("balance.inquired", scene.member_id, now, where))
    ledger.write(session, book)
    return Inquiry(scene.member_id, _answer(session, scene, book, scene.member_id), unlocked, book.events)


def nearest(scene: Till, book: Book, member_id: int) -> tuple[RewardTerms, int] | None:
    """The reward with the fewest points missing and how many; one that is had only once and was had does not count."""
    ahead = []
    for reward in scene.rewards:
        missing = reward.threshold - book.account(member_id, reward.currency_id).available
        history = book.unlock_history(member_id, reward.id)
        if missing > 0 and not history.is_open and (reward.repeatable or not history.is_used):
            ahead.append((missing, reward.id, reward))
    if not ahead:
        return None
    missing, _, reward = min(ahead)
    return reward, missing


def _answer(session: Session, scene: Till, book: Book, member_id: int) -> dict[str, Any]:
    ahead = nearest(scene, book, member_id)
    words = WORDS.get(scene.locale[:2], WORDS["en"])
    balances = book.balances(member_id, scene.currencies)
    lines = [words["balance"].format(points=each["available"], currency=each["currency"]) for each in balances]
    lines += [words["open"].format(name=name, code=code) for name, code in _open(session, book, member_id)]
    if ahead:
        reward, missing = ahead
        code = scene.code(reward.currency_id)
        lines.append(words["nearest"].format(missing=missing, currency=code, name=reward.name))
    return {
        "balances": balances,
        "nearest": {"reward": ahead[0].id, "missing": ahead[1]} if ahead else None,
        "cashier_lines": lines,
    }


def _open(session: Session, book: Book, member_id: int) -> list[Any]:
    is_valid = RewardEvent.valid_until.is_(None) | (RewardEvent.valid_until > book.now)
    standing = (
        select(Reward.name, RewardEvent.code)
        .join(Reward, (Reward.tenant_id == RewardEvent.tenant_id) & (Reward.id == RewardEvent.reward_id))
        .where(RewardEvent.member_id == member_id, RewardEvent.state == "open", is_valid)
    )
    return list(session.execute(standing.order_by(RewardEvent.id)))
