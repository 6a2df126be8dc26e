"""The three segments that every café has: New, Top and Defecting, each a question with numbers the owner may change.

Day n lies n local dates before the café's today. Purchases that were refunded in full never happened: the summaries
that answer here do not know them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Numeric,
    ScalarSelect,
    Select,
    any_,
    cast,
    false,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from domain.audience.facts.scope import Scope
from domain.errors import FieldError, Unacceptable
from domain.sentences import Sentence, say
from models.summary import AudienceDay, MemberSummary, PurchaseDay

NEW, TOP, DEFECTING = "new", "top", "defecting"
YEAR = 365  # the window that summaries keep
LONGEST = 3650
MOST_PURCHASES = 1000

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a preset: what it is when nobody changes it, and between what it may lie."""

    default: int
    smallest: int
    largest: int
    words: Sentence
    is_whole: bool = True


_DAYS = say("Give a whole number of days from 1 to %(most)s.", most=LONGEST)
_PURCHASES = say("Give a whole number of purchases from 1 to %(most)s.", most=MOST_PURCHASES)
_PERCENT = say("Give a percentage from 0.01 to 100, like 10.")
NUMBERS: Mapping[str, Mapping[str, Number]] = MappingProxyType(
    {
        NEW: {"days": Number(30, 1, LONGEST, _DAYS)},
        TOP: {
            "purchases": Number(2, 1, MOST_PURCHASES, _PURCHASES),
            "percent": Number(10, 0, 100, _PERCENT, is_whole=False),
            "days": Number(YEAR, 1, LONGEST, _DAYS),
        },
        DEFECTING: {"days": Number(90, 1, LONGEST, _DAYS)},
    }
)


def checked(preset: str, parameters: Any, *, path: str = "parameters") -> dict[str, Any]:
    """All numbers of a preset: those given, the others as they are when nobody changes them.

    Raises `Unacceptable` with a path below `path` for each that is wrong.
    """
    if preset not in NUMBERS:
        raise Unacceptable.at("preset", say("Use one of: %(names)s.", names=", ".join(NUMBERS)))
    given = {} if parameters is None else parameters
    if not isinstance(given, Mapping):
        raise Unacceptable.at(path, say("Give an object with %(names)s.", names=", ".join(NUMBERS[preset])))
    errors = [FieldError(f"{path}.{name}", _not_a_number(preset)) for name in given if name not in NUMBERS[preset]]
    numbers = {name: given.get(name, number.default) for name, number in NUMBERS[preset].items()}
    errors += [
        FieldError(f"{path}.{name}", number.words)
        for name, number in NUMBERS[preset].items()
        if not _fits(numbers[name], number)
    ]
    if errors:
        raise Unacceptable(errors[0].message if len(errors) == 1 else say("These numbers cannot be used."), errors)
    return {name: int(number) if number == int(number) else number for name, number in numbers.items()}


def matching(session: Session, preset: str, parameters: Parameters, scope: Scope) -> Select[int]:
    """The ids of the members in a preset whose numbers were `checked`."""
    if preset == NEW:
        return _among(scope, _new(scope.day(parameters["days"])))
    if preset == DEFECTING:
        return _among(scope, _defecting(scope.day(parameters["days"])))
    if looks_at_a_year(session, parameters, scope):
        return top_of_year(parameters, scope, border=border(session, parameters))
    return _top_of_days(parameters, scope)


def border(session: Session, parameters: Parameters) -> int | None:
    """What the least of a year's Top spent, in minor units; None when nobody is in it."""
    return session.scalar(select(_border(_spent_in_year(parameters).subquery(), parameters)))


def top_of_year(parameters: Parameters, scope: Scope, *, border: int | None) -> Select[int]:
    """The ids of those in a year's Top when its `border` is known."""
    if border is None:
        return select(MemberSummary.member_id).where(false())
    bought = select(MemberSummary.member_id).where(MemberSummary.year_purchases >= parameters["purchases"])
    return _among(scope, bought.where(MemberSummary.year_minor >= border))


