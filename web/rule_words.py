"""Earning rules in sentences: what a purchase earns, where and when that counts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from babel.dates import get_day_names
from babel.lists import format_list
from flask import Flask, g
from flask_babel import gettext as _
from flask_babel import ngettext

from domain.loyalty.earning import FACTS, WEEKDAYS
from domain.trees import Tree
from models.earning_rule import EarningRule
from web import filters, stories

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
        return format_list([condition_words(each) for each in tree["any"]], "or", locale=filters.locale())
    if "not" in tree:
        return _("but not %(condition)s", condition=condition_words(tree["not"]))
    return _leaf(tree)


def weekday_names() -> dict[str, str]:
    """The days of the week by their codes, in the reader's language."""
    names = get_day_names("wide", locale=filters.locale())
    return {code: names[number] for number, code in enumerate(WEEKDAYS)}


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
    fact, op, value = leaf["fact"], leaf["op"], leaf.get("value")
    values = value if isinstance(value, list) else [value]
    if op in ("eq", "in"):
        if fact == WEEKDAY:
            return _on_days(values)
        if fact == LOCATION:
            return _("at %(places)s", places=_either(values))
        if fact == CHANNEL and len(values) == 1:
            return _("at the till") if values[0] == "pos" else _("in the online shop")
    return _any_leaf(fact, op, values)


def _on_days(codes: Sequence[Any]) -> str:
    names = weekday_names()
    return _("on %(days)s", days=_either([names.get(str(code).lower(), str(code)) for code in codes]))


def _any_leaf(fact: str, op: str, values: Sequence[Any]) -> str:
    asked = {
        "eq": _("is %(value)s"),
        "in": _("is %(value)s"),
        "ne": _("is not %(value)s"),
        "not_in": _("is not %(value)s"),
        "lt": _("is less than %(value)s"),
        "lte": _("is at most %(value)s"),
        "gt": _("is more than %(value)s"),
        "gte": _("is at least %(value)s"),
        "between": _("is between %(value)s"),
        "before": _("is before %(value)s"),
        "after": _("is after %(value)s"),
        "contains": _("has %(value)s"),
        "starts_with": _("begins with %(value)s"),
        "is_set": _("is known"),
        "not_set": _("is not known"),
        "within_days": _("lies at most %(value)s days back"),
        "more_than_days_ago": _("lies more than %(value)s days back"),
    }.get(op, op)
    said = asked.replace("%(value)s", _either(values))
    return _("if %(fact)s %(asked)s", fact=_fact_words(fact), asked=said)


def _fact_words(fact: str) -> str:
    known = {
        "purchase.location": _("the location"),
        "purchase.weekday": _("the weekday"),
        "purchase.hour": _("the hour"),
        "purchase.date": _("the day"),
        "purchase.channel": _("the till or shop"),
        "purchase.amount": _("the amount"),
        "purchase.payment_method": _("the way of paying"),
        "purchase.categories": _("what was bought"),
    }
    return known.get(fact) or (FACTS[fact].words if fact in FACTS else fact)


def _either(values: Sequence[Any]) -> str:
    return format_list([str(each) for each in values], "or", locale=filters.locale())
