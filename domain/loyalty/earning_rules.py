"""The rules by which a café's purchases earn points: made, listed, put away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import trees
from domain.errors import FieldError, NotFound, Unacceptable
from domain.loyalty import currencies
from domain.loyalty.earning import FACTS
from domain.sentences import say
from models.currency import Currency
from models.earning_rule import EarningRule

LONGEST_NAME = 120
LARGEST_RATE = Decimal(10_000)
LARGEST_MULTIPLIER = Decimal(100)
FINEST = Decimal("0.0001")
MOST_DAYS = 3650
WAYS = ("points_per_unit", "per_item", "multiplier")
ONE_WAY = say("Give exactly one of: %(ways)s.", ways=", ".join(WAYS))


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """An earning rule as an owner writes it: exactly one of `points_per_unit`, `per_item` (`{category, points}`) and
    `multiplier`; `where` is a condition tree over `earning.FACTS`."""

    name: str
    currency: str
    points_per_unit: Decimal | None = None
    per_item: Mapping[str, Any] | None = None
    multiplier: Decimal | None = None
    where: Mapping[str, Any] | None = None
    activates_after_days: int | None = None
    lifetime_days: int | None = None


def create(session: Session, draft: RuleDraft, *, now: datetime) -> EarningRule:
    """A new rule, counted from the next purchase on. Raises `Unacceptable` with the fields that are wrong."""
    if errors := _errors(draft):
        raise Unacceptable(say("This earning rule cannot be saved."), errors)
    if draft.where is not None:
        trees.check(draft.where, FACTS)
    rule = EarningRule(
        name=draft.name.strip(),
        currency_id=currencies.by_code(session, draft.currency).id,
        points_per_unit=draft.points_per_unit,
        per_item=None if draft.per_item is None else dict(draft.per_item),
        multiplier=draft.multiplier,
        condition=None if draft.where is None else dict(draft.where),
        activates_after_days=draft.activates_after_days,
        lifetime_days=draft.lifetime_days,
        created_at=now,
    )
    session.add(rule)
    session.flush()
    return rule


def get(session: Session, rule_id: int) -> EarningRule:
    """The rule of this id."""
    rule = session.scalar(select(EarningRule).where(EarningRule.id == rule_id))
    if rule is None:
        raise NotFound(say("There is no such earning rule."))
    return rule


def of_cafe(session: Session) -> list[EarningRule]:
    """The rules that count, oldest first."""
    return list(session.scalars(select(EarningRule).where(EarningRule.archived_at.is_(None)).order_by(EarningRule.id)))


def archive(session: Session, rule_id: int, *, now: datetime) -> EarningRule:
    """Let a rule count no more; what it gave stays."""
    rule = get(session, rule_id)
    rule.archived_at = rule.archived_at or now
    session.flush()
    return rule


def replace(session: Session, rule_id: int, draft: RuleDraft, *, now: datetime) -> EarningRule:
    """Put a rule away and let a new one count in its place: what the old one gave stays explained by it."""
    archive(session, rule_id, now=now)
    return create(session, draft, now=now)


def describe(session: Session, rule: EarningRule) -> dict[str, Any]:
    """The rule in the API's shape; exact numbers as `Decimal`."""
    code = session.scalar(select(Currency.code).where(Currency.id == rule.currency_id))
    return {
        "id": rule.id,
        "name": rule.name,
        "currency": code,
        "points_per_unit": rule.points_per_unit,
        "per_item": rule.per_item,
        "multiplier": rule.multiplier,
        "where": rule.condition,
        "activates_after_days": rule.activates_after_days,
        "lifetime_days": rule.lifetime_days,
    }


def _errors(draft: RuleDraft) -> list[FieldError]:
    errors = []
    if not 0 < len(draft.name.strip()) <= LONGEST_NAME:
        errors.append(FieldError("name", say("Give a name of at most %(most)s characters.", most=LONGEST_NAME)))
    if sum(getattr(draft, way) is not None for way in WAYS) != 1:
        errors.append(FieldError("points_per_unit", ONE_WAY))
    errors += _number_errors("points_per_unit", draft.points_per_unit, LARGEST_RATE)
    errors += _number_errors("multiplier", draft.multiplier, LARGEST_MULTIPLIER)
    errors += _item_errors(draft.per_item)
    if draft.multiplier is not None and (draft.activates_after_days is not None or draft.lifetime_days is not None):
        errors.append(FieldError("multiplier", say("A multiplier raises points of other rules, with their dates.")))
    if not 0 <= (draft.activates_after_days or 0) <= MOST_DAYS:
        errors.append(FieldError("activates_after_days", say("Give 0 to %(most)s days.", most=MOST_DAYS)))
    if draft.lifetime_days is not None and not 0 < draft.lifetime_days <= MOST_DAYS:
        errors.append(FieldError("lifetime_days", say("Give 1 to %(most)s days.", most=MOST_DAYS)))
    return errors


def _number_errors(field: str, number: Decimal | None, largest: Decimal) -> list[FieldError]:
    if number is None or (number.is_finite() and 0 <= number <= largest and number % FINEST == 0):
        return []
    return [FieldError(field, say("Give a number from 0 to %(most)s, with at most four decimals.", most=largest))]


def _item_errors(per_item: Mapping[str, Any] | None) -> list[FieldError]:
    if per_item is None:
        return []
    errors = []
    category, points = per_item.get("category"), per_item.get("points")
    if per_item.keys() != {"category", "points"} or not isinstance(category, str) or not 0 < len(category) <= 120:
        errors.append(FieldError("per_item.category", say("Give a category and the points for each item of it.")))
    if not isinstance(points, int) or isinstance(points, bool) or not 0 < points <= LARGEST_RATE:
        errors.append(FieldError("per_item.points", say("Give 1 to %(most)s points.", most=LARGEST_RATE)))
    return errors
