"""What happened, kept as it was: the catalogue of events, and those that others tell us."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.errors import Conflict, FieldError, Unacceptable
from domain.loyalty import summaries, till
from domain.loyalty.sales import API, MemberRef, fingerprint, time_errors
from models.event import Event

CUSTOM = re.compile(r"custom(\.[a-z][a-z0-9_]*)+")
LONGEST_TYPE = 100


@dataclass(frozen=True, slots=True)
class Happening:
    """An event about to be written with what caused it; `properties` are plain values."""

    type: str
    member_id: int | None
    occurred_at: datetime
    properties: Mapping[str, Any]

    def row(self) -> dict[str, Any]:
        """As the ledger writes it."""
        return {
            "type": self.type,
            "member_id": self.member_id,
            "occurred_at": self.occurred_at,
            "properties": self.properties,
        }


@dataclass(frozen=True, slots=True)
class EventRequest:
    """Something that happened elsewhere. `type` is from the catalogue or `custom.*`."""

    type: str
    member: MemberRef | None
    occurred_at: datetime
    external_id: str
    properties: Mapping[str, Any]
    source: str = API


@dataclass(frozen=True, slots=True)
class Recorded:
    """The event's number, whether it is new, and what to answer."""

    event_id: int
    is_new: bool
    answer: dict[str, Any]
    events: list[Happening]


def record(session: Session, request: EventRequest, *, now: datetime) -> Recorded:
    """Keep an event that we were told. Told twice the same it is kept once; other content is a `Conflict`."""
    known = _known(session, request)
    if known is None:
        _refuse_unknown_type(request.type)
        scene = till.approach(session, member=request.member)
        errors = [*time_errors(request.occurred_at, now=now), *scene.missing(request.member, None)]
        if errors:
            raise Unacceptable("This event cannot be recorded.", errors)
        event_id = _insert(session, request, scene.member_id, now=now)
        if event_id is not None:
            if scene.member_id is not None:
                summaries.touch(session, [scene.member_id], now=now)
            happening = Happening(request.type, scene.member_id, request.occurred_at, request.properties)
            return Recorded(event_id, True, {"event": event_id}, [happening])
        known = _known(session, request)
    if known is None or known.content_hash != fingerprint(request):
        raise Conflict("Another event was recorded under this external_id.")
    return Recorded(known.id, False, {"event": known.id}, [])


