"""Condition trees: the grammar of questions about facts, and their answer over plain values.

A tree is `{"all": [tree, …]}`, `{"any": [tree, …]}`, `{"not": tree}` or a leaf `{"fact", "op", "value"}`; a leaf about
a fact that counts may also say `window_days` and `where`.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import InvalidOperation
from itertools import islice
from typing import Any

from domain import answers
from domain.errors import FieldError, Unacceptable
from domain.fact import KINDS, LONGEST_TEXT, PRESENCE, READERS, Fact
from domain.sentences import Sentence, say

Tree = Mapping[str, Any]

DEEPEST = 10
MOST_LEAVES = 100
LONGEST_LIST = 1000
LONGEST_WINDOW = 3650
MOST_ERRORS = 50
MOST_NAMED = 12
LISTS = ("in", "not_in")
DAYS = ("within_days", "more_than_days_ago")


def check(tree: Any, facts: Mapping[str, Fact], *, path: str = "where") -> None:
    """Refuse a tree that is not one, or asks what `facts` cannot answer; each error's path leads to its spot."""
    errors = list(islice(_problems(tree, facts, path, depth=1), MOST_ERRORS))
    if not errors and (leaves := count(tree)) > MOST_LEAVES:
        words = say(
            "A condition may ask at most %(most)s questions, this one asks %(asked)s.", most=MOST_LEAVES, asked=leaves
        )
        errors.append(FieldError(path, words))
    if errors:
        raise Unacceptable(errors[0].message if len(errors) == 1 else say("This condition cannot be used."), errors)


def count(tree: Tree) -> int:
    """How many questions a tree asks."""
    return sum(1 for _ in leaves(tree))


def leaves(tree: Tree, path: str = "") -> Iterator[tuple[str, Tree]]:
    """The questions of a tree, each with the path that leads to it."""
    for joint in ("all", "any"):
        if joint in tree:
            for i, part in enumerate(tree[joint]):
                yield from leaves(part, f"{path}.{joint}.{i}")
            return
    if "not" in tree:
        yield from leaves(tree["not"], f"{path}.not")
    else:
        yield path, tree


def asked(fields: Mapping[str, Any] | None) -> list[Tree]:
    """A `where` as leaves: `{"channel": "pos"}` asks for that, a list for one of these, `{"op", "value"}` as said."""
    return [_field_leaf(name, value) for name, value in (fields or {}).items()]


def why_unknown(name: Any, known: Mapping[str, Any]) -> Sentence:
    """What to say about a name that is none of `known`: all of them when they are few, else what may be meant."""
    if 0 < len(known) <= MOST_NAMED:
        return say("Use one of: %(names)s.", names=", ".join(known))
    guess = _guess(name, list(known)) if isinstance(name, str) else None
    words = say("There is no fact “%(name)s”.", name=str(name)[:LONGEST_TEXT])
    if guess:
        return say("%(words)s Did you mean “%(guess)s”?", words=words, guess=guess)
    return say("%(words)s The list of facts names them all.", words=words)


def holds(tree: Tree, values: Mapping[str, Any], *, today: date) -> bool:
    """Whether a checked tree is true of `values` by fact name; missing or None means not set.

    Numbers and money are `Decimal` or int (money in major units), sets hold texts. Texts compare without case. What is
    not set answers no to everything but `not_set`, `ne` and `not_in`. Days count back from `today`.
    """
    if "all" in tree:
        return all(holds(each, values, today=today) for each in tree["all"])
    if "any" in tree:
        return any(holds(each, values, today=today) for each in tree["any"])
    if "not" in tree:
        return not holds(tree["not"], values, today=today)
    return answers.holds(tree["op"], values.get(tree["fact"]), tree.get("value"), today=today)


def _problems(tree: Any, facts: Mapping[str, Fact], path: str, *, depth: int) -> Iterator[FieldError]:
    if not isinstance(tree, Mapping):
        yield FieldError(path, say("A condition is an object with all, any, not, or fact and op."))
        return
    if depth > DEEPEST:
        yield FieldError(path, say("Conditions may be nested %(most)s deep.", most=DEEPEST))
        return
    joint = next((each for each in ("all", "any") if each in tree), None)
    if joint:
        yield from _joint_problems(tree, joint, facts, path, depth=depth)
    elif "not" in tree:
        yield from _foreign(tree, {"not"}, path)
        yield from _problems(tree["not"], facts, f"{path}.not", depth=depth + 1)
    else:
        yield from _leaf_problems(tree, facts, path)


def _joint_problems(
    tree: Tree, joint: str, facts: Mapping[str, Fact], path: str, *, depth: int
) -> Iterator[FieldError]:
    yield from _foreign(tree, {joint}, path)
    parts = tree[joint]
    if not isinstance(parts, list) or not parts:
        yield FieldError(f"{path}.{joint}", say("Give a list of 1 to %(most)s conditions.", most=MOST_LEAVES))
        return
    if len(parts) > MOST_LEAVES:
        words = say(
            "A condition may ask at most %(most)s questions, this list has %(asked)s.",
            most=MOST_LEAVES,
            asked=len(parts),
        )
        yield FieldError(f"{path}.{joint}", words)
        return
    for i, part in enumerate(parts):
        yield from _problems(part, facts, f"{path}.{joint}.{i}", depth=depth + 1)


