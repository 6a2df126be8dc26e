"""Points: given or taken by hand, and the ledger of all of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field
from sqlalchemy import Select, select

from domain import clock
from domain.errors import NotFound
from domain.loyalty import points
from domain.loyalty.points import PointsRequest
from domain.outreach import checkout
from models.currency import Currency
from models.database import db
from models.ledger import LedgerEntry
from models.member import Member
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.nudges import look_for_messages
from web.blueprints.api.pages import Page
from web.blueprints.api.references import id_of, member_ref
from web.blueprints.api.shapes import (
    Answer,
    Balance,
    Body,
    ExternalId,
    Id,
    Instant,
    Line,
    MemberReference,
    PointCurrency,
)

bp = Noun("points", "The ledger of points: every change, never edited.")


def _some(number: int) -> int:
    if number == 0:
        raise ValueError("Give or take at least one point.")
    return number


class EntryPath(Body):
    """Which entry."""

    entry_id: Id


class PointsBody(Body):
    """Points to give, or to take when negative."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member": {"external_id": "m-1"},
                    "currency": "points",
                    "points": 25,
                    "reason": "Birthday gift",
                    "external_id": "gift-2026-m-1",
                }
            ]
        }
    )

    member: MemberReference
    currency: PointCurrency
    points: Annotated[int, Field(ge=-points.MOST, le=points.MOST), AfterValidator(_some)]
    reason: Line
    activates_at: Instant | None = None
    expires_at: Instant | None = None
    external_id: ExternalId


class PointsPosted(Answer):
    """The entry's number, and how the member stands now."""

    entry: int
    balances: list[Balance]


class EntryFilter(Page):
    """Which entries."""

    member: Annotated[str, Field(max_length=255, description="The member's external_id.")] = None  # type: ignore[assignment]


class EntryAnswer(Answer):
    """One change of a member's points."""

    id: int
    member: str
    currency: str
    points: int
    kind: str = Field(description="earned, reversed, redeemed, restored, adjusted or expired")
    reason: str
    purchase: int | None
    occurred_at: datetime
    recorded_at: datetime


@bp.operation("POST", "/points", scopes=["loyalty:write"], answers={201: PointsPosted, 200: PointsPosted})
def create(body: PointsBody) -> Reply:
    """Give or take points

    200 with the first answer when this external_id was told with the same content before.
    """
    return book(body)


@bp.operation("GET", "/points", scopes=["members:read"], answers={200: pages.listing(EntryAnswer)})
def index(query: EntryFilter) -> Reply:
    """The ledger, newest first"""
    rows = _entries()
    if query.member is not None:
        rows = rows.where(LedgerEntry.member_id == id_of(query.member))
    return pages.by_id(rows, LedgerEntry.id, query, _as_answers)


@bp.operation("GET", "/points/<int:entry_id>", scopes=["members:read"], answers={200: EntryAnswer})
def show(path: EntryPath) -> Reply:
    """One entry of the ledger"""
    row = db.session.execute(_entries().where(LedgerEntry.id == path.entry_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such entry.")
    return Reply(200, _as_answers([row])[0])


def book(body: PointsBody) -> Reply:
    """Book the points; also for a line of a batch."""
    request = PointsRequest(
        member=member_ref(body.member),
        currency=body.currency,
        points=body.points,
        reason=body.reason,
        external_id=body.external_id,
        activates_at=body.activates_at,
        expires_at=body.expires_at,
    )
    answer = checkout.credit_points(db.session, request, now=clock.now())
    look_for_messages(answer.planned)
    return Reply(201 if answer.is_new else 200, answer.body)


def _entries() -> Select[tuple[LedgerEntry, str, str]]:
    return (
        select(LedgerEntry, Member.external_id, Currency.code)
        .join(Member, Member.id == LedgerEntry.member_id)
        .join(Currency, Currency.id == LedgerEntry.currency_id)
    )


def _as_answers(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "id": entry.id,
            "member": member,
            "currency": currency,
            "points": entry.points,
            "kind": entry.kind,
            "reason": entry.reason,
            "purchase": entry.purchase_id,
            "occurred_at": entry.occurred_at.isoformat(),
            "recorded_at": entry.recorded_at.isoformat(),
        }
        for entry, member, currency in rows
    ]