def crossing(preset: str, parameters: Parameters, scope: Scope, *, since: date) -> Select[int]:
    """The ids of members whom the calendar moved into New or Defecting or out of it, from the day `since` to today."""
    days = parameters["days"]
    column = MemberSummary.first_on if preset == NEW else MemberSummary.last_on
    moved = select(MemberSummary.member_id).where(column < scope.day(days))
    if preset == NEW:
        moved = moved.where(MemberSummary.purchases == 1)
    return moved.where(column >= scope.day(days + (scope.today - since).days))


def between_borders(parameters: Parameters, one: int, other: int) -> Select[int]:
    """The ids of members who may have changed sides when Top's border moved; for a year's Top only."""
    spent = MemberSummary.year_minor
    moved = select(MemberSummary.member_id).where(spent >= min(one, other), spent <= max(one, other))
    return moved.where(MemberSummary.year_purchases >= parameters["purchases"])


def looks_at_a_year(session: Session, parameters: Parameters, scope: Scope) -> bool:
    """Whether the summaries' own year answers Top: it is asked for a year, and they stand at today."""
    return parameters["days"] == YEAR and session.scalar(select(AudienceDay.day)) == scope.today


def _new(first: date) -> Select[int]:
    return select(MemberSummary.member_id).where(MemberSummary.purchases == 1, MemberSummary.first_on >= first)


def _defecting(before: date) -> Select[int]:
    return select(MemberSummary.member_id).where(MemberSummary.last_on < before)


def _spent_in_year(parameters: Parameters) -> Select[int, int]:
    bought = select(MemberSummary.member_id, MemberSummary.year_minor.label("spent"))
    return bought.where(MemberSummary.year_minor > 0, MemberSummary.year_purchases >= parameters["purchases"])


def _top_of_days(parameters: Parameters, scope: Scope) -> Select[int]:
    spent = func.sum(PurchaseDay.net_minor)
    spending = (
        select(PurchaseDay.member_id, spent.label("spent"))
        .where(PurchaseDay.day >= scope.day(parameters["days"]))
        .group_by(PurchaseDay.member_id)
        .having(func.sum(PurchaseDay.purchases) >= parameters["purchases"], spent > 0)
        .cte("spending")
    )
    best = select(spending.c.member_id).where(spending.c.spent >= _border(spending, parameters))
    return best if scope.member_ids is None else best.where(_is_one_of(spending.c.member_id, scope.member_ids))


def _border(spending: FromClause, parameters: Parameters) -> ScalarSelect[Any]:
    """The spend of the last one in, at the given percentage of all `spending`, rounded up."""
    everybody = select(func.count()).select_from(spending).correlate(None).scalar_subquery()
    share = cast(literal(str(parameters["percent"])), Numeric) / 100
    last = func.greatest(func.ceil(everybody * share).cast(BigInteger) - 1, 0)
    ranked = select(spending.c.spent).order_by(spending.c.spent.desc()).offset(last).limit(1)
    return ranked.correlate(None).scalar_subquery()


def _among(scope: Scope, query: Select[int]) -> Select[int]:
    return query if scope.member_ids is None else query.where(_is_one_of(MemberSummary.member_id, scope.member_ids))


def _is_one_of(column: Any, member_ids: Sequence[int]) -> ColumnElement[bool]:
    return column == any_(cast(list(member_ids), ARRAY(BigInteger)))


def _not_a_number(preset: str) -> Sentence:
    return say("Not a number of this segment. Use %(names)s.", names=", ".join(NUMBERS[preset]))


def _fits(value: Any, number: Number) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if number.is_whole else int | float):
        return False
    if number.is_whole:
        return number.smallest <= value <= number.largest
    exact = Decimal(str(value))
    return exact.is_finite() and number.smallest < exact <= number.largest and exact == round(exact, 2)
