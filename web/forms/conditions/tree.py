"""From rows to a condition tree and back, with a rule's "no" put beside the row it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from domain.fact import Fact
from domain.trees import DEEPEST, MOST_LEAVES, Tree
from web.forms.conditions import values
from web.forms.conditions.rows import Condition, Group

Facts = Mapping[str, Fact]
_PARTS = {"fact": "fact", "op": "op", "value": "value", "window_days": "days"}


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a condition (fact, op, value, days) with the fact it asks about, or a group."""

    node: Condition | Group
    part: str = ""
    fact: Fact | None = None

    def tell(self, words: str) -> None:
        """Put words beside it; the first that were said stay."""
        if isinstance(self.node, Group):
            self.node.problem = self.node.problem or words
        else:
            self.node.problems.setdefault(self.part, words)


class Draft:
    """Rows as a tree of all that could be read; `problems` are the places that could not, with words for them."""

    def __init__(self, top: Group, facts: Facts, *, path: str = "definition") -> None:
        self.problems: list[tuple[Place, str]] = []
        self._facts = facts
        self._places: dict[str, Place] = {}
        self.tree = self._group(top, path, depth=1)
        if words := _too_many(top):
            self._wrong(Place(top), words)

    @property
    def is_whole(self) -> bool:
        """Whether everything could be read."""
        return not self.problems

    def tell(self) -> None:
        """Put the problems beside their rows."""
        for place, words in self.problems:
            place.tell(words)

    def place(self, path: str) -> Place | None:
        """What a rule means by a path: the row and the part of it that comes closest."""
        while path:
            if path in self._places:
                return self._places[path]
            path = path.rpartition(".")[0]
        return None

    def _group(self, group: Group, path: str, *, depth: int) -> dict[str, Any] | None:
        self._places[path] = Place(group)
        if depth > DEEPEST:
            return self._wrong(Place(group), _("At most %(most)s groups stand in each other.", most=DEEPEST))
        parts: list[dict[str, Any]] = []
        for part in group.parts:
            written = self._part(part, f"{path}.{_step(group, len(parts))}", depth=depth + 1)
            parts += [written] if written else []
        if not group.parts:
            return self._wrong(Place(group), _nothing_asked(depth))
        return _joined(group, parts) if parts else None

    def _part(self, part: Condition | Group, path: str, *, depth: int) -> dict[str, Any] | None:
        return self._group(part, path, depth=depth) if isinstance(part, Group) else self._condition(part, path)

    def _condition(self, condition: Condition, path: str) -> dict[str, Any] | None:
        fact = self._facts.get(condition.fact)
        self._places[path] = Place(condition, "fact", fact)
        leaf = self._question(condition, fact, path)
        if fact is None or leaf is None:
            return None
        if fact.is_windowed and condition.days and (days := self._days(condition)):
            leaf["window_days"] = days
        if fact.fields is not None and (where := self._where(condition.where, fact.fields, f"{path}.where")):
            leaf["where"] = where
        return leaf

    def _question(self, condition: Condition, fact: Fact | None, path: str) -> dict[str, Any] | None:
        self._places |= {f"{path}.{name}": Place(condition, part, fact) for name, part in _PARTS.items()}
        if fact is None:
            return self._wrong(Place(condition, "fact"), _unknown(condition))
        if condition.op not in fact.operators:
            return self._wrong(Place(condition, "op"), _("Choose how it is compared."))
        leaf: dict[str, Any] = {"fact": fact.name, "op": condition.op}
        try:
            value = values.read(fact, condition.op, condition.values)
        except values.Unreadable as unreadable:
            return self._wrong(Place(condition, "value"), str(unreadable))
        return leaf if value is None else leaf | {"value": value}

    def _days(self, condition: Condition) -> int | None:
        try:
            return values.read_days(condition.days)
        except values.Unreadable as unreadable:
            return self._wrong(Place(condition, "days"), str(unreadable))

    def _where(self, narrowing: list[Condition], fields: Facts, path: str) -> dict[str, Any]:
        where: dict[str, Any] = {}
        for narrowed in narrowing:
            at = f"{path}.{narrowed.fact}"
            field = fields.get(narrowed.fact)
            self._places[at] = Place(narrowed, "value", field)
            leaf = self._question(narrowed, field, at)
            if leaf is not None and narrowed.fact in where:
                leaf = self._wrong(Place(narrowed, "fact"), _("This is asked twice: remove one of the two."))
            if leaf is not None:
                where[narrowed.fact] = _as_field(leaf)
        return where

    def _wrong(self, place: Place, words: str) -> None:
        self.problems.append((place, words))


def _step(group: Group, number: int) -> str:
    """How a path goes on from a group to its part of this number."""
    if group.joint != "none":
        return f"{group.joint}.{number}"
    return "not" if len(group.parts) == 1 else f"not.any.{number}"


def _joined(group: Group, parts: list[dict[str, Any]]) -> dict[str, Any]:
    if group.joint != "none":
        return {group.joint: parts}
    return {"not": parts[0] if len(group.parts) == 1 else {"any": parts}}


def draw(tree: Tree, facts: Facts) -> Group:
    """A tree as rows; whatever stands at its top becomes a group."""
    drawn = _draw(tree, facts)
    return drawn if isinstance(drawn, Group) else Group("all", [drawn])


def _draw(tree: Tree, facts: Facts) -> Condition | Group:
    for joint in ("all", "any"):
        if joint in tree:
            return Group(joint, [_draw(part, facts) for part in tree[joint]])
    if "not" in tree:
        inner = _draw(tree["not"], facts)
        if isinstance(inner, Group) and inner.joint == "any":
            return Group("none", inner.parts)
        return Group("none", [inner])
    return _draw_leaf(tree, facts)


def _draw_leaf(leaf: Tree, facts: Facts) -> Condition:
    fact = facts.get(leaf["fact"])
    if fact is None:
        return Condition(leaf["fact"], leaf["op"])
    where = [_draw_field(name, asked, fact.fields or {}) for name, asked in (leaf.get("where") or {}).items()]
    days = str(leaf.get("window_days") or "")
    return Condition(fact.name, leaf["op"], values.write(fact, leaf.get("value")), days, where)


def _draw_field(name: str, asked: Any, fields: Facts) -> Condition:
    leaf = asked if isinstance(asked, Mapping) else {"op": "in" if isinstance(asked, list) else "eq", "value": asked}
    fact = fields.get(name)
    return Condition(name, leaf["op"], values.write(fact, leaf.get("value")) if fact else [])


def _as_field(leaf: Mapping[str, Any]) -> Any:
    """A narrowing question as `where` keeps it: plain where it asks for one value or one of some."""
    if leaf.get("op") in ("eq", "in"):
        return leaf["value"]
    return {name: value for name, value in leaf.items() if name != "fact"}


def _nothing_asked(depth: int) -> str:
    if depth == 1:
        return _("Nothing is asked here yet: add a condition.")
    return _("This group is empty: add a condition, or remove it.")


def _unknown(condition: Condition) -> str:
    if not condition.fact:
        return _("Choose what you want to know.")
    return _("This cannot be asked any more: choose something else.")


def _too_many(top: Group) -> str | None:
    asked = sum(1 for _each in top.conditions)
    if asked <= MOST_LEAVES:
        return None
    return _("At most %(most)s questions at a time, this asks %(asked)s. Make a segment of some, then ask for that.",
             most=MOST_LEAVES, asked=asked)  # fmt: skip
