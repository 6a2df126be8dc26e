"""Rules of the owner's own: a tag that follows a condition. They may ask about other tags, but not in a circle."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import CTE, literal_column, select
from sqlalchemy.orm import Session

from domain import trees
from domain.audience import conditions
from domain.audience.facts.scope import Scope
from domain.errors import Unacceptable
from domain.sentences import say
from domain.trees import Tree
from models.tag import Tag

TAGS, SEGMENTS = "tags", "segments"
PATH = "definition"


def check(session: Session, definition: Any, *, name: str) -> None:
    """Refuse what is no condition, what asks about segments, and what asks about itself by way of other tags."""
    conditions.check(session, definition, path=PATH)
    for path, leaf in trees.leaves(definition, PATH):
        if leaf["fact"] == SEGMENTS:
            words = say("A tag cannot ask about segments: segments ask about tags. Ask what the segment asks.")
            raise Unacceptable.at(path, words)
    others = {tag.name.lower(): names_in(tag.definition) for tag in _with_rules(session) if tag.definition}
    if circle := _circle(name.lower(), others | {name.lower(): names_in(definition)}):
        words = say("This goes in a circle: %(circle)s. A tag cannot depend on itself.", circle=" → ".join(circle))
        raise Unacceptable.at(PATH, words)


def in_order(tags: Iterable[Tag]) -> list[Tag]:
    """The tags such that each comes after those its rule asks about."""
    left = {tag.name.lower(): tag for tag in tags}
    ordered: list[Tag] = []
    while left:
        ready = [key for key, tag in left.items() if not (names_in(tag.definition) - {key}) & left.keys()]
        for key in ready or list(left):  # a circle cannot be saved; should one stand there, nobody waits for ever
            ordered.append(left.pop(key))
    return ordered


def wanted(tag: Tag, scope: Scope) -> CTE:
    """Who fulfils the rule: `member_id, lapses_on, because`."""
    fulfilling = conditions.matching(tag.definition or {}, scope).subquery()
    return select(
        fulfilling.c[0].label("member_id"),
        literal_column("NULL::date").label("lapses_on"),
        literal_column("'{}'::jsonb").label("because"),
    ).cte("wanted")


def names_in(tree: Tree | None) -> set[str]:
    """The tags a condition asks about, in lower case."""
    names: set[str] = set()
    for _path, leaf in trees.leaves(tree) if tree else ():
        if leaf["fact"] == TAGS:
            value = leaf.get("value")
            names |= {str(each).lower() for each in (value if isinstance(value, list) else [value]) if each}
    return names


def _with_rules(session: Session) -> Iterable[Tag]:
    return session.scalars(select(Tag).where(Tag.archived_at.is_(None), Tag.definition.is_not(None)))


def _circle(start: str, asks: Mapping[str, set[str]]) -> list[str]:
    """The way from a tag back to itself; empty when there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for each in sorted(asks.get(way[-1], ())):
            if each == start:
                return [*way, start]
            if each not in seen:
                seen.add(each)
                ways.append([*way, each])
    return []
