"""Questions about members: checked before they are kept, answered as one SQL statement for everybody or for some."""

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import Session

from domain import trees
from domain.audience import condition_names
from domain.audience.facts import FACTS, operators
from domain.audience.facts.fact import Asked
from domain.audience.facts.scope import Scope
from domain.audience.facts.statement import Statement
from domain.trees import Tree

__all__ = ["Scope", "check", "matching"]


def check(session: Session, tree: Tree, *, path: str = "definition", segment_id: int | None = None) -> None:
    """Refuse a tree that cannot be asked: `Unacceptable`, each error's path leading to its spot below `path`.

    What it names (tags, segments, locations, rewards, currencies) must be there; a segment (`segment_id`) may not ask
    for itself, not even by way of others.
    """
    trees.check(tree, FACTS, path=path)
    condition_names.check(session, tree, path=path, segment_id=segment_id)


def matching(tree: Tree, scope: Scope) -> Select[int]:
    """The ids of the members that fulfil a checked tree, in one statement; `tree` may be `{"all": []}`: everybody."""
    statement = Statement(scope)
    return statement.where(_condition(tree, statement, is_wanted=True))


def _condition(tree: Tree, statement: Statement, *, is_wanted: bool) -> ColumnElement[bool]:
    """`is_wanted` False asks for the opposite: "not" moves down to the leaves, where SQL can use it."""
    if "not" in tree:
        return _condition(tree["not"], statement, is_wanted=not is_wanted)
    for joint in ("all", "any"):
        if joint in tree:
            parts = [_condition(part, statement, is_wanted=is_wanted) for part in tree[joint]]
            return and_(True, *parts) if (joint == "all") is is_wanted else or_(False, *parts)
    if is_wanted:
        return _leaf(tree, statement)
    opposite = operators.opposite(FACTS[tree["fact"]], tree)
    return _leaf(opposite, statement) if opposite else _leaf(tree, statement).is_not(True)


def _leaf(leaf: Tree, statement: Statement) -> ColumnElement[bool]:
    fact = FACTS[leaf["fact"]]
    said = fact.say(statement, Asked.of(leaf))
    return operators.predicate(fact, said, leaf, statement.scope)
