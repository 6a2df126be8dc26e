"""Rewards: what can be earned, and what an unlock says."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator
from sqlalchemy import Select, select

from domain import clock
from domain.errors import NotFound
from domain.loyalty import rewards
from models.currency import Currency
from models.database import db
from models.reward import Reward, RewardChannel
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.pages import Page
from web.blueprints.api.shapes import Amount, Answer, Body, Id, Name, PointCurrency

bp = Noun("rewards", "What members can earn, and what they hear about it.")

CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
Clock = Annotated[str, Field(pattern=CLOCK, examples=["21:00"])]
Threshold = Annotated[int, Field(ge=1, le=rewards.MOST_POINTS)]
Cost = Annotated[int, Field(ge=0, le=rewards.MOST_POINTS)]
ValidDays = Annotated[int, Field(ge=1, le=rewards.MOST_DAYS)]


class RewardPath(Body):
    """Which reward."""

    reward_id: Id


class Discount(Body):
    """What the guest gets: one of these."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    percent: Annotated[float, Field(gt=0, le=100)] = None  # type: ignore[assignment]
    amount: Amount = None  # type: ignore[assignment]
    item: Name = None  # type: ignore[assignment]

    @model_validator(mode="after")
    def _one(self) -> "Discount":
        if len(self.model_fields_set) != 1:
            raise ValueError("Give one of percent, amount and item.")
        return self


class QuietHours(Body):
    """When nothing is said, on the member's clock."""

    model_config = ConfigDict(validate_by_alias=True, serialize_by_alias=True)

    start: Annotated[Clock, Field(alias="from")]
    end: Annotated[Clock, Field(alias="to")]


class ChannelBody(Body):
    """The template that speaks."""

    template: Id


class Channels(Body):
    """Where an unlock is told."""

    sms: ChannelBody = None  # type: ignore[assignment]
    email: ChannelBody = None  # type: ignore[assignment]


class MessagesBody(Body):
    """Whether and how an unlock is told. With neither delay nor quiet hours given: daytime."""

    enabled: bool = None  # type: ignore[assignment]
    delay_minutes: Annotated[int, Field(ge=0, le=rewards.LONGEST_DELAY)] = None  # type: ignore[assignment]
    quiet_hours: QuietHours | None = None
    control_group_percent: Annotated[int, Field(ge=0, le=rewards.LARGEST_CONTROL_GROUP)] = None  # type: ignore[assignment]
    channels: Channels = None  # type: ignore[assignment]


class RewardChange(Body):
    """What to change; absent = unchanged. Members who unlocked it before are not told."""

    name: Name = None  # type: ignore[assignment]
    currency: PointCurrency = None  # type: ignore[assignment]
    threshold: Threshold = None  # type: ignore[assignment]
    cost: Cost = None  # type: ignore[assignment]
    discount: Discount = None  # type: ignore[assignment]
    valid_days: ValidDays | None = None
    repeatable: bool = None  # type: ignore[assignment]
    messages: MessagesBody = None  # type: ignore[assignment]