def plain(value: Any) -> str:
    """How values that JSON does not have are written: instants in UTC, exact numbers as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no place in an event")


def _known(session: Session, request: EventRequest) -> Any:
    once = select(Event.id, Event.content_hash).where(
        Event.source == request.source, Event.external_id == request.external_id
    )
    return session.execute(once).one_or_none()


def _insert(session: Session, request: EventRequest, member_id: int | None, *, now: datetime) -> int | None:
    row = insert(Event).values(
        type=request.type,
        member_id=member_id,
        occurred_at=request.occurred_at,
        recorded_at=now,
        source=request.source,
        external_id=request.external_id,
        content_hash=fingerprint(request),
        properties=dict(request.properties),
    )
    return session.scalar(row.on_conflict_do_nothing().returning(Event.id))


def _refuse_unknown_type(kind: str) -> None:
    is_custom = len(kind) <= LONGEST_TYPE and CUSTOM.fullmatch(kind)
    if kind not in CATALOGUE and not is_custom:
        words = "Use a type of the catalogue, or one of your own like custom.tasting_attended."
        raise Unacceptable("This event cannot be recorded.", [FieldError("type", words)])


@dataclass(frozen=True, slots=True)
class EventType:
    """A kind of event: its code, words for people, and what its properties look like."""

    code: str
    words: str
    example: Mapping[str, Any]


_LOT = {"currency": "points", "points": 40, "at": "2026-06-30T21:59:59+00:00"}
_UNLOCK = {
    "reward": 7,
    "reward_event": 31,
    "name": "Free coffee",
    "code": "K7QF2M9D",
    "valid_until": "2026-06-30T21:59:59+00:00",
    "purchase": 12,
}
_PURCHASE = {
    "purchase": 12,
    "external_id": "4711",
    "amount": "12.50",
    "currency": "EUR",
    "channel": "pos",
    "location": "main",
    "payment_method": "card",
    "coupon": None,
}
_CREDIT = {"currency": "points", "points": 12, "kind": "earned", "reason": "", "purchase": 12}
_DEBIT = {"currency": "points", "points": 50, "kind": "redeemed", "reason": "", "purchase": None}
_TAG = {"tag": "posRevenueWithinLast6Month", "actor": "system"}
_SEGMENT = {"segment": 4, "name": "New"}
_MESSAGE = {"message": 41, "channel": "email", "topic": "rewards", "cause": "reward:7", "machine": False}
_SOCIAL = {"network": "instagram", "kind": "like", "object": "post-9"}
CATALOGUE: Mapping[str, EventType] = {
    each.code: each
    for each in (
        EventType("purchase.completed", "A receipt was finished", _PURCHASE),
        EventType("purchase.refunded", "Money was given back for a purchase",
                  {"purchase": 12, "external_id": "4711", "refund": 3, "amount": "12.50", "currency": "EUR"}),
        EventType("discount.calculated", "A discount was given on a receipt, a product group or an item",
                  {"purchase": 12, "scope": "group", "name": "hot drinks", "amount": "2.10", "currency": "EUR"}),
        EventType("bonus.calculated", "A purchase earned points",
                  {"purchase": 12, "currency": "points", "points": 12, "activates_at": "2026-05-04T08:30:00+00:00",
                   "expires_at": None}),
        EventType("bonus.redeemed", "Points were spent as payment",
                  {"purchase": 12, "currency": "points", "points": 50}),
        EventType("points.credited", "Points were added", _CREDIT),
        EventType("points.debited", "Points were taken", _DEBIT),
        EventType("points.activated", "Points that waited became usable", _LOT),
        EventType("reward.unlocked", "A reward was unlocked", _UNLOCK),
        EventType("reward.redeemed", "A reward was used at the till", _UNLOCK | {"redemption": 5, "points": 100}),
        EventType(
            "reward.returned",
            "A reward that was used was taken back",
            {"redemption": 5, "reward": 7, "name": "Free coffee", "points": 100},
        ),
        EventType("reward.withdrawn", "A reward was withdrawn because its purchase was refunded", _UNLOCK),
        EventType("reward.expired", "A reward was not used in time", _UNLOCK),
        EventType("balance.inquired", "The till asked for a balance", {"location": "main"}),
        EventType("card.issued", "A guest received a card", {"card": "40012345"}),
        EventType("card.activated", "A card was activated", {"card": "40012345"}),
        EventType("registration.completed", "A member finished signing up", {}),
        EventType("form.section_completed", "A section of the profile was filled in", {"section": "Coffee tastes"}),
        EventType("phone.bound", "A phone number was linked and confirmed", {}),
        EventType("email.bound", "An e-mail address was linked and confirmed", {}),
        EventType("app.installed", "The app was installed", {"platform": "ios"}),
        EventType("social.linked", "A social profile was linked", {"network": "instagram"}),
        EventType("social.activity", "A comment, repost or like", _SOCIAL),
        EventType("social.activity_removed", "A comment, repost or like was taken away", _SOCIAL),
        EventType("social.group_joined", "A social group was joined", {"network": "facebook", "group": "aurora"}),
        EventType("social.group_left", "A social group was left", {"network": "facebook", "group": "aurora"}),
        EventType("friend.invited", "A friend signed up with the member's code", {"friend": "member-88"}),
        EventType("friend.purchased", "A recommended friend bought something", {"friend": "member-88", "purchase": 12}),
        EventType("status.changed", "The tier changed", {"old": "Silver", "new": "Gold", "cause": "task"}),
        EventType("status.assigned", "The tier was worked out anew", {"status": "Gold", "cause": "task"}),
        EventType("segment.entered", "The member came into a segment", _SEGMENT),
        EventType("segment.left", "The member left a segment", _SEGMENT),
        EventType("message.opened", "A message was opened", _MESSAGE),
        EventType("message.clicked", "A link in a message was clicked",
                  _MESSAGE | {"url": "https://cafe.example/menu"}),
        EventType("message.answered", "A guest wrote back", {"channel": "whatsapp"}),
        EventType("message.unsubscribed", "A message was answered with a goodbye", _MESSAGE),
        EventType("message.complained", "A message was called unwanted", _MESSAGE),
        EventType("counter.changed", "A counter moved", {"counter": "coffees", "value": 5}),
        EventType("bonus.activating", "Points are about to become usable", _LOT),
        EventType("bonus.expiring", "Points are about to expire", _LOT),
        EventType("birthday", "The member's birthday", {}),
        EventType("bonus.page_opened", "The bonus page was opened", {}),
        EventType("bonus.interest_declared", "Interest in the bonus programme was ticked", {}),
        EventType("bonus.interest_withdrawn", "Interest in the bonus programme was taken back", {}),
        EventType("counting.allowed", "A guest allowed to count what they open and click", {}),
        EventType("counting.declined", "A guest declined to have counted what they open and click", {}),
        EventType("tag.applied", "A tag was put on", _TAG | {"because": {"on": "2026-05-12", "purchase": 12}}),
        EventType("tag.lapsed", "A tag was taken off", _TAG | {"because": {"why": "time"}}),
    )
}  # fmt: skip
