"""Points given or taken by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.errors import Conflict, FieldError, Unacceptable
from domain.loyalty import ledger, settling, till, unlocks
from domain.loyalty.book import ADJUSTED, Book, Posting
from domain.loyalty.events import Happening, plain
from domain.loyalty.sales import MemberRef, fingerprint
from domain.loyalty.till import Till
from domain.loyalty.unlocks import Unlock
from models.event import Event

SOURCE = "points"
MOST = 10**9
FURTHEST = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class PointsRequest:
    """Points to add, or to take when negative. Only points that are added activate and expire."""

    member: MemberRef
    currency: str
    points: int
    reason: str
    external_id: str
    activates_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PointsPosted:
    """What became of it; `answer` is `{entry, balances}`."""

    entry_id: int
    member_id: int
    is_new: bool
    answer: dict[str, Any]
    unlocked: list[Unlock]
    events: list[Happening]


def post(session: Session, request: PointsRequest, *, now: datetime) -> PointsPosted:
    """Add or take points. Told again with the same content: the first answer; with other content: `Conflict`.

    Raises `Unacceptable` for an unknown member or currency, no points, or dates in the wrong order; `Conflict` when
    more are to be taken than are there. Nothing is written then.
    """
    scene = till.approach(session, member=request.member)
    known = _known(session, request)
    if known:
        return _told_before(known, request)
    member_id = _acceptable_member(scene, request, now=now)
    event_id = _claim(session, request, member_id, now=now)
    if event_id is None:
        return _told_before(_known(session, request), request)
    book, unlocked = settling.settled_book(session, scene, now=now)
    _move(session, scene, book, request, member_id)
    unlocked += unlocks.open_new(session, scene, book)
    [entry_id] = ledger.write(session, book).values()
    answer = {"entry": entry_id, "balances": book.balances(member_id, scene.currencies)}
    properties = _properties(request) | answer
    session.execute(update(Event).where(Event.id == event_id).values(properties=properties))
    moved = Happening(_type(request), member_id, now, properties)
    return PointsPosted(entry_id, member_id, True, answer, unlocked, [moved, *book.events])


def _move(session: Session, scene: Till, book: Book, request: PointsRequest, member_id: int) -> None:
    currency_id, cause = scene.currencies[request.currency], f"points:{request.external_id}"
    posting = Posting(member_id, currency_id, abs(request.points), ADJUSTED, cause, book.now, reason=request.reason)
    if request.points > 0:
        book.credit(posting, activates_at=request.activates_at or book.now, expires_at=request.expires_at)
    else:
        ledger.load_lots(session, book)
        book.debit(posting)


def _acceptable_member(scene: Till, request: PointsRequest, *, now: datetime) -> int:
    errors = scene.missing(request.member, None)
    if request.currency not in scene.currencies:
        errors.append(FieldError("currency", "There is no point currency of this code."))
    if not 0 < abs(request.points) <= MOST:
        errors.append(FieldError("points", f"Give from 1 to {MOST:,} points, or take as many."))
    errors += _date_errors(request, now=now)
    if errors or scene.member_id is None:
        raise Unacceptable("These points cannot be booked.", errors)
    return scene.member_id


def _date_errors(request: PointsRequest, *, now: datetime) -> list[FieldError]:
    errors = []
    activates_at, expires_at = request.activates_at or now, request.expires_at
    if request.points < 0 and (request.activates_at or expires_at):
        errors.append(FieldError("points", "Points that are taken neither activate nor expire."))
    if activates_at > now + FURTHEST:
        errors.append(FieldError("activates_at", "This is too far ahead."))
    if expires_at and not max(now, activates_at) < expires_at <= now + FURTHEST:
        errors.append(FieldError("expires_at", "Points expire after now and after they became usable."))
    return errors


def _known(session: Session, request: PointsRequest) -> Any:
    once = (Event.source == SOURCE, Event.external_id == request.external_id)
    return session.execute(select(Event.content_hash, Event.member_id, Event.properties).where(*once)).one_or_none()


def _told_before(known: Any, request: PointsRequest) -> PointsPosted:
    if known.content_hash != fingerprint(request):
        raise Conflict("Other points were booked under this external_id.")
    answer = {name: known.properties[name] for name in ("entry", "balances")}
    return PointsPosted(answer["entry"], known.member_id, False, answer, [], [])


def _claim(session: Session, request: PointsRequest, member_id: int, *, now: datetime) -> int | None:
    """Take the external_id; the event that holds it is completed when the ledger has its entry."""
    row = insert(Event).values(
        type=_type(request),
        member_id=member_id,
        occurred_at=now,
        recorded_at=now,
        source=SOURCE,
        external_id=request.external_id,
        content_hash=fingerprint(request),
        properties=_properties(request),
    )
    return session.scalar(row.on_conflict_do_nothing().returning(Event.id))


def _type(request: PointsRequest) -> str:
    return "points.credited" if request.points > 0 else "points.debited"


def _properties(request: PointsRequest) -> dict[str, Any]:
    dates = {"activates_at": request.activates_at, "expires_at": request.expires_at}
    return {
        "currency": request.currency,
        "points": abs(request.points),
        "kind": ADJUSTED,
        "reason": request.reason,
        **{name: plain(value) for name, value in dates.items() if value},
    }
