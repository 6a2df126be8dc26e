"""The one SQL statement that answers a tree: members, and beside each what its facts need, joined once."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ARRAY, BigInteger, ColumnElement, FromClause, Select, SQLColumnExpression, any_, cast, select
from sqlalchemy.orm import aliased

from domain.audience.facts.scope import Scope
from models.member import Member

Row = TypeVar("Row")
Column = SQLColumnExpression[Any]
Condition = ColumnElement[bool]
Query = Select[*tuple[Any, ...]]


class Statement:
    """Collects the joins of a statement. What two leaves ask alike is joined once."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._joins: dict[Hashable, tuple[Any, Condition]] = {}

    def beside(self, model: type[Row]) -> type[Row]:
        """A table that has at most one row for a member, its key being `member_id`."""
        if model.__name__ not in self._joins:
            joined: Any = aliased(model)
            self._joins[model.__name__] = (joined, joined.member_id == Member.id)
        return self._joins[model.__name__][0]

    def grouped(self, key: Hashable, build: Callable[[], Query]) -> Any:
        """The columns of a subquery with at most one row for a member, its first column being `member_id`."""
        if key not in self._joins:
            joined: FromClause = build().subquery()
            self._joins[key] = (joined, joined.c.member_id == Member.id)
        return self._joins[key][0].c

    def members(self, column: Column) -> Sequence[Condition]:
        """What keeps a subquery to the members that are asked about."""
        if self.scope.member_ids is None:
            return ()
        return (column == any_(cast(list(self.scope.member_ids), ARRAY(BigInteger))),)

    def where(self, condition: Condition) -> Select[int]:
        """The numbers of the members that fulfil the condition; erased ones never do."""
        query = select(Member.id)
        for joined, on in self._joins.values():
            query = query.outerjoin(joined, on)
        return query.where(Member.erased_at.is_(None), *self.members(Member.id), condition)
