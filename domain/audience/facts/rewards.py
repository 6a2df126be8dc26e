"""Facts of rewards: what members unlocked, may use, used, and how far the next one is."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import and_, exists, func, not_, or_, select, true

from domain.audience.facts import operators
from domain.audience.facts.fact import Asked, AudienceFact, Said, Value
from domain.audience.facts.statement import Condition, Query, Statement
from domain.fact import Fact, Type
from domain.trees import Tree
from models.ledger import Balance
from models.location import Location
from models.member import Member
from models.reward import Redemption, Reward, RewardEvent

REWARD = Fact("reward", Type.TEXT, "Reward", "Free coffee", names="rewards")
LOCATION = Fact("location", Type.TEXT, "Location", "main", names="locations")
ONE: Mapping[str, Fact] = {"reward": REWARD}
USED: Mapping[str, Fact] = {"reward": REWARD, "location": LOCATION}
NAMED = {"reward": Reward, "location": Location}

_fact = partial(AudienceFact, family="rewards")


def _unlocked(statement: Statement, asked: Asked) -> Said:
    def build() -> Query:
        query = _counted(statement, asked, RewardEvent).where(RewardEvent.state != "withdrawn")
        days = asked.window_days
        return query if days is None else query.where(RewardEvent.unlocked_at >= statement.scope.start(days))

    return Value(statement.grouped(("unlocked", asked.key), build).count, absent=0)


def _waiting(statement: Statement, asked: Asked) -> Said:
    def build() -> Query:
        return _counted(statement, asked, RewardEvent).where(_is_open(statement))

    return Value(statement.grouped(("waiting", asked.key), build).count, absent=0)


def _redeemed(statement: Statement, asked: Asked) -> Said:
    def build() -> Query:
        query = _counted(statement, asked, Redemption).where(Redemption.voided_at.is_(None))
        days = asked.window_days
        return query if days is None else query.where(Redemption.occurred_at >= statement.scope.start(days))

    return Value(statement.grouped(("redeemed", asked.key), build).count, absent=0)


def _points_to_next(statement: Statement, asked: Asked) -> Said:
    """Points missing to the nearest reward; not set when none is ahead."""
    return Value(statement.grouped(("ahead", asked.key), lambda: _ahead(statement, asked)).missing)


def _ahead(statement: Statement, asked: Asked) -> Query:
    available = func.coalesce(Balance.available, 0)
    is_had = exists().where(
        RewardEvent.member_id == Member.id,
        RewardEvent.reward_id == Reward.id,
        or_(_is_open(statement), and_(not_(Reward.repeatable), RewardEvent.state != "withdrawn")),
    )
    return (
        select(Member.id.label("member_id"), func.min(Reward.threshold - available).label("missing"))
        .join(Reward, true())
        .outerjoin(Balance, and_(Balance.member_id == Member.id, Balance.currency_id == Reward.currency_id))
        .where(Reward.archived_at.is_(None), Reward.threshold > available, *statement.members(Member.id), not_(is_had))
        .where(*(_is(Reward, leaf, statement) for leaf in asked.where))
        .group_by(Member.id)
    )


def _is_open(statement: Statement) -> Any:
    lasts = or_(RewardEvent.valid_until.is_(None), RewardEvent.valid_until > statement.scope.now)
    return and_(RewardEvent.state == "open", lasts)


def _is(named: Any, leaf: Tree, statement: Statement) -> Condition:
    return operators.column_predicate(USED[leaf["fact"]], func.lower(named.name), leaf, statement.scope)


def _counted(statement: Statement, asked: Asked, model: Any) -> Query:
    query = select(model.member_id, func.count().label("count"))
    for leaf in asked.where:
        own: dict[str, Any] = {
            "reward": (model.reward_id, Reward),
            "location": (getattr(model, "location_id", None), Location),
        }
        key, named = own[leaf["fact"]]
        query = query.where(key.in_(select(named.id).where(_is(named, leaf, statement))))
    return query.where(*statement.members(model.member_id)).group_by(model.member_id)


FACTS: tuple[AudienceFact, ...] = (
    _fact("rewards.unlocked", Type.NUMBER, "Rewards unlocked", 2, is_windowed=True, is_always_set=True, fields=ONE,
         say=_unlocked),
    _fact("rewards.waiting", Type.NUMBER, "Rewards that wait to be used", 1, is_always_set=True, fields=ONE,
         say=_waiting),
    _fact("rewards.redeemed", Type.NUMBER, "Rewards used", 1, is_windowed=True, is_always_set=True, fields=USED,
         say=_redeemed),
    _fact("rewards.points_to_next", Type.NUMBER, "Points missing to the next reward", 10, fields=ONE,
         say=_points_to_next),
)  # fmt: skip
