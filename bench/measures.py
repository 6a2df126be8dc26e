"""What a benchmark found: figures of ours and of a baseline taken in turn, so that a noisy machine disturbs both."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times what the baseline does we do, taken in the same run: the median of the rounds' own ratios."""

    name: str
    unit: str
    ours: Sequence[float]
    baseline: Sequence[float]
    wanted: float

    @property
    def value(self) -> float:
        return median(own / other for own, other in zip(self.ours, self.baseline, strict=True))

    @property
    def holds(self) -> bool:
        """Whether it is as much as wanted."""
        return self.value >= self.wanted


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure of ours that has a limit of its own."""

    name: str
    unit: str
    values: Sequence[float]
    at_most: float

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def holds(self) -> bool:
        """Whether it stays within its limit."""
        return self.value <= self.at_most


@dataclass(frozen=True, slots=True)
class Floor:
    """A figure of ours that shall reach something by itself."""

    name: str
    unit: str
    values: Sequence[float]
    at_least: float

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def holds(self) -> bool:
        """Whether it reaches it."""
        return self.value >= self.at_least


Measure: TypeAlias = Ratio | Bound | Floor


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything one benchmark has to tell; `notes` say what was measured, in figures."""

    benchmark: str
    measures: Sequence[Measure]
    notes: dict[str, int | float | str]


def in_turn(rounds: int, *sides: Callable[[int], float], before: Callable[[], object]) -> list[list[float]]:
    """Each side's figure of every round (from 0): one after the other, the first to go changing from round to round.

    `before` each of them the house is put in order.
    """
    figures: list[list[float]] = [[] for _ in sides]
    for number in range(rounds):
        for turn in range(len(sides)):
            side = (number + turn) % len(sides)
            before()
            figures[side].append(sides[side](number))
    return figures
