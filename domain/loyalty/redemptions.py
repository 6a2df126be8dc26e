"""Rewards used at the till: once, by code or by reward, for their cost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.errors import Conflict, FieldError, Unacceptable
from domain.loyalty import ledger, settling, till, unlocks
from domain.loyalty.book import REDEEMED, Book, Posting
from domain.loyalty.events import Happening
from domain.loyalty.ledger import Answered
from domain.loyalty.sales import MemberRef, fingerprint
from domain.loyalty.till import Till
from domain.loyalty.unlocks import Unlock, read_code
from models.reward import Redemption, Reward, RewardEvent

USED = "This reward was used already."
EXPIRED = "This reward expired."
WITHDRAWN = "This reward was withdrawn, because its purchase was refunded."


@dataclass(frozen=True, slots=True)
class RedemptionRequest:
    """A member wants to use a reward: named by its id, or by the code of an unlock. Exactly one of them."""

    member: MemberRef
    external_id: str
    reward: int | None = None
    code: str | None = None
    location: str | int | None = None


@dataclass(frozen=True, slots=True)
class RedemptionPosted:
    """What became of it; `answer` is `{redemption, balances}`. `reward_event_id` is the unlock that was used up."""

    redemption_id: int
    member_id: int
    reward_event_id: int | None
    is_new: bool
    answer: dict[str, Any]
    unlocked: list[Unlock]
    events: list[Happening]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The reward and the unlock to use up, as it stands: none was found when `unlock_id` is None."""

    reward: Reward
    unlock_id: int | None = None
    code: str | None = None
    state: str | None = None
    valid_until: datetime | None = None


def post(session: Session, request: RedemptionRequest, *, now: datetime) -> RedemptionPosted:
    """Use a reward. Told again with the same content: the first answer; with other content: `Conflict`.

    Raises `Unacceptable` for an unknown member, reward, code or location; `Conflict` when the unlock was used, expired
    or withdrawn, or there are not enough points. Without an open unlock, a reward that costs points can still be had
    by its id while the balance is at its threshold: the unlock is written down then as used at once.
    """
    scene = till.approach(session, member=request.member, location=request.location)
    known = _known(session, request)
    if known:
        return _told_before(known, request)
    member_id = _acceptable_member(scene, request)
    wanted = _wanted(session, request, member_id)
    book, unlocked = settling.settled_book(session, scene, now=now)
    wanted = _usable(session, scene, book, wanted, member_id, by_code=request.code is not None)
    redemption_id = _insert(session, scene, request, wanted, member_id, now=now)
    if redemption_id is None:
        return _told_before(_known(session, request), request)
    book.events += _use(session, scene, book, wanted, redemption_id)
    answer = {"redemption": redemption_id, "balances": book.balances(member_id, scene.currencies)}
    ledger.write(session, book, Answered("redemptions", {redemption_id: answer}))
    return RedemptionPosted(redemption_id, member_id, wanted.unlock_id, True, answer, unlocked, book.events)


def _wanted(session: Session, request: RedemptionRequest, member_id: int) -> _Wanted:
    """The unlock of the code, else the newest of the reward that was not withdrawn."""
    theirs = (
        select(Reward, RewardEvent.id, RewardEvent.code, RewardEvent.state, RewardEvent.valid_until)
        .join(RewardEvent, (RewardEvent.tenant_id == Reward.tenant_id) & (RewardEvent.reward_id == Reward.id))
        .where(RewardEvent.member_id == member_id)
        .with_for_update(of=RewardEvent)
    )
    if request.code is not None:
        row = session.execute(theirs.where(RewardEvent.code == read_code(request.code))).one_or_none()
        if row is None:
            raise Unacceptable.at("code", "This member has no reward with this code.")
        return _Wanted(*row)
    newest = theirs.where(Reward.id == request.reward, RewardEvent.state != "withdrawn")
    row = session.execute(newest.order_by(RewardEvent.number.desc()).limit(1)).one_or_none()
    if row:
        return _Wanted(*row)
    reward = session.scalar(select(Reward).where(Reward.id == request.reward, Reward.archived_at.is_(None)))
    if reward is None:
        raise Unacceptable.at("reward", "There is no such reward.")
    return _Wanted(reward)


