"""Facts: everything a condition may ask about."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from domain.audience.facts import FACTS
from domain.audience.facts.fact import AudienceFact
from domain.errors import NotFound
from domain.fact import Fact
from web.blueprints.api.noun import Noun, Reply
from web.blueprints.api.shapes import Answer, Body

bp = Noun("facts", "What conditions may ask about.")


class FactPath(Body):
    """Which fact: `attributes.…`, `event.custom.….count` and `counter.…` take names of your own."""

    name: str = Field(max_length=200)


class FieldAnswer(Answer):
    """What a `where` may name."""

    name: str = Field(examples=["channel"])
    type: str = Field(examples=["text"])
    operators: list[str]
    options: list[str] = Field(description="The values there are; empty means any.")
    words: str
    example: Any


class FactAnswer(FieldAnswer):
    """Something a condition may ask about."""

    name: str = Field(examples=["purchases.count"])
    family: str = Field(examples=["purchases"])
    window: bool = Field(description="Whether `window_days` may be given.")
    where: list[FieldAnswer] | None = Field(description="What `where` may name; null when it may not be given.")


class Facts(Answer):
    """All of them, and no further page."""

    items: list[FactAnswer]
    next: None


@bp.operation("GET", "/facts", answers={200: Facts})
def index() -> Reply:
    """Every fact a condition may use"""
    return Reply(200, {"items": [_as_answer(fact) for fact in FACTS.values()], "next": None})


@bp.operation("GET", "/facts/<name>", answers={200: FactAnswer})
def show(path: FactPath) -> Reply:
    """One fact, also one with a name of your own"""
    fact = FACTS.get(path.name)
    if fact is None:
        raise NotFound("There is no such fact.")
    return Reply(200, _as_answer(fact))


def _as_answer(fact: AudienceFact) -> dict[str, Any]:
    fields = None if fact.fields is None else _fields(list(fact.fields.values()))
    return _field(fact) | {"family": fact.family, "window": fact.is_windowed, "where": fields}


def _fields(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    return [_field(fact) for fact in facts]


def _field(fact: Fact) -> dict[str, Any]:
    plain = {name: getattr(fact, name) for name in ("name", "type", "words", "example")}
    return plain | {"operators": list(fact.operators), "options": list(fact.options)}
