"""What the page of a builder shows: the rows, what can be chosen in them, and where presses go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flask import g
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from domain.audience import condition_names
from domain.audience.facts import FACTS
from domain.errors import FieldError
from domain.fact import PRESENCE, Fact, Type
from web import condition_words as say
from web.condition_words import Names
from web.forms.conditions.rows import Condition, Group
from web.forms.conditions.tree import Draft
from web.forms.conditions.values import Shape, shape
from web.refusal_words import in_words

Choice = tuple[str, str]
_INPUTS = {Type.DATE: "date", Type.BIRTHDAY: "date", Type.INSTANT: "date"}


@dataclass(frozen=True, slots=True)
class Input:
    """How one value is typed: the input's type, the keyboard of a phone, and the unit behind it."""

    type: str = "text"
    mode: str = ""
    unit: str = ""


@dataclass
class Builder:
    """`url` takes presses and answers with the whole rule, `part_url` with what follows a row's fact or operator.

    `segment_id` is the segment that is edited: it cannot ask for itself. `left_out` are facts that this rule cannot ask
    for. What the café has of a kind is read once, however many rows ask for it.
    """

    session: Session
    top: Group
    url: str
    part_url: str
    segment_id: int | None = None
    left_out: Sequence[str] = ()
    _known: dict[object, list[Choice]] = field(default_factory=dict)

    @cached_property
    def families(self) -> list[tuple[str, list[Choice]]]:
        """All facts in their families, in the order of the registry."""
        families: dict[str, list[Choice]] = {}
        for fact in (each for each in FACTS.values() if each.name not in self.left_out):
            families.setdefault(fact.family, []).append((fact.name, say.fact_words(fact)))
        return [(say.family_words(family), facts) for family, facts in families.items()]

    @property
    def joints(self) -> Sequence[Choice]:
        """How the parts of a group belong together."""
        return (
            ("all", _("all of this is true")),
            ("any", _("at least one of these is true")),
            ("none", _("none of this is true")),
        )

    @property
    def between(self) -> Mapping[str, str]:
        """The word between two parts."""
        return {"all": _("and"), "any": _("or"), "none": _("nor")}

    def fact(self, row: Condition) -> Fact | None:
        return FACTS.get(row.fact)

    def words_of(self, row: Condition) -> str:
        """The row's fact, as the list says it."""
        fact = FACTS.get(row.fact)
        return say.fact_words(fact) if fact else row.fact or _("condition")

    def fields(self, fact: Fact) -> list[Choice]:
        """What a fact can be narrowed by."""
        return [(each.name, say.fact_words(each)) for each in (fact.fields or {}).values()]

    def operators(self, fact: Fact) -> list[Choice]:
        """How a fact can be compared. Whether somebody is in any segment hangs on the answer itself: never asked."""
        key = (fact.name, fact.type, fact.is_always_set)
        if key not in self._known:
            refused = PRESENCE if fact.names == "segments" else ()
            asked = [op for op in fact.operators if op not in refused]
            self._known[key] = [(op, say.operator_words(fact, op)) for op in asked]
        return self._known[key]

    def operator(self, row: Condition, fact: Fact) -> str:
        """The row's operator, or the first that fits the fact."""
        return row.op if row.op in fact.operators else usual_operator(fact)

    def shape(self, row: Condition, fact: Fact) -> Shape:
        return shape(self.operator(row, fact))

    def choices(self, fact: Fact, row: Condition | None = None) -> list[Choice]:
        """The values one can choose from, those of the row that are gone included; none where any can be typed."""
        known = self._choices(fact)
        lost = [value for value in (row.values if row and known else ()) if value and value not in dict(known)]
        return known + [(value, _("%(name)s (gone)", name=self._gone(fact, value))) for value in lost]

    def tell(self, draft: Draft, errors: Iterable[FieldError]) -> list[FieldError]:
        """Put a rule's "no" beside the rows it concerns, in the reader's words; what concerns none is returned."""
        loose = []
        for error in errors:
            place = draft.place(error.path)
            if place is None:
                loose.append(error)
            else:
                place.tell(self.words_for(draft, error))
        return loose

    def words_for(self, draft: Draft, error: FieldError) -> str:
        """What a rule's "no" says to the reader."""
        place, words = draft.place(error.path), in_words(error.message)
        if place is None or place.fact is None or isinstance(place.node, Group):
            return words
        if place.fact.names not in condition_names.STANDING:
            return words
        known = dict(self._choices(place.fact))
        if any(value not in known for value in place.node.values):
            return _("This is no longer there: choose another.")
        is_circle = error.message == condition_names.ITSELF
        return _("That segment asks for this one in turn: choose another.") if is_circle else words

    def _gone(self, fact: Fact, value: str) -> str:
        return Names(self.session).segment(int(value)) if fact.names == "segments" and value.isdigit() else value

    def _choices(self, fact: Fact) -> list[Choice]:
        if fact.type is Type.BOOLEAN:
            return [("yes", _("yes")), ("no", _("no"))]
        if fact.options:
            return [(each, say.value_words(fact, each)) for each in fact.options]
        return self._names(fact.names) if fact.names in condition_names.STANDING else []

    def input(self, fact: Fact, typed: str) -> Input:
        """How a value of this fact is typed."""
        if fact.type is Type.MONEY:
            return Input(mode="decimal", unit=g.tenant.currency)
        if fact.type is Type.NUMBER:
            return Input(mode="decimal")
        if fact.type is Type.INSTANT and "T" in typed:
            return Input("datetime-local")
        return Input(_INPUTS.get(fact.type, "text"))

    def _names(self, kind: str) -> list[Choice]:
        if kind not in self._known:
            known = condition_names.choices(self.session, kind)
            own = self.segment_id if kind == "segments" else None
            self._known[kind] = [(str(value), name) for value, name in known if value != own]
        return self._known[kind]


def usual_operator(fact: Fact) -> str:
    """What one most often asks about a fact of this type."""
    usual = {Type.NUMBER: "gte", Type.MONEY: "gte", Type.DATE: "within_days", Type.INSTANT: "within_days"}
    return usual.get(fact.type, fact.operators[0])
