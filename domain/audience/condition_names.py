"""What conditions name must be there: tags, segments, shops, rewards, points. And no segment asks for itself."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import trees
from domain.audience.facts import FACTS
from domain.audience.facts.statement import Query
from domain.errors import FieldError, Unacceptable
from domain.fact import Fact
from domain.sentences import Sentence, say
from domain.trees import Tree
from models.currency import Currency
from models.location import Location
from models.reward import Reward
from models.segment import Segment
from models.tag import Tag

STANDING: Mapping[str, Query] = {
    "tags": select(Tag.name, Tag.name).where(Tag.archived_at.is_(None)),
    "segments": select(Segment.id, Segment.name).where(Segment.archived_at.is_(None)),
    "locations": select(Location.name, Location.name),
    "rewards": select(Reward.name, Reward.name),
    "currencies": select(Currency.code, Currency.name),
}
WORDS = {
    "tags": say("tag"),
    "segments": say("segment"),
    "locations": say("location"),
    "rewards": say("reward"),
    "currencies": say("kind of points"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """Something a tree names: what it is (`tags`), its name or id, and the path that leads there."""

    kind: str
    value: Any
    path: str


def check(session: Session, tree: Tree, *, path: str, segment_id: int | None) -> None:
    """Refuse a checked tree that names what is not there, or a segment that would ask for itself."""
    names = list(named(tree, path))
    errors = [error for kind in STANDING for error in _missing(session, kind, [n for n in names if n.kind == kind])]
    if not errors and segment_id is not None:
        errors = [FieldError(each.path, ITSELF) for each in names if _asks(session, each, segment_id)]
    if errors:
        raise Unacceptable(errors[0].message if len(errors) == 1 else say("This condition cannot be used."), errors)


def named(tree: Tree, path: str = "") -> Iterator[Named]:
    """Everything that a tree names; what asks for a fact that is gone names nothing."""
    for spot, leaf in trees.leaves(tree, path):
        fact = FACTS.get(leaf["fact"])
        if fact is None:
            continue
        yield from _values(fact, leaf, f"{spot}.value")
        for field in trees.asked(leaf.get("where")):
            asked = fact.field(field["fact"])
            if asked is not None:
                yield from _values(asked, field, f"{spot}.where.{field['fact']}")


def choices(session: Session, kind: str) -> list[tuple[Any, str]]:
    """What a café has of a kind (`tags`, `segments` …): pairs of what a condition holds and the name people read."""
    query = STANDING[kind]
    return [(value, name) for value, name in session.execute(query.order_by(func.lower(query.selected_columns[1])))]


ITSELF = say("A segment cannot ask for itself, not even by way of another segment.")


def _values(fact: Fact, leaf: Tree, path: str) -> Iterator[Named]:
    value = leaf.get("value")
    if not fact.names or value is None:
        return
    for each in value if isinstance(value, list) else [value]:
        yield Named(fact.names, each, path)


def _missing(session: Session, kind: str, names: list[Named]) -> Iterable[FieldError]:
    if not names:
        return []
    there = [value for value, _ in choices(session, kind)]
    known = {_key(value) for value in there}
    return [FieldError(each.path, _no_such(each, there)) for each in names if _key(each.value) not in known]


def _no_such(each: Named, there: list[Any]) -> Sentence:
    if each.kind == "segments":
        return say("There is no such segment any more. Choose another one.")
    words = say("There is no %(kind)s “%(name)s”.", kind=WORDS[each.kind], name=each.value)
    close = difflib.get_close_matches(str(each.value), [str(value) for value in there], n=1)
    if close:
        return say("%(words)s Did you mean “%(guess)s”?", words=words, guess=close[0])
    return say("%(words)s Choose one that is there.", words=words)


def _key(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _asks(session: Session, start: Named, segment_id: int) -> bool:
    """Whether the segment that is named leads to this one."""
    if start.kind != "segments":
        return False
    seen: set[int] = set()
    ahead = {start.value}
    while ahead and segment_id not in ahead:
        seen |= ahead
        definitions = session.scalars(select(Segment.definition).where(Segment.id.in_(ahead)))
        found = {each.value for tree in definitions if tree for each in named(tree) if each.kind == "segments"}
        ahead = found - seen
    return segment_id in ahead