def _leaf_problems(leaf: Tree, facts: Mapping[str, Fact], path: str) -> Iterator[FieldError]:
    name = leaf.get("fact")
    fact = facts.get(name) if isinstance(name, str) else None
    if fact is None:
        yield FieldError(f"{path}.fact", why_unknown(name, facts))
        return
    more = ({"window_days"} if fact.is_windowed else set()) | (set() if fact.fields is None else {"where"})
    yield from _foreign(leaf, {"fact", "op", "value"} | more, path)
    yield from _value_problems(fact, leaf, path)
    if "window_days" in more and not _is_window(leaf.get("window_days")):
        yield FieldError(f"{path}.window_days", say("Give a number of days from 1 to %(most)s.", most=LONGEST_WINDOW))
    if fact.fields is not None:
        yield from _where_problems(fact.fields, leaf.get("where"), f"{path}.where")


def _where_problems(fields: Mapping[str, Fact], where: Any, path: str) -> Iterator[FieldError]:
    if where is None:
        return
    if not isinstance(where, Mapping):
        yield FieldError(path, say("Give an object of fields and values."))
        return
    for name, value in where.items():
        known = fields.get(name)
        if known is None:
            yield FieldError(f"{path}.{name}", why_unknown(name, fields))
        elif isinstance(value, Mapping):
            yield from _foreign(value, {"op", "value"}, f"{path}.{name}")
            yield from _value_problems(known, value, f"{path}.{name}")
        else:
            leaf = _field_leaf(name, value)
            errors = _value_problems(known, leaf, f"{path}.{name}")
            yield from (FieldError(each.path.replace(f"{name}.value", name, 1), each.message) for each in errors)


def _value_problems(fact: Fact, leaf: Tree, path: str) -> Iterator[FieldError]:
    op, value = leaf.get("op"), leaf.get("value")
    if op not in fact.operators:
        yield FieldError(
            f"{path}.op",
            say("%(name)s can be asked: %(operators)s.", name=fact.name, operators=", ".join(fact.operators)),
        )
    elif op in PRESENCE:
        if value is not None:
            yield FieldError(f"{path}.value", say("%(op)s asks for no value.", op=op))
    elif op in DAYS:
        if not _is_days(value, smallest=0):
            yield FieldError(f"{path}.value", say("Give a number of days from 0 to %(most)s.", most=LONGEST_WINDOW))
    elif op == "between":
        yield from _pair_problems(fact, value, f"{path}.value")
    elif op in LISTS:
        yield from _list_problems(fact, value, f"{path}.value")
    else:
        yield from _single_problems(fact, value, f"{path}.value")


def _pair_problems(fact: Fact, value: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(value, list) or len(value) != 2:
        yield FieldError(path, say("Give two values: from and to."))
        return
    errors = [each for i, one in enumerate(value) for each in _single_problems(fact, one, f"{path}.{i}")]
    yield from errors
    if not errors and not READERS[fact.type](value[0]) <= READERS[fact.type](value[1]):
        yield FieldError(path, say("The first value is the smaller one: turn them round."))


def _list_problems(fact: Fact, value: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(value, list) or not 0 < len(value) <= LONGEST_LIST:
        yield FieldError(path, say("Give a list of 1 to %(most)s values.", most=LONGEST_LIST))
        return
    for i, each in enumerate(value):
        yield from _single_problems(fact, each, f"{path}.{i}")


def _single_problems(fact: Fact, value: Any, path: str) -> Iterator[FieldError]:
    try:
        read = READERS[fact.type](value)
    except (ValueError, TypeError, InvalidOperation):
        yield FieldError(
            path,
            say(
                "Write it like %(example)s: %(name)s is %(kind)s.",
                example=json.dumps(fact.example, ensure_ascii=False),
                name=fact.name,
                kind=KINDS[fact.type],
            ),
        )
        return
    if fact.options and read not in fact.options:
        yield FieldError(path, say("Use one of: %(names)s.", names=", ".join(fact.options)))


def _foreign(tree: Tree, allowed: set[str], path: str) -> Iterator[FieldError]:
    for name in sorted(map(str, tree.keys() - allowed)):
        yield FieldError(f"{path}.{name}", say("Not known here. Allowed: %(names)s.", names=", ".join(sorted(allowed))))


def _field_leaf(name: str, value: Any) -> Tree:
    if isinstance(value, Mapping):
        return {"fact": name, **value}
    return {"fact": name, "op": "in" if isinstance(value, list) else "eq", "value": value}


def _guess(name: str, known: list[str]) -> str | None:
    if close := difflib.get_close_matches(name, known, n=1, cutoff=0.6):
        return close[0]
    endings = {each.rpartition(".")[2]: each for each in reversed(known)}
    close = difflib.get_close_matches(name.rpartition(".")[2], list(endings), n=1, cutoff=0.75)
    return endings[close[0]] if close else None


def _is_window(value: Any) -> bool:
    return value is None or _is_days(value)


def _is_days(value: Any, *, smallest: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and smallest <= value <= LONGEST_WINDOW
