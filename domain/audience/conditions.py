"""Questions about members: checked before they are kept, answered as one SQL statement for everybody or for some.

"All" narrows a set one question after the other, "any" puts sets together; "not" and all that holds where nothing is
take members out of those that come into question.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import count

from sqlalchemy import CTE, CompoundSelect, Select, and_, except_, exists, or_, select, true, union
from sqlalchemy.orm import Session

from domain import trees
from domain.audience import condition_names
from domain.audience.facts import FACTS, operators, order
from domain.audience.facts.fact import Asked
from domain.audience.facts.scope import Scope
from domain.audience.facts.statement import MEMBERS, Condition, Mentions, Place, Statement
from domain.trees import Tree
from models.member import Member

__all__ = ["Scope", "check", "matching"]

Found = Select[int] | CompoundSelect[int]


def check(session: Session, tree: Tree, *, path: str = "definition", segment_id: int | None = None) -> None:
    """Refuse a tree that cannot be asked: `Unacceptable`, each error's path leading to its spot below `path`.

    What it names (tags, segments, locations, rewards, currencies) must be there; a segment (`segment_id`) may not ask
    for itself, not even by way of others.
    """
    trees.check(tree, FACTS, path=path)
    condition_names.check(session, tree, path=path, segment_id=segment_id)


def matching(tree: Tree, scope: Scope) -> Select[int]:
    """The ids of the members that fulfil a checked tree, in one statement; `{"all": []}` is everybody."""
    found = _found(_part(tree, is_wanted=True), _Search(scope)).cte()
    is_erased = exists().where(Member.id == found.c.member_id, Member.erased_at.is_not(None))
    return select(found.c.member_id.label("id")).where(~is_erased)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A question, or with `is_wanted` False its opposite: "not" has moved down to the leaves."""

    tree: Tree
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class _Joint:
    """Parts that all have to hold where it `narrows`, any of them where it does not."""

    narrows: bool
    parts: Sequence["_Leaf | _Joint"]


_Part = _Leaf | _Joint


@dataclass(frozen=True, slots=True)
class _Search:
    """Whom a part of a tree is asked about: the members that fulfilled what was asked before, or everybody."""

    scope: Scope
    inside: CTE | None = None

    def narrowed(self, found: Found) -> "_Search":
        return _Search(self.scope, found.cte())

    def statement(self) -> Statement:
        return Statement(self.scope, self.inside)

    @property
    def everybody(self) -> Select[int]:
        if self.inside is not None:
            return select(self.inside.c.member_id)
        return self.statement().place.members(true())

    def without(self, gone: Select[int]) -> CompoundSelect[int]:
        """Everybody but these: one set taken from another, where a join would look through all of these for each if
        the planner expected few."""
        return except_(self.everybody, gone)


@dataclass(frozen=True, slots=True)
class _Look:
    """Whose rows in one place fulfil a condition; `excludes` wants all others."""

    place: Place
    condition: Condition
    excludes: bool

    @property
    def wanted(self) -> Condition:
        """What rows of those who have some must fulfil."""
        return self.condition.is_not(True) if self.excludes else self.condition


def _part(tree: Tree, *, is_wanted: bool) -> _Part:
    """The same tree without "not", and without an "all" directly in an "all"."""
    if "not" in tree:
        return _part(tree["not"], is_wanted=not is_wanted)
    for joint in ("all", "any"):
        if joint in tree:
            narrows = (joint == "all") is is_wanted
            parts = [_part(each, is_wanted=is_wanted) for each in tree[joint]]
            return _Joint(narrows, [own for each in parts for own in _parts_of(each, narrows)])
    return _Leaf(tree, is_wanted)


def _parts_of(part: _Part, narrows: bool) -> Sequence[_Part]:
    return part.parts if isinstance(part, _Joint) and part.narrows is narrows else [part]


def _found(part: _Part, search: _Search) -> Found:
    if isinstance(part, _Leaf):
        return _all([part], search)
    return (_all if part.narrows else _any)(part.parts, search)


