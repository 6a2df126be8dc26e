"""A shop or reward is called otherwise now: conditions that ask for it by name ask for the new one."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.earning_rule import EarningRule
from models.segment import Segment
from models.tag import Tag

Tree = Mapping[str, Any]


def follow(session: Session, field: str, old: str, new: str) -> None:
    """Let earning rules, segments and tags follow; `field` is what conditions call it: `location`, `reward`."""

    def swapped(value: Any) -> Any:
        return new if isinstance(value, str) and value.casefold() == old.casefold() else value

    for rule in session.scalars(select(EarningRule).where(EarningRule.archived_at.is_(None))):
        rule.condition = rule.condition and renamed(rule.condition, field, swapped)
    segments = session.scalars(select(Segment).where(Segment.definition.is_not(None)))
    tags = session.scalars(select(Tag).where(Tag.definition.is_not(None)))
    for each in (*segments, *tags):
        each.definition = each.definition and renamed(each.definition, field, swapped)
    session.flush()


def renamed(tree: Tree, field: str, swapped: Callable[[Any], Any]) -> dict[str, Any]:
    """The tree with the values of a purchase's field swapped, wherever it is asked about."""
    for joint in ("all", "any"):
        if joint in tree:
            return {joint: [renamed(each, field, swapped) for each in tree[joint]]}
    if "not" in tree:
        return {"not": renamed(tree["not"], field, swapped)}
    leaf = dict(tree)
    if leaf["fact"] == f"purchase.{field}" and "value" in leaf:
        leaf["value"] = _each(leaf["value"], swapped)
    if field in leaf.get("where", {}):
        leaf["where"] = {**leaf["where"], field: _asked(leaf["where"][field], swapped)}
    return leaf


def _asked(asked: Any, swapped: Callable[[Any], Any]) -> Any:
    if isinstance(asked, Mapping):
        return {**asked, "value": _each(asked["value"], swapped)} if "value" in asked else asked
    return _each(asked, swapped)


def _each(value: Any, swapped: Callable[[Any], Any]) -> Any:
    return [swapped(each) for each in value] if isinstance(value, list) else swapped(value)
