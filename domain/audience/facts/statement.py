"""Where a question looks members up: a table or a summing-up of rows with at most one row for a member.

Sets of members are narrowed one question after the other. Everything looked up keeps to the members found before, by
a column that has an index: however wrong the planner's guesses are, no rows are compared with all others.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ARRAY, CTE, BigInteger, ColumnElement, Select, SQLColumnExpression, any_, cast, select

from domain.audience.facts.scope import Scope
from models.member import Member

Row = TypeVar("Row")
Column = SQLColumnExpression[Any]
Condition = ColumnElement[bool]
Query = Select[*tuple[Any, ...]]
MEMBERS, DAYS = "members", "days"


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows about members stand, and the column that says whose they are."""

    key: Hashable
    member_id: Column
    conditions: tuple[Condition, ...] = ()
    columns: Any = None

    def members(self, condition: Condition) -> Select[int]:
        """The members whose rows fulfil the condition, each once."""
        return select(self.member_id.label("member_id")).where(*self.conditions, condition)

    def mentioned(self, condition: Condition) -> Select[int]:
        """The same, some perhaps more than once."""
        return self.members(condition)


@dataclass(frozen=True, slots=True)
class Mentions(Place):
    """Any number of rows for a member, of which nothing is counted. Those that are `found_otherwise` than by their
    member are read the sooner the fewer members they are compared with."""

    found_otherwise: bool = field(kw_only=True)

    def members(self, condition: Condition) -> Select[int]:
        return self.mentioned(condition).distinct()

    def mentioned(self, condition: Condition) -> Select[int]:
        return Place.members(self, condition)


@dataclass(frozen=True, slots=True)
class Days(Place):
    """Days with purchases, any number for a member, summed up in one pass for all windows: conditions are about sums.

    `starts` are the first days of the windows that were asked for so far.
    """

    day: Column = field(kw_only=True)
    starts: list[date] = field(kw_only=True, default_factory=list)

    def members(self, condition: Condition) -> Select[int]:
        """The members whose days fulfil the condition."""
        found: Select[int] = select(self.member_id.label("member_id"))
        found = found.where(*self.conditions, self.day >= min(self.starts))
        return found.group_by(self.member_id).having(condition)


class Statement:
    """Questions being said. `inside` are the members that come into question; None means everybody in the scope.

    `place` is where the last one looked; asked for the same key, it is the same place: two questions about it are one.
    """

    def __init__(self, scope: Scope, inside: CTE | None = None) -> None:
        self.scope = scope
        self._inside = inside
        self._places: dict[Hashable, Place] = {}
        self._everybody = Place(MEMBERS, Member.id, (Member.erased_at.is_(None), *self.members(Member.id)))
        self.place = self._everybody

    def begin(self) -> None:
        """The next question looks at members themselves, unless it says otherwise."""
        self.place = self._everybody

    def beside(self, model: type[Row]) -> type[Row]:
        """Look into a table whose key is `member_id`."""
        of: Any = model
        self.place = Place(of.__tablename__, of.member_id, tuple(self.members(of.member_id)))
        return model

    def days(self, member_id: Column, day: Column, *, start: date) -> None:
        """Look into days with purchases, from this one on."""
        if DAYS not in self._places:
            self._places[DAYS] = Days(DAYS, member_id, tuple(self.members(member_id)), day=day)
        self.place = place = self._places[DAYS]
        assert isinstance(place, Days)
        place.starts.append(start)

    def grouped(self, key: Hashable, build: Callable[[], Any]) -> Any:
        """Look into a query whose first column is `member_id`, once for a member. Returns its columns."""
        if key not in self._places:
            columns = build().subquery().c
            self._places[key] = Place(key, columns.member_id, columns=columns)
        self.place = self._places[key]
        return self.place.columns

    def mentions(self, key: Hashable, build: Callable[[], Any], *, found_otherwise: bool) -> None:
        """Look into a query whose first column is `member_id`, any number of times for a member."""
        if key not in self._places:
            columns = build().subquery().c
            self._places[key] = Mentions(key, columns.member_id, columns=columns, found_otherwise=found_otherwise)
        self.place = self._places[key]

    def members_read(self, column: Column) -> Sequence[Condition]:
        """The same for rows that are found by another column than the member: read one by one, not joined, so that
        nothing depends on how many members the planner expects."""
        return [condition.is_(True) for condition in self.members(column)]

    def members(self, column: Column) -> Sequence[Condition]:
        """What keeps rows to the members that come into question."""
        conditions: list[Condition] = []
        if self.scope.member_ids is not None:
            conditions.append(column == any_(cast(list(self.scope.member_ids), ARRAY(BigInteger))))
        if self._inside is not None:
            conditions.append(column.in_(select(self._inside.c.member_id)))
        return conditions
