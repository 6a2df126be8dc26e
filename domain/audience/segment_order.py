"""Segments that ask for other segments come after them."""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from domain.audience import condition_names
from models.segment import Segment


@dataclass(frozen=True, slots=True)
class Placed:
    """A segment and the ids of those it asks for."""

    segment: Segment
    sources: frozenset[int]


def in_order(segments: Iterable[Segment]) -> list[Placed]:
    """The segments, each after those it asks for."""
    placed = {segment.id: Placed(segment, sources_of(segment)) for segment in segments}
    order = TopologicalSorter({number: each.sources for number, each in placed.items()}).static_order()
    return [placed[number] for number in order if number in placed]


def sources_of(segment: Segment) -> frozenset[int]:
    """The ids of the segments that a segment asks for."""
    if segment.definition is None:
        return frozenset()
    return frozenset(each.value for each in condition_names.named(segment.definition) if each.kind == "segments")
