"""What a fact is: its name and words, what may be asked about it, and how it says itself in SQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain import trees
from domain.audience.facts.statement import Column, Condition, Statement
from domain.fact import Fact
from domain.trees import Tree


@dataclass(frozen=True, slots=True)
class Asked:
    """What a leaf asks beside its value: the window in days, and the fields of its `where` as leaves."""

    window_days: int | None
    where: tuple[Tree, ...]

    @classmethod
    def of(cls, leaf: Tree) -> "Asked":
        """The window and the `where` of a checked leaf."""
        return cls(leaf.get("window_days"), tuple(trees.asked(leaf.get("where"))))

    @property
    def key(self) -> str:
        """The same for what can be answered together."""
        return repr((self.window_days, sorted(map(repr, self.where))))

    def only(self, *fields: str) -> bool:
        """Whether `where` asks about nothing but these."""
        return all(leaf["fact"] in fields for leaf in self.where)


@dataclass(frozen=True, slots=True)
class Value:
    """A fact as a column: NULL when it is not set. `absent` is what it is for a member without a row; `day` the local
    date of an instant where a column holds it. `once` looks at who has it at least once instead, without counting."""

    column: Column
    absent: int | None = None
    day: Column | None = None
    once: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """A fact that is a set. `has` looks up who has any of these values (None: any at all)."""

    has: Callable[[Sequence[Any] | None], Condition]


Said = Value | Membership
Say = Callable[[Statement, Asked], Said]


@dataclass(frozen=True, slots=True)
class AudienceFact(Fact):
    """A fact about members. `family` is where it stands in lists, `say` its SQL."""

    family: str = field(kw_only=True)
    say: Say = field(kw_only=True)


class Registry(Mapping[str, AudienceFact]):
    """Facts by name: those that are listed, and families of names that owners make up (`attributes.…`)."""

    def __init__(
        self, listed: Sequence[AudienceFact], made_up: Sequence[Callable[[str], AudienceFact | None]] = ()
    ) -> None:
        self._listed = {fact.name: fact for fact in listed}
        self._made_up = made_up

    def __getitem__(self, name: str) -> AudienceFact:
        fact = self._listed.get(name) or next(filter(None, (make(name) for make in self._made_up)), None)
        if fact is None:
            raise KeyError(name)
        return fact

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)
