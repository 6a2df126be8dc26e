"""What a clause is: words about guests that follow "Guests", and what a question asks for, ready to be said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from flask_babel import gettext as _

from domain import trees
from domain.audience.facts.fact import AudienceFact
from domain.trees import Tree
from web.condition_words import amounts, labels, shops
from web.condition_words.names import Names

PLAIN = ("eq", "in")
_OBJECTS = ("product", "category")
_ORDER = ("amount", "channel", "location", "weekday", "hour", "payment_method")
_SAID_ELSEWHERE = (*_OBJECTS, "reward", "currency")


class Mood(Enum):
    """How a clause joins others: it adds, it denies, or it takes those out that it names."""

    YES = "yes"
    NO = "no"
    EXCEPT = "except"


@dataclass(frozen=True, slots=True)
class Clause:
    """`who bought at least 3 times`."""

    text: str
    mood: Mood = Mood.YES
    excepted: str = ""  # who is taken out, in a clause of its own


@dataclass(frozen=True, slots=True)
class Question:
    """A leaf to be said: its fact, operator and value, its window in words, and its `where` as leaves by field."""

    fact: AudienceFact
    op: str
    value: Any
    days: int | None
    where: Mapping[str, Tree]
    names: Names

    @classmethod
    def of(cls, fact: AudienceFact, leaf: Tree, names: Names) -> "Question":
        """Read a checked leaf."""
        where = {field["fact"]: field for field in trees.asked(leaf.get("where"))}
        return cls(fact, leaf["op"], leaf.get("value"), leaf.get("window_days"), where, names)

    @property
    def window(self) -> str:
        """`in the last 30 days`, or "" for all time."""
        return amounts.window(self.days)

    @property
    def object(self) -> str:
        """What was bought: `“Latte”`, `something of “hot drinks”`; "" for anything."""
        product, category = (amounts.either(list(map(amounts.quoted, self.plain(name)))) for name in _OBJECTS)
        if product and category:
            return f"{product} ({category})"
        return product or (_("something of %(category)s", category=category) if category else "")

    @property
    def place(self) -> str:
        """Where, when and how: `in the shop on Monday`, and in brackets what has no plain words."""
        said = {name: self._adverb(name) for name in sorted(self.where, key=_place_in_sentence)}
        odd = [self.bracketed(name) for name, words in said.items() if words is None]
        return " ".join(filter(None, [*said.values(), f"({', '.join(odd)})" if odd else ""]))

    @property
    def never(self) -> bool:
        """Whether it asks for who never did."""
        return amounts.is_never(self.op, self.value)

    @property
    def ever(self) -> bool:
        """Whether it asks for who did at all."""
        return amounts.is_ever(self.op, self.value)

    @property
    def values(self) -> list[Any]:
        """The value, or all of them."""
        return self.value if isinstance(self.value, list) else [self.value]

    def plain(self, name: str) -> Sequence[Any]:
        """The values of a `where` that asks for one of them; empty when it asks otherwise."""
        leaf = self.where.get(name)
        if leaf is None or leaf["op"] not in PLAIN:
            return []
        return leaf["value"] if isinstance(leaf["value"], list) else [leaf["value"]]

    def bracketed(self, name: str) -> str:
        """A field of `where` as lists say it: `Way of paying is not card`."""
        leaf = self.where[name]
        field = self.fact.field(name)
        assert field is not None  # the tree was checked
        value = leaf.get("value")
        asked = value if isinstance(value, list) else [value]
        shown = amounts.either([labels.value_words(field, each) for each in asked if each is not None])
        return f"{labels.fact_words(field)} {labels.operator_words(field, leaf['op'])} {shown}".strip()

    def _adverb(self, name: str) -> str | None:
        if name in _SAID_ELSEWHERE and self.plain(name):
            return ""
        return shops.adverb(name, self.where[name])


def yes(words: str, **parts: str) -> Clause:
    """A clause that adds; parts that are empty leave no gap."""
    return Clause(_tidy(words % parts if parts else words))


def no(words: str, **parts: str) -> Clause:
    """A clause that denies."""
    return Clause(_tidy(words % parts if parts else words), Mood.NO)


def _place_in_sentence(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _tidy(words: str) -> str:
    return re.sub(r" +([,.:)])", r"\1", re.sub(r" {2,}", " ", words)).strip()
