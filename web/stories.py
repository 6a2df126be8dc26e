"""A member's story and the changes of their points, in sentences."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_currency, get_currency_name
from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext

from domain import money
from domain.insight.timeline import Moment
from domain.loyalty.wallets import Entry
from models.message import MessageState
from web import consent_words, filters, message_reading, tag_words, words

Facts = Mapping[str, Any]

ICONS = {
    "purchase.completed": "cup",
    "purchase.refunded": "receipt-refund",
    "discount.calculated": "discount",
    "bonus.calculated": "coins",
    "bonus.redeemed": "coins",
    "bonus.activating": "hourglass",
    "bonus.expiring": "hourglass",
    "points.credited": "plus",
    "points.debited": "minus",
    "points.activated": "coins",
    "reward.unlocked": "gift",
    "reward.redeemed": "rosette-discount-check",
    "reward.withdrawn": "arrow-back-up",
    "reward.returned": "arrow-back-up",
    "reward.expired": "hourglass",
    "balance.inquired": "scan",
    "registration.completed": "user-check",
    "birthday": "cake",
    "member.merged": "users",
    "consent.given": "mail-check",
    "consent.withdrawn": "mail-off",
    "address.suppressed": "mail-off",
    "address.lifted": "mail-check",
    "friend.invited": "users",
    "friend.purchased": "users",
    "message.sent": "send",
    "message.delivered": "checks",
    "message.skipped": "hand-stop",
    "message.cancelled": "hand-stop",
    "message.unsure": "help-circle",
    "message.failed": "circle-x",
    "message.bounced": "mail-off",
    "message.opened": "mail-opened",
    "message.clicked": "link",
    "message.answered": "message",
    "counting.allowed": "eye",
    "counting.declined": "eye-off",
}
ICONS_OF_FAMILIES = {
    "card": "id",
    "form": "note",
    "phone": "phone",
    "email": "at",
    "app": "device-mobile",
    "social": "share",
    "status": "award",
    "tag": "tag",
    "bonus": "heart",
    "message": "clock",
}


def init_app(app: Flask) -> None:
    """Offer the sentences to all templates."""
    app.jinja_env.globals.update(
        event_icon=event_icon,
        story_words=story_words,
        entry_words=entry_words,
        counted=counted,
        points_word=points_word,
    )


def event_icon(kind: str) -> str:
    """The drawing beside a moment."""
    return ICONS.get(kind) or ICONS_OF_FAMILIES.get(kind.partition(".")[0], "bolt")


def counted(number: int | Decimal, name: str) -> str:
    """`1 point`, `12 stars`: the usual kinds of points with their singular, others as the café calls them."""
    shown = filters.number(number)
    if name.casefold() == "points":
        return ngettext("%(shown)s point", "%(shown)s points", _grammatical(number), shown=shown)
    if name.casefold() == "stars":
        return ngettext("%(shown)s star", "%(shown)s stars", _grammatical(number), shown=shown)
    return f"{shown} {name}"


def points_word(number: int | Decimal, name: str) -> str:
    """`point` or `stars`, where the number stands apart."""
    if name.casefold() == "points":
        return ngettext("point", "points", _grammatical(number))
    return ngettext("star", "stars", _grammatical(number)) if name.casefold() == "stars" else name


def story_words(moment: Moment) -> str:
    """One moment of a member's story in a sentence."""
    if moment.message is not None:
        return _of_message(moment.message)
    say = _EVENTS.get(moment.type)
    return say(moment.properties) if say else _of_other(moment.type, moment.properties)


def entry_words(entry: Entry) -> str:
    """Why points came or went."""
    kinds = {
        "earned": _("Earned with a purchase"),
        "reversed": _("Taken back: money was returned"),
        "redeemed": _("Spent on a reward"),
        "restored": _("Given back: the reward was not used after all"),
        "adjusted": _("Corrected by hand"),
        "expired": _("Ran out"),
    }
    words = kinds.get(entry.kind, _("Changed"))
    return f"{words}: {entry.reason}" if entry.reason else words


def currency_words(code: str) -> str:
    """`euro`: one whole unit of money, in the reader's language."""
    return get_currency_name(code, count=1, locale=filters.locale())


def _grammatical(number: int | Decimal) -> int:
    return 1 if number == 1 else 2


def _of_message(message: Facts) -> str:
    channel = words.channel_words(message["channel"])
    about = message["subject"] or message["body_preview"] or ""
    about = about if len(about) <= 90 else about[:89].rstrip() + "…"
    if message["state"] in (MessageState.SKIPPED, MessageState.CANCELLED):
        return _("A message by %(channel)s that did not leave", channel=channel)
    return f"{channel}: “{about}”" if about else _("A message by %(channel)s", channel=channel)


def _bought(facts: Facts) -> str:
    amount = _money(facts)
    if facts.get("channel") == "online":
        return _("Bought for %(amount)s in the online shop", amount=amount) if amount else _("Bought online")
    place = facts.get("location")
    if amount and place:
        return _("Bought for %(amount)s at %(place)s", amount=amount, place=place)
    return _("Bought for %(amount)s", amount=amount) if amount else _("Bought something")


def _refunded(facts: Facts) -> str:
    amount = _money(facts)
    return _("Got %(amount)s back", amount=amount) if amount else _("Got money back")


