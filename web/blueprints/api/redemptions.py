"""Redemptions: rewards used at the till."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator
from sqlalchemy import Select, select

from domain import clock
from domain.errors import NotFound
from domain.loyalty.redemptions import RedemptionRequest
from domain.outreach import checkout
from models.database import db
from models.location import Location
from models.member import Member
from models.reward import Redemption
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.nudges import look_for_messages
from web.blueprints.api.pages import Page
from web.blueprints.api.references import id_of, member_ref
from web.blueprints.api.shapes import Answer, Balance, Body, ExternalId, Id, MemberReference, Name

bp = Noun("redemptions", "Rewards used at the till.")


class RedemptionPath(Body):
    """Which redemption."""

    redemption_id: Id


class RedemptionBody(Body):
    """A reward to use: by its id, or by the code the member shows."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"member": {"external_id": "m-1"}, "code": "K7QF2M9D", "external_id": "till-7-r-12"}]
        }
    )

    member: MemberReference
    reward: Id = None  # type: ignore[assignment]
    code: Annotated[str, Field(min_length=1, max_length=40)] = None  # type: ignore[assignment]
    location: Name | Id | None = Field(None, description="The location's name or id.")
    external_id: ExternalId

    @model_validator(mode="after")
    def _one_way(self) -> "RedemptionBody":
        if (self.reward is None) == (self.code is None):
            raise ValueError("Name the reward, or the code: one of them.")
        return self


class Redeemed(Answer):
    """The redemption's number, and how the member stands now."""

    redemption: int
    balances: list[Balance]


class RedemptionFilter(Page):
    """Which redemptions."""

    member: Annotated[str, Field(max_length=255, description="The member's external_id.")] = None  # type: ignore[assignment]


class RedemptionAnswer(Answer):
    """A reward used at the till."""

    id: int
    external_id: str
    member: str
    reward: int
    reward_event: int | None
    points: int
    location: str | None
    occurred_at: datetime


@bp.operation("POST", "/redemptions", scopes=["events:write", "loyalty:write"], answers={201: Redeemed, 200: Redeemed})
def create(body: RedemptionBody) -> Reply:
    """Use a reward

    200 with the first answer when this external_id was told with the same content before; 409 when there are not
    enough points, or the reward was used or expired.
    """
    request = RedemptionRequest(member_ref(body.member), body.external_id, body.reward, body.code, body.location)
    answer = checkout.redeem(db.session, request, now=clock.now())
    look_for_messages(answer.planned)
    return Reply(201 if answer.is_new else 200, answer.body)


@bp.operation("GET", "/redemptions", scopes=["members:read"], answers={200: pages.listing(RedemptionAnswer)})
def index(query: RedemptionFilter) -> Reply:
    """Redemptions, newest first"""
    rows = _redemptions()
    if query.member is not None:
        rows = rows.where(Redemption.member_id == id_of(query.member))
    return pages.by_id(rows, Redemption.id, query, _as_answers)


@bp.operation("GET", "/redemptions/<int:redemption_id>", scopes=["members:read"], answers={200: RedemptionAnswer})
def show(path: RedemptionPath) -> Reply:
    """One redemption"""
    row = db.session.execute(_redemptions().where(Redemption.id == path.redemption_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such redemption.")
    return Reply(200, _as_answers([row])[0])


def _redemptions() -> Select[tuple[Redemption, str, str | None]]:
    return (
        select(Redemption, Member.external_id, Location.name)
        .join(Member, Member.id == Redemption.member_id)
        .outerjoin(Location, Location.id == Redemption.location_id)
    )


def _as_answers(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "id": redemption.id,
            "external_id": redemption.external_id,
            "member": member,
            "reward": redemption.reward_id,
            "reward_event": redemption.reward_event_id,
            "points": redemption.points,
            "location": location,
            "occurred_at": redemption.occurred_at.isoformat(),
        }
        for redemption, member, location in rows
    ]
