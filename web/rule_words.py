"""Earning rules in sentences: what a purchase earns, where and when that counts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Flask, g
from flask_babel import gettext as _
from flask_babel import ngettext

from domain.loyalty.earning import FACTS
from domain.trees import Tree
from models.earning_rule import EarningRule
from web import filters, stories
from web.condition_words import amounts, labels, shops

LOCATION, WEEKDAY, CHANNEL = "purchase.location", "purchase.weekday", "purchase.channel"


def init_app(app: Flask) -> None:
    """Offer the sentences to all templates."""
    app.jinja_env.globals.update(rule_words=rule_words, rule_dates=rule_dates)


def rule_words(rule: EarningRule, currencies: Mapping[int, str]) -> str:
    """`2 stars for each item of “hot drinks” on Mondays`; `currencies` are names by id."""
    parts = [_what(rule, currencies[rule.currency_id]), condition_words(rule.condition)]
    return " ".join(filter(None, parts))


def rule_dates(rule: EarningRule) -> str:
    """When what it gives can be used, and when that ends; "" for at once and for ever."""
    begins, ends = rule.activates_after_days, rule.lifetime_days
    parts = []
    if begins:
        parts.append(ngettext("usable from the next day", "usable after %(num)s days", begins))
    if ends:
        parts.append(ngettext("run out after a day", "run out after %(num)s days", ends))
    return ", ".join(parts)


def condition_words(tree: Tree | None) -> str:
    """Where and when a rule counts; "" for everywhere and always."""
    if not tree:
        return ""
    if "all" in tree:
        return " ".join(condition_words(each) for each in tree["all"])
    if "any" in tree:
        return amounts.either([condition_words(each) for each in tree["any"]])
    if "not" in tree:
        return _("but not %(condition)s", condition=condition_words(tree["not"]))
    return _leaf(tree)


def _what(rule: EarningRule, currency: str) -> str:
    if rule.points_per_unit is not None:
        money = stories.currency_words(g.tenant.currency)
        return _("%(points)s per %(money)s", points=stories.counted(rule.points_per_unit, currency), money=money)
    if rule.per_item is not None:
        points, category = rule.per_item["points"], rule.per_item["category"]
        return _("%(points)s for each item of “%(category)s”",
                 points=stories.counted(points, currency), category=category)  # fmt: skip
    return _times(rule.multiplier or Decimal(0), currency)


def _times(multiplier: Decimal, currency: str) -> str:
    name = currency_name(currency)
    said = {
        Decimal(0): _("No %(points)s", points=name),
        Decimal(2): _("Double %(points)s", points=name),
        Decimal(3): _("Triple %(points)s", points=name),
    }
    return said.get(multiplier) or _("%(times)s times the %(points)s", times=filters.number(multiplier), points=name)


def currency_name(name: str) -> str:
    """The kind of points as a word of the reader's language where it is a usual one."""
    return {"points": _("points"), "stars": _("stars")}.get(name.casefold(), name)


def _leaf(leaf: Mapping[str, Any]) -> str:
    fact = FACTS[leaf["fact"]]
    said = shops.adverb(fact.name.removeprefix("purchase."), leaf)
    if said is not None:
        return said
    value = leaf.get("value")
    values = value if isinstance(value, list) else [] if value is None else [value]
    asked = f"{labels.operator_words(fact, leaf['op'])} {amounts.either([str(each) for each in values])}"
    return _("if %(fact)s %(asked)s", fact=labels.inside(labels.fact_words(fact)), asked=asked.strip())