def _earned(facts: Facts) -> str:
    return _("Earned %(points)s", points=_points(facts))


def _unlocked(facts: Facts) -> str:
    return _("Unlocked: %(reward)s", reward=_name(facts))


def _redeemed(facts: Facts) -> str:
    return _("Used at the till: %(reward)s", reward=_name(facts))


def _returned(facts: Facts) -> str:
    return _("Not used after all: %(reward)s", reward=_name(facts))


def _withdrawn(facts: Facts) -> str:
    return _("Taken back, the purchase was returned: %(reward)s", reward=_name(facts))


def _expired(facts: Facts) -> str:
    return _("Ran out unused: %(reward)s", reward=_name(facts))


def _credited(facts: Facts) -> str:
    return _with_reason(_("Got %(points)s", points=_points(facts)), facts)


def _debited(facts: Facts) -> str:
    return _with_reason(_("Lost %(points)s", points=_points(facts)), facts)


def _activated(facts: Facts) -> str:
    return _("%(points)s became usable", points=_points(facts))


def _expiring(facts: Facts) -> str:
    return _("%(points)s are about to run out", points=_points(facts))


def _activating(facts: Facts) -> str:
    return _("%(points)s are about to become usable", points=_points(facts))


def _paid(facts: Facts) -> str:
    return _("Paid with %(points)s", points=_points(facts))


def _discounted(facts: Facts) -> str:
    return _("Saved %(amount)s: %(name)s", amount=_money(facts), name=_name(facts))


def _joined(_facts: Facts) -> str:
    return _("Joined")


def _suppressed(facts: Facts) -> str:
    return consent_words.suppression_words(facts["channel"], facts["reason"])


def _lifted(facts: Facts) -> str:
    return _("%(channel)s reaches the guest again", channel=words.channel_words(facts["channel"]))


_EVENTS: dict[str, Callable[[Facts], str]] = {
    "purchase.completed": _bought,
    "purchase.refunded": _refunded,
    "discount.calculated": _discounted,
    "bonus.calculated": _earned,
    "bonus.redeemed": _paid,
    "bonus.activating": _activating,
    "bonus.expiring": _expiring,
    "points.credited": _credited,
    "points.debited": _debited,
    "points.activated": _activated,
    "reward.unlocked": _unlocked,
    "reward.redeemed": _redeemed,
    "reward.returned": _returned,
    "reward.withdrawn": _withdrawn,
    "reward.expired": _expired,
    "registration.completed": _joined,
    "tag.applied": tag_words.applied_words,
    "tag.lapsed": tag_words.lapsed_words,
    "consent.given": consent_words.story_of_consent,
    "consent.withdrawn": consent_words.story_of_withdrawal,
    "address.suppressed": _suppressed,
    "address.lifted": _lifted,
    "message.opened": message_reading.opened_words,
    "message.clicked": message_reading.clicked_words,
}


def _of_other(kind: str, facts: Facts) -> str:
    known = {
        "balance.inquired": _("Asked at the till how many points there are"),
        "card.issued": _("Got a card"),
        "card.activated": _("Activated a card"),
        "form.section_completed": _("Told more about themselves"),
        "phone.bound": _("Confirmed a phone number"),
        "email.bound": _("Confirmed an e-mail address"),
        "app.installed": _("Installed the app"),
        "social.linked": _("Linked a social profile"),
        "social.activity": _("Was active on a social network"),
        "social.activity_removed": _("Took something back on a social network"),
        "social.group_joined": _("Joined a group on a social network"),
        "social.group_left": _("Left a group on a social network"),
        "friend.invited": _("Brought a friend"),
        "friend.purchased": _("A friend they brought bought something"),
        "status.changed": _("Reached another level"),
        "status.assigned": _("Was given a level"),
        "birthday": _("Birthday"),
        "member.merged": _("Two records of this guest were joined"),
        "bonus.page_opened": _("Opened the bonus page"),
        "bonus.interest_declared": _("Ticked the box about the bonus programme"),
        "message.answered": _("Wrote back"),
        "counting.allowed": _("May be counted: what they open and click"),
        "counting.declined": _("Does not want counted what they open and click"),
        "message.unsubscribed": _("Took their yes back in the mail program"),
        "message.complained": _("Called a message unwanted"),
        "bonus.interest_withdrawn": _("No longer wants to hear about the bonus programme"),
    }
    if kind in known:
        return known[kind]
    told = kind.removeprefix("custom.").replace("_", " ").replace(".", ": ")
    return _with_reason(told[:1].upper() + told[1:], facts)


def _points(facts: Facts) -> str:
    number, name = facts.get("points"), str(facts.get("currency") or "points")
    return counted(abs(number), name) if isinstance(number, int) else name


def _name(facts: Facts) -> str:
    return str(facts.get("name") or facts.get("scope") or _("a reward"))


def _with_reason(sentence: str, facts: Facts) -> str:
    return f"{sentence}: {facts['reason']}" if facts.get("reason") else sentence


def _money(facts: Facts) -> str:
    try:
        amount, currency = Decimal(str(facts.get("amount"))), str(facts.get("currency"))
    except InvalidOperation:
        return ""
    if not amount.is_finite() or not money.is_currency(currency):
        return ""
    return format_currency(amount, currency, locale=filters.locale())
