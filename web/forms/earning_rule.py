"""What the page asks about an earning rule, and the condition that its answers make."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DecimalField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from domain.loyalty.earning_rules import MOST_DAYS, RuleDraft
from models.earning_rule import EarningRule
from web.condition_words.shops import weekday_names
from web.forms import Form
from web.rule_words import CHANNEL, LOCATION, WEEKDAY

WAYS = (
    ("points_per_unit", _l("for the amount spent")),
    ("per_item", _l("for each item of a kind")),
    ("multiplier", _l("more of the same on top")),
)
ON_THE_FORM = {"per_item.category": "category", "per_item.points": "item_points"}


class RuleForm(Form):
    """How a purchase earns points, where and when."""

    currency = SelectField(_l("Earns"), [InputRequired()])
    way = RadioField(_l("It is given"), choices=WAYS, default="points_per_unit")
    points_per_unit = DecimalField(_l("For every whole unit of money"), [Optional()], places=None)
    category = StringField(_l("Items of the category"), [Optional(), Length(max=120)])
    item_points = IntegerField(_l("For each of them"), [Optional()])
    multiplier = DecimalField(_l("Everything earned is taken times"), [Optional()], places=None)
    location = SelectField(_l("Where"), [Optional()])
    channel = SelectField(
        _l("How"),
        [Optional()],
        choices=(("", _l("in the shop and online")), ("pos", _l("in the shop")), ("online", _l("in the online shop"))),
    )
    weekdays = SelectMultipleField(
        _l("On these days"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    activates_after_days = IntegerField(_l("Usable after"), [Optional(), NumberRange(0, MOST_DAYS)])
    lifetime_days = IntegerField(_l("Run out after"), [Optional(), NumberRange(1, MOST_DAYS)])

    def offer(self, *, currencies: list[tuple[str, str]], locations: list[str]) -> None:
        """Fill in what can be chosen."""
        self.currency.choices = currencies
        self.location.choices = [("", _l("everywhere")), *((name, name) for name in locations)]
        self.weekdays.choices = list(weekday_names().items())

    @property
    def condition(self) -> dict[str, Any] | None:
        """Where and when, as a condition tree; None for everywhere and always."""
        leaves = []
        if self.location.data:
            leaves.append({"fact": LOCATION, "op": "eq", "value": self.location.data})
        if self.weekdays.data:
            leaves.append({"fact": WEEKDAY, "op": "in", "value": list(self.weekdays.data)})
        if self.channel.data:
            leaves.append({"fact": CHANNEL, "op": "eq", "value": self.channel.data})
        if len(leaves) < 2:
            return leaves[0] if leaves else None
        return {"all": leaves}

    def draft(self, name: str, condition: Mapping[str, Any] | None) -> RuleDraft:
        """The rule as the owner wants it; only the chosen way of earning counts."""
        per_item = {"category": (self.category.data or "").strip(), "points": self.item_points.data}
        is_multiplier = self.way.data == "multiplier"
        return RuleDraft(
            name=name,
            currency=self.currency.data,
            points_per_unit=self.points_per_unit.data if self.way.data == "points_per_unit" else None,
            per_item=per_item if self.way.data == "per_item" else None,
            multiplier=self.multiplier.data if is_multiplier else None,
            where=condition,
            activates_after_days=None if is_multiplier else self.activates_after_days.data,
            lifetime_days=None if is_multiplier else self.lifetime_days.data,
        )


def standing(rule: EarningRule, currency: str) -> dict[str, Any]:
    """What the form shows of a rule."""
    way = next(way for way, _words in WAYS if getattr(rule, way) is not None)
    data = {
        "currency": currency,
        "way": way,
        "points_per_unit": rule.points_per_unit,
        "multiplier": rule.multiplier,
        "activates_after_days": rule.activates_after_days,
        "lifetime_days": rule.lifetime_days,
    }
    if rule.per_item:
        data |= {"category": rule.per_item["category"], "item_points": rule.per_item["points"]}
    return data | (read_condition(rule.condition) or {})


def read_condition(tree: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The answers that would make this tree; None when the form cannot say it."""
    if tree is None:
        return {}
    answers: dict[str, Any] = {}
    for leaf in tree.get("all", [tree]):
        read = _read_leaf(leaf)
        if read is None or read.keys() & answers.keys():
            return None
        answers |= read
    return answers


def _read_leaf(leaf: Mapping[str, Any]) -> dict[str, Any] | None:
    match leaf:
        case {"fact": "purchase.location", "op": "eq", "value": str(name)}:
            return {"location": name}
        case {"fact": "purchase.channel", "op": "eq", "value": str(channel)}:
            return {"channel": channel}
        case {"fact": "purchase.weekday", "op": "eq", "value": str(day)}:
            return {"weekdays": [day]}
        case {"fact": "purchase.weekday", "op": "in", "value": list(days)}:
            return {"weekdays": days}
        case _:
            return None