def _all(parts: Sequence[_Part], search: _Search) -> Found:
    """Narrow the set part by part, cheap and rare ones first. Who is not wanted is taken out in the same order, as soon
    as there are some to take out of; where others in the same place are wanted, right away with them."""
    by_place = _in_order(parts, search)
    wanted = [key.place for key, _together in by_place if not key.excludes]
    gone = {key.place: each for key, each in by_place if key.excludes}
    found: Found | None = None
    for key, together in sorted(by_place, key=lambda each: each[0].place not in wanted[:1]):
        if key.excludes and key.place in wanted:
            continue
        search = search if found is None else search.narrowed(found)
        if key.excludes:
            found = search.without(_mentioned(together, search, or_))
        else:
            found = _narrowed([*together, *gone.get(key.place, ())], search)
    return search.everybody if found is None else found


def _any(parts: Sequence[_Part], search: _Search) -> Found:
    """Put together what each part finds; questions about the same rows are one."""
    found: list[Found] = []
    for key, together in _in_order(parts, search):
        if key.excludes:
            found.append(search.without(_mentioned(together, search, and_)))
        elif isinstance(together[0], _Joint):
            found.append(_found(together[0], search))
        else:
            found.append(_members(together, search, or_))
    return union(*found) if len(found) > 1 else found[0]


@dataclass(frozen=True, slots=True)
class _Key:
    """What may be asked together: questions that look at the same rows."""

    place: Hashable
    excludes: bool


def _in_order(parts: Sequence[_Part], search: _Search) -> list[tuple[_Key, list[_Part]]]:
    numbers = count()
    statement = search.statement()

    def key(part: _Part) -> _Key:
        if isinstance(part, _Joint):
            return _Key(next(numbers), excludes=False)
        look = _look(part, statement)
        return _Key(look.place.key, look.excludes)

    together: dict[_Key, list[_Part]] = {}
    for part in sorted(parts, key=_rank):
        together.setdefault(key(part), []).append(part)
    return list(together.items())


def _rank(part: _Part) -> tuple[float, str]:
    return order.LAST if isinstance(part, _Joint) else order.rank(part.tree)


def _narrowed(together: Sequence[_Part], search: _Search) -> Found:
    if isinstance(together[0], _Joint):
        return _found(together[0], search)
    looks = _looks(together, search)
    return looks[0].place.members(and_(*(look.wanted for look in looks)))


def _members(leaves: Sequence[_Part], search: _Search, joined: Callable[..., Condition]) -> Select[int]:
    """The members whose rows in one place fulfil these conditions."""
    looks = _looks(leaves, search)
    return looks[0].place.members(joined(*(look.condition for look in looks)))


def _mentioned(leaves: Sequence[_Part], search: _Search, joined: Callable[..., Condition]) -> Select[int]:
    """The same, some perhaps more than once, or of no interest: those who are taken out."""
    looks = _looks(leaves, search)
    place = looks[0].place
    if isinstance(place, Mentions) and place.found_otherwise:
        looks = _looks(leaves, _Search(search.scope))
    return looks[0].place.mentioned(joined(*(look.condition for look in looks)))


def _looks(leaves: Sequence[_Part], search: _Search) -> list[_Look]:
    statement = search.statement()
    return [_look(leaf, statement) for leaf in leaves if isinstance(leaf, _Leaf)]


def _look(leaf: _Leaf, statement: Statement) -> _Look:
    fact = FACTS[leaf.tree["fact"]]
    statement.begin()
    asked = operators.asked(fact, fact.say(statement, Asked.of(leaf.tree)), leaf.tree, statement.scope)
    excludes = asked.excludes is leaf.is_wanted
    if excludes and statement.place.key == MEMBERS:  # everybody has a row there: who is not wanted is said right away
        return _Look(statement.place, asked.condition.is_not(True), excludes=False)
    return _Look(statement.place, asked.condition, excludes)
