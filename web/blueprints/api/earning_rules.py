"""Earning rules: how purchases earn points."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from sqlalchemy import Select, select

from domain import clock
from domain.errors import NotFound
from domain.loyalty import earning_rules
from domain.loyalty.earning_rules import RuleDraft
from models.currency import Currency
from models.database import db
from models.earning_rule import EarningRule
from web.blueprints.api import pages
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.pages import Page
from web.blueprints.api.references import exact
from web.blueprints.api.shapes import Answer, Body, Id, Line, Name, PointCurrency

bp = Noun("earning_rules", "How purchases earn points.")

Days = Annotated[int, Field(ge=0, le=earning_rules.MOST_DAYS)]


class RulePath(Body):
    """Which rule."""

    rule_id: Id


class PerItem(Body):
    """Points for each item of a category."""

    category: Annotated[Line, Field(min_length=1, max_length=120)]
    points: Annotated[int, Field(ge=1, le=int(earning_rules.LARGEST_RATE))]


class RuleBody(Body):
    """A new rule: exactly one of `points_per_unit`, `per_item` and `multiplier`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "2 stars per hot drink",
                    "currency": "stars",
                    "per_item": {"category": "hot drinks", "points": 2},
                },
                {
                    "name": "Double Mondays",
                    "currency": "points",
                    "multiplier": 2,
                    "where": {"fact": "purchase.weekday", "op": "eq", "value": "monday"},
                },
            ]
        }
    )

    name: Name
    currency: PointCurrency
    points_per_unit: Annotated[float, Field(ge=0, le=float(earning_rules.LARGEST_RATE))] | None = Field(
        None, description="For each whole unit of the café's money, rounded down per purchase."
    )
    per_item: PerItem | None = None
    multiplier: Annotated[float, Field(ge=0, le=float(earning_rules.LARGEST_MULTIPLIER))] | None = None
    where: dict[str, Any] | None = Field(None, description="A condition tree over facts of the purchase.")
    activates_after_days: Days | None = None
    lifetime_days: Annotated[Days, Field(ge=1)] | None = None

    def as_draft(self) -> RuleDraft:
        """The rule as the rules take it: exact numbers."""
        return RuleDraft(
            name=self.name,
            currency=self.currency,
            points_per_unit=None if self.points_per_unit is None else exact(self.points_per_unit),
            per_item=self.per_item.model_dump() if self.per_item else None,
            multiplier=None if self.multiplier is None else exact(self.multiplier),
            where=self.where,
            activates_after_days=self.activates_after_days,
            lifetime_days=self.lifetime_days,
        )


class RuleAnswer(Answer):
    """How purchases earn points of one currency."""

    id: int
    name: str
    currency: str
    points_per_unit: float | None
    per_item: dict[str, Any] | None
    multiplier: float | None
    where: dict[str, Any] | None
    activates_after_days: int | None
    lifetime_days: int | None
    created_at: datetime


@bp.operation("GET", "/earning-rules", answers={200: pages.listing(RuleAnswer)})
def index(query: Page) -> Reply:
    """The rules that count, oldest first"""
    counting = _rules().where(EarningRule.archived_at.is_(None))
    return pages.by_id(counting, EarningRule.id, query, _as_answers, newest_first=False)


@bp.operation("POST", "/earning-rules", scopes=["loyalty:write"], answers={201: RuleAnswer})
def create(body: RuleBody) -> Reply:
    """Add a rule; it counts from the next purchase on"""
    made = earning_rules.create(db.session, body.as_draft(), now=clock.now())
    return Reply(201, _one(made.id))


@bp.operation("GET", "/earning-rules/<int:rule_id>", answers={200: RuleAnswer})
def show(path: RulePath) -> Reply:
    """One rule"""
    return Reply(200, _one(path.rule_id))


def _rules() -> Select[tuple[EarningRule, str]]:
    return select(EarningRule, Currency.code).join(Currency, Currency.id == EarningRule.currency_id)


def _one(rule_id: int) -> dict[str, Any]:
    row = db.session.execute(_rules().where(EarningRule.id == rule_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such earning rule.")
    return _as_answers([row])[0]


def _as_answers(rows: Sequence[Any]) -> list[dict[str, Any]]:
    plain = ("id", "name", "per_item", "activates_after_days", "lifetime_days")
    return [
        {name: getattr(rule, name) for name in plain}
        | {
            "currency": currency,
            "points_per_unit": _number(rule.points_per_unit),
            "multiplier": _number(rule.multiplier),
            "where": rule.condition,
            "created_at": rule.created_at.isoformat(),
        }
        for rule, currency in rows
    ]


def _number(exact: Decimal | None) -> float | int | None:
    return None if exact is None else int(exact) if exact == int(exact) else float(exact)