class RewardBody(RewardChange):
    """A new reward: unlocked at `threshold` available points, used for `cost`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "10 % thank-you",
                    "currency": "points",
                    "threshold": 100,
                    "cost": 100,
                    "discount": {"percent": 10},
                    "valid_days": 30,
                    "messages": {"enabled": True, "channels": {"sms": {"template": 3}}},
                }
            ]
        }
    )

    name: Name
    currency: PointCurrency
    threshold: Threshold
    discount: Discount


class QuietAnswer(Answer):
    """When nothing is said."""

    model_config = ConfigDict(validate_by_alias=True, serialize_by_alias=True)

    start: Annotated[str, Field(alias="from", examples=["21:00"])]
    end: Annotated[str, Field(alias="to", examples=["09:00"])]


class MessagesAnswer(Answer):
    """Whether and how an unlock is told."""

    enabled: bool
    delay_minutes: int
    quiet_hours: QuietAnswer | None
    control_group_percent: int
    channels: dict[str, ChannelBody] = Field(examples=[{"sms": {"template": 3}}])


class RewardAnswer(Answer):
    """What members can earn."""

    id: int
    name: str
    currency: str
    threshold: int
    cost: int
    discount: dict[str, Any] = Field(examples=[{"percent": 10}])
    valid_days: int | None
    repeatable: bool
    messages: MessagesAnswer
    created_at: datetime
    updated_at: datetime


@bp.operation("GET", "/rewards", answers={200: pages.listing(RewardAnswer)})
def index(query: Page) -> Reply:
    """The rewards that can be earned, oldest first"""
    standing = _rewards().where(Reward.archived_at.is_(None))
    return pages.by_id(standing, Reward.id, query, _as_answers, newest_first=False)


@bp.operation("POST", "/rewards", scopes=["loyalty:write"], answers={201: RewardAnswer})
def create(body: RewardBody) -> Reply:
    """Add a reward"""
    made = rewards.create(db.session, body.model_dump(exclude_unset=True, by_alias=True), now=clock.now())
    return Reply(201, _one(made.id))


@bp.operation("GET", "/rewards/<int:reward_id>", answers={200: RewardAnswer})
def show(path: RewardPath) -> Reply:
    """One reward"""
    return Reply(200, _one(path.reward_id))


@bp.operation("PATCH", "/rewards/<int:reward_id>", scopes=["loyalty:write"], answers={200: RewardAnswer})
def change(path: RewardPath, body: RewardChange) -> Reply:
    """Change a reward, from its next unlock on"""
    changes = body.model_dump(exclude_unset=True, by_alias=True)
    rewards.update(db.session, path.reward_id, changes, now=clock.now())
    return Reply(200, _one(path.reward_id))


def _rewards() -> Select[tuple[Reward, str]]:
    return select(Reward, Currency.code).join(Currency, Currency.id == Reward.currency_id)


def _one(reward_id: int) -> dict[str, Any]:
    row = db.session.execute(_rewards().where(Reward.id == reward_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such reward.")
    return _as_answers([row])[0]


def _as_answers(rows: Sequence[Any]) -> list[dict[str, Any]]:
    channels = _channels([reward.id for reward, _ in rows])
    plain = ("id", "name", "threshold", "cost", "valid_days", "repeatable")
    return [
        {name: getattr(reward, name) for name in plain}
        | {
            "currency": currency,
            "discount": _discount(reward.discount),
            "messages": _messages(reward) | {"channels": channels.get(reward.id, {})},
            "created_at": reward.created_at.isoformat(),
            "updated_at": reward.updated_at.isoformat(),
        }
        for reward, currency in rows
    ]


def _channels(reward_ids: Sequence[int]) -> dict[int, dict[str, dict[str, int]]]:
    found: dict[int, dict[str, dict[str, int]]] = {}
    rows = select(RewardChannel).where(RewardChannel.reward_id.in_(reward_ids)).order_by(RewardChannel.channel)
    for row in db.session.scalars(rows):
        found.setdefault(row.reward_id, {})[row.channel] = {"template": row.template_id}
    return found


def _messages(reward: Reward) -> dict[str, Any]:
    quiet = None
    if reward.quiet_from is not None and reward.quiet_to is not None:
        quiet = {"from": _clock(reward.quiet_from), "to": _clock(reward.quiet_to)}
    return {
        "enabled": reward.messages_enabled,
        "delay_minutes": reward.message_delay_minutes,
        "quiet_hours": quiet,
        "control_group_percent": reward.control_group_percent,
    }


def _discount(discount: dict[str, Any]) -> dict[str, Any]:
    if "percent" not in discount:
        return discount
    percent = float(discount["percent"])
    return {"percent": int(percent) if percent.is_integer() else percent}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
