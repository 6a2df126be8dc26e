"""Rows and groups as they were typed, read from a form whose names carry the place, and pressed into another shape.

A group is `t-0.joint`; its parts are `t-0-0`, `t-0-1`, …; a condition is `t-0-1.fact`, `.op`, `.value` (any number of
them) and `.days`; what it narrows itself to is `t-0-1-w0.fact` and so on.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from domain.errors import TooLarge
from domain.trees import MOST_LEAVES

TOP = "t"
JOINTS = ("all", "any", "none")
MOST_SHOWN = 3 * MOST_LEAVES
_NAME = re.compile(r"(t(?:-\d{1,4}){0,12}(?:-w\d{1,2})?)\.(joint|fact|op|value|days)")
_PART = re.compile(r"-(w?)(\d+)")


@dataclass(slots=True, eq=False)
class Condition:
    """One question as typed. `problems` are words beside one of its parts: fact, op, value, days."""

    fact: str = ""
    op: str = ""
    values: list[str] = field(default_factory=list)
    days: str = ""
    where: list["Condition"] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    has_focus: bool = False


@dataclass(slots=True, eq=False)
class Group:
    """Parts of which all, any or none shall hold."""

    joint: str = "all"
    parts: list["Condition | Group"] = field(default_factory=list)
    problem: str = ""
    has_focus: bool = False

    @property
    def conditions(self) -> Iterator[Condition]:
        """All conditions in it, however deep."""
        for part in self.parts:
            if isinstance(part, Group):
                yield from part.conditions
            else:
                yield part


Node = Condition | Group


def read(form: MultiDict[str, str]) -> dict[str, Node]:
    """What was typed, by place; the whole of it stands at `TOP`. Names that are none of ours are passed over."""
    typed: dict[str, dict[str, list[str]]] = {}
    for name, values in form.lists():
        if match := _NAME.fullmatch(name):
            typed.setdefault(match[1], {})[match[2]] = values
    if len(typed) > MOST_SHOWN:
        raise TooLarge(f"A rule may ask at most {MOST_LEAVES} questions.")
    nodes: dict[str, Node] = {TOP: Group()}
    for place in sorted(typed, key=_order):
        _put(nodes, place, _node(typed[place]))
    return nodes


def press(nodes: dict[str, Node], action: str) -> None:
    """What a button of the builder does: `add`, `group`, `narrow` or `remove`, and the place."""
    verb, _space, place = action.partition(" ")
    node, parent = nodes.get(place), nodes.get(_above(place))
    if verb == "remove" and node is not None and parent is not None:
        _siblings(parent, place).remove(node)  # type: ignore[arg-type]
        parent.has_focus = True
    elif verb == "add" and isinstance(node, Group):
        node.parts.append(Condition(has_focus=True))
    elif verb == "group" and isinstance(node, Group):
        node.parts.append(Group("any" if node.joint == "all" else "all", [Condition(has_focus=True)]))
    elif verb == "narrow" and isinstance(node, Condition):
        node.where.append(Condition(has_focus=True))


def _node(typed: dict[str, list[str]]) -> Node:
    if "joint" in typed:
        joint = typed["joint"][0]
        return Group(joint if joint in JOINTS else "all")
    fact, op, days = ((typed.get(part) or [""])[0].strip() for part in ("fact", "op", "days"))
    return Condition(fact, op, typed.get("value", []), days)


def _put(nodes: dict[str, Node], place: str, node: Node) -> None:
    parent = nodes.get(_above(place))
    if place == TOP:
        nodes[TOP] = node if isinstance(node, Group) else Group()
    elif isinstance(parent, Group) and "w" not in place:
        parent.parts.append(node)
        nodes[place] = node
    elif isinstance(parent, Condition) and isinstance(node, Condition) and "w" in place:
        parent.where.append(node)
        nodes[place] = node


def _siblings(parent: Node, place: str) -> list[Condition | Group] | list[Condition]:
    return parent.parts if isinstance(parent, Group) else parent.where


def _above(place: str) -> str:
    return place.rpartition("-")[0]


def _order(place: str) -> Iterable[tuple[str, int]]:
    return [(kind, int(number)) for kind, number in _PART.findall(place)]
