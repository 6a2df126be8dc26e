"""Facts, operators and values as lists show them."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from domain.fact import Fact, Type
from domain.loyalty.sales import CHANNELS
from models.message import Channel, Topic
from web import filters, languages, words
from web.condition_words import shops


def fact_words(fact: Fact) -> str:
    """What a fact is called: `Money spent`."""
    family, _dot, rest = fact.name.partition(".")
    if family == "consent":
        channel, _dot, topic = rest.partition(".")
        return _("Consent: %(topic)s, %(channel)s",
                 topic=words.topic_words(topic), channel=words.channel_words(channel))  # fmt: skip
    if family == "reachable":
        return _("Can be reached: %(channel)s", channel=words.channel_words(rest))
    if family == "event":
        what = _("How often: %(event)s") if fact.name.endswith(".count") else _("When last: %(event)s")
        return what % {"event": _(fact.words)}
    if family == "attributes":
        return _("Own field: %(name)s", name=rest)
    return _("Counter: %(name)s", name=rest) if family == "counter" else _(fact.words)


def event_words(fact: Fact) -> str:
    """What happened, of a fact about an event."""
    return _(fact.words)


def inside(label: str) -> str:
    """A label within a sentence: English writes it small there."""
    return label[:1].lower() + label[1:] if languages.language() == "en" else label


def family_words(family: str) -> str:
    """What a family of facts is called."""
    return {
        "profile": _("Profile"),
        "purchases": _("Purchases"),
        "points": _("Points"),
        "rewards": _("Rewards"),
        "groups": _("Tags and segments"),
        "messages": _("Messages"),
        "consents": _("Consents and addresses"),
        "tier": _("Tier"),
        "referrals": _("Recommendations"),
        "events": _("What happened"),
        "counters": _("Counters"),
    }[family]


def operator_words(fact: Fact, op: str) -> str:
    """What an operator asks about a fact: `is at least`."""
    own = {Type.BIRTHDAY: _of_birthdays, Type.SET: _of_sets, Type.IDS: _of_sets}.get(fact.type, dict)()
    return own.get(op) or _of_values()[op]


def window_words(fact: Fact) -> str:
    """What stands before the days of a window: most look back, what expires looks ahead."""
    return _("in the next") if fact.name == "points.expiring" else _("in the last")


def value_words(fact: Fact, value: Any) -> str:
    """A value that is one of the fact's options, or a yes or no."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    kind = fact.name.rpartition(".")[2]
    known: Mapping[str, str] = {}
    if kind == "language":
        return filters.locale().languages.get(str(value).lower(), str(value))
    if kind == "country":
        return filters.locale().territories.get(str(value).upper(), str(value))
    if fact.options == CHANNELS:
        known = {"pos": _("in the shop"), "online": _("in the online shop")}
    elif kind == "weekday":
        known = shops.weekday_names()
    elif kind == "missing":
        known = missing_words()
    elif fact.options == tuple(Channel):
        known = {channel: words.channel_words(channel) for channel in Channel}
    elif fact.options == tuple(Topic):
        known = {topic: words.topic_words(topic) for topic in Topic}
    return known.get(str(value).lower(), str(value))


def missing_words() -> dict[str, str]:
    """The fields of a whole profile."""
    return {
        "first_name": _("First name"),
        "last_name": _("Last name"),
        "email": _("E-mail address"),
        "phone": _("Phone number"),
        "birthday": _("Birthday"),
    }


def _of_values() -> dict[str, str]:
    return {
        "eq": _("is"),
        "ne": _("is not"),
        "lt": _("is less than"),
        "lte": _("is at most"),
        "gt": _("is more than"),
        "gte": _("is at least"),
        "between": _("is between"),
        "in": _("is one of"),
        "not_in": _("is none of"),
        "contains": _("contains"),
        "starts_with": _("begins with"),
        "is_set": _("is known"),
        "not_set": _("is not known"),
        "before": _("is before"),
        "after": _("is after"),
        "within_days": _("in the last"),
        "more_than_days_ago": _("longer ago than"),
    }


def _of_birthdays() -> dict[str, str]:
    return {"within_days": _("in the next")}


def _of_sets() -> dict[str, str]:
    return {
        "contains": _("have"),
        "in": _("have one of"),
        "not_in": _("have none of"),
        "is_set": _("have any"),
        "not_set": _("have none"),
    }
