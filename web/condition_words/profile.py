"""Clauses about who guests are."""

from typing import Any

from babel.dates import get_month_names
from flask_babel import gettext as _
from flask_babel import pgettext as _p

from domain.fact import Type
from web import filters
from web.condition_words import amounts, labels
from web.condition_words.clauses import Clause, Question, no, yes


def birthday(asked: Question) -> Clause:
    """`whose birthday is in the next 7 days`."""
    if asked.op in ("is_set", "not_set"):
        return anything(asked)
    if asked.op == "within_days":
        return yes(_("whose birthday is %(when)s"), when=amounts.ahead(asked.value))
    return yes(_("who were born %(when)s"), when=amounts.when(asked.op, asked.value))


def birthday_in_days(asked: Question) -> Clause:
    if asked.op in ("is_set", "not_set"):
        return anything(asked)
    days = amounts.things(_p("in so many", "day"), _p("in so many", "days"))
    return yes(_("whose birthday is in %(days)s"), days=amounts.amount(asked.op, asked.value, days))


def birthday_month(asked: Question) -> Clause:
    if asked.op not in ("eq", "in"):
        return anything(asked)
    names = get_month_names("wide", locale=filters.locale())
    months = amounts.either([names.get(int(float(each)), str(each)) for each in asked.values])
    return yes(_("whose birthday is in %(month)s"), month=months)


def age(asked: Question) -> Clause:
    if asked.op in ("is_set", "not_set"):
        return anything(asked)
    years = amounts.things(_("year"), _("years"))
    return yes(_("who are %(years)s old"), years=amounts.amount(asked.op, asked.value, years))


def joined_on(asked: Question) -> Clause:
    if asked.op in ("is_set", "not_set"):
        return anything(asked)
    return yes(_("who joined %(when)s"), when=amounts.when(asked.op, asked.value))


def joined_days_ago(asked: Question) -> Clause:
    days = amounts.things(_p("in so many", "day"), _p("in so many", "days"))
    return yes(_("who joined %(days)s ago"), days=amounts.amount(asked.op, asked.value, days))


def completeness(asked: Question) -> Clause:
    return yes(_("whose profile is %(percent)s%% complete"),
               percent=amounts.amount(asked.op, asked.value, amounts.plain))  # fmt: skip


def missing(asked: Question) -> Clause:
    if asked.op == "not_set":
        return yes(_("whose profile is complete"))
    if asked.op == "is_set":
        return yes(_("whose profile is incomplete"))
    fields = amounts.either([labels.inside(labels.value_words(asked.fact, each)) for each in asked.values])
    if asked.op == "not_in":
        return yes(_("whose profile does not lack %(fields)s"), fields=fields)
    return yes(_("whose profile lacks %(fields)s"), fields=fields)


def anything(asked: Question) -> Clause:
    """Any fact of one value: `whose first name is “Leonie”`, `whose “milk” is not known`."""
    name = amounts.quoted(asked.fact.name.partition(".")[2]) if asked.fact.name.startswith("attributes.") else None
    whose = {"fact": name or labels.inside(labels.fact_words(asked.fact))}
    if asked.op == "is_set":
        return yes(_("of whom this is known: %(fact)s"), **whose)
    if asked.op == "not_set":
        return no(_("of whom this is not known: %(fact)s"), **whose)
    return (no if asked.op in ("ne", "not_in") else yes)(_texts()[_shape(asked)], **whose, value=_value(asked))


def _shape(asked: Question) -> str:
    if asked.op in ("ne", "not_in"):
        return "ne"
    return asked.op if asked.op in ("contains", "starts_with") else "eq"


def _value(asked: Question) -> str:
    if asked.op in ("eq", "in", "ne", "not_in", "contains", "starts_with"):
        return amounts.either([_shown(asked, value) for value in asked.values])
    show = None if all(isinstance(each, int | float) for each in asked.values) else str
    return amounts.amount(asked.op, asked.value, amounts.plain, show)


def _shown(asked: Question, value: Any) -> str:
    words = labels.value_words(asked.fact, value)
    is_own = words == str(value) and asked.fact.type in (Type.TEXT, Type.FREE)
    return amounts.quoted(words) if is_own else words


def _texts() -> dict[str, str]:
    return {
        "eq": _("whose %(fact)s is %(value)s"),
        "ne": _("whose %(fact)s is not %(value)s"),
        "contains": _("whose %(fact)s contains %(value)s"),
        "starts_with": _("whose %(fact)s begins with %(value)s"),
    }