def _usable(session: Session, scene: Till, book: Book, wanted: _Wanted, member_id: int, *, by_code: bool) -> _Wanted:
    """The unlock to use up; refuses one that is over. By reward a new one may open, straight for use."""
    has_run_out = wanted.valid_until is not None and wanted.valid_until <= book.now
    if wanted.state == "expired" or (wanted.state == "open" and has_run_out):
        raise Conflict(EXPIRED)
    if wanted.state == "withdrawn":
        raise Conflict(WITHDRAWN)
    if wanted.state == "open":
        return wanted
    terms = next((each for each in scene.rewards if each.id == wanted.reward.id), None)
    is_over = terms is None or not terms.repeatable or not terms.cost
    if by_code or (wanted.state == "redeemed" and is_over):
        raise Conflict(USED)
    available = book.account(member_id, wanted.reward.currency_id).available
    if terms is None or available < max(terms.threshold, terms.cost):
        raise Conflict(f"Not enough points: {wanted.reward.threshold} are needed, {max(available, 0)} are there.")
    unlock = unlocks.open_for_use(session, scene, book, member_id, terms)
    return _Wanted(wanted.reward, unlock.reward_event_id, unlock.code)


def _use(session: Session, scene: Till, book: Book, wanted: _Wanted, redemption_id: int) -> list[Happening]:
    """Close the unlock and pay the cost; the events that tell of it."""
    [member_id] = scene.member_ids
    reward = wanted.reward
    closed = {"state": "redeemed", "closed_at": book.now}
    session.execute(update(RewardEvent).where(RewardEvent.id == wanted.unlock_id).values(closed))
    used = {
        "redemption": redemption_id,
        "reward": reward.id,
        "reward_event": wanted.unlock_id,
        "name": reward.name,
        "code": wanted.code,
        "points": reward.cost,
        "location": scene.shop.name if scene.shop else None,
    }
    redeemed = Happening("reward.redeemed", member_id, book.now, used)
    if not reward.cost:
        return [redeemed]
    cause = f"redemption:{redemption_id}"
    ledger.load_lots(session, book)
    book.debit(Posting(member_id, reward.currency_id, reward.cost, REDEEMED, cause, book.now, reason=reward.name))
    return [redeemed, _paid(scene, book, reward, redemption_id)]


def _paid(scene: Till, book: Book, reward: Reward, redemption_id: int) -> Happening:
    properties = {
        "currency": scene.code(reward.currency_id),
        "points": reward.cost,
        "kind": REDEEMED,
        "reason": reward.name,
        "redemption": redemption_id,
    }
    return Happening("points.debited", scene.member_id, book.now, properties)


def _acceptable_member(scene: Till, request: RedemptionRequest) -> int:
    errors = scene.missing(request.member, request.location)
    if (request.reward is None) == (request.code is None):
        errors.append(FieldError("reward", "Name the reward, or the code: one of them."))
    if errors or scene.member_id is None:
        raise Unacceptable("This reward cannot be used.", errors)
    return scene.member_id


def _known(session: Session, request: RedemptionRequest) -> Any:
    row = Redemption
    columns = select(row.id, row.member_id, row.reward_event_id, row.content_hash, row.answer)
    return session.execute(columns.where(row.external_id == request.external_id)).one_or_none()


def _told_before(known: Any, request: RedemptionRequest) -> RedemptionPosted:
    if known.content_hash != fingerprint(request):
        raise Conflict("Another redemption was booked under this external_id.")
    return RedemptionPosted(known.id, known.member_id, known.reward_event_id, False, known.answer, [], [])


def _insert(
    session: Session, scene: Till, request: RedemptionRequest, wanted: _Wanted, member_id: int, *, now: datetime
) -> int | None:
    row = insert(Redemption).values(
        external_id=request.external_id,
        content_hash=fingerprint(request),
        reward_id=wanted.reward.id,
        reward_event_id=wanted.unlock_id,
        member_id=member_id,
        location_id=scene.shop.id if scene.shop else None,
        points=wanted.reward.cost,
        occurred_at=now,
    )
    return session.scalar(row.on_conflict_do_nothing(constraint="uq_redemptions_once").returning(Redemption.id))
