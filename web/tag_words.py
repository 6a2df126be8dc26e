"""Tags in sentences: what they are called, what they mean, why a member has one, and how it came and went."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.lists import format_list
from flask import Flask, g
from flask_babel import gettext as _
from flask_babel import ngettext

from domain.audience import consoles, interest
from domain.audience.tag_holders import Bill, Held, Holder
from domain.audience.tag_rules import INCOMPLETE, INFORM, INTEREST, POS_REVENUE, REVENUE, SLEEPING
from models.database import db
from models.tag import Tag
from web import condition_words, filters
from web.condition_words import Names

Facts = Mapping[str, Any]
Bills = Mapping[str, Mapping[int, Bill]]


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(
        tag_title=tag_title,
        tag_sentence=tag_sentence,
        rule_sentence=rule_sentence,
        because_words=because_words,
        lapse_words=lapse_words,
    )


def tag_title(tag: Tag) -> str:
    """What a tag is called: `In-store, last 6 months`, or the name its owner gave it."""
    return _titles().get(tag.rule or "", tag.name)


def tag_sentence(tag: Tag) -> str:
    """What it means, in one sentence."""
    if tag.rule:
        return _sentences()[tag.rule]
    if tag.words:
        return tag.words
    return rule_sentence(tag) if tag.definition else _("Put on by hand.")


def rule_sentence(tag: Tag) -> str:
    """The rule of the café's own that it follows, in one sentence."""
    if "tag_names" not in g:
        g.tag_names = Names(db.session())  # looked up once a page
    return condition_words.sentence(db.session(), tag.definition or {}, g.tag_names)


def because_words(held: Held | Holder, tag: Tag, bills: Bills) -> str:
    """Why a member has a tag: the bill, the act, what is missing, or who put it on."""
    say = _BECAUSE.get(tag.rule or "")
    return say(held.because, bills) if say else _by_whom(held.source)


def lapse_words(held: Held | Holder, tag: Tag) -> str:
    """When it ends by itself, or what ends it."""
    if held.lapses_on:
        return _("ends on %(day)s, unless they buy again", day=filters.day(held.lapses_on))
    endings = {
        SLEEPING: _("ends with the next visit"),
        INTEREST: _("stays until they take it back"),
        INFORM: _("ends when they no longer want reminders"),
        INCOMPLETE: _("ends when the profile is complete"),
    }
    return endings.get(tag.rule or "") or (
        _("ends when the rule is no longer true") if tag.definition else _("stays until it is taken off")
    )


def applied_words(facts: Facts) -> str:
    """`Bought in store → POS-active`."""
    name = str(facts.get("tag"))
    return f"{_came(name, facts)} → {_state(name)}"


def lapsed_words(facts: Facts) -> str:
    """`No purchase in store for 6 months → no longer POS-active`."""
    name, because = str(facts.get("tag")), facts.get("because") or {}
    return _("%(cause)s → no longer %(state)s", cause=_went(name, because), state=_state(name))


def missing_words(fields: Any) -> str:
    """`phone and birthday`."""
    names = {
        "first_name": _("first name"),
        "last_name": _("last name"),
        "email": _("e-mail address"),
        "phone": _("phone number"),
        "birthday": _("birthday"),
    }
    return format_list([names.get(each, str(each)) for each in fields or ()], locale=filters.locale())


def _months() -> int:
    if "tag_months" not in g:
        g.tag_months = consoles.tagging(db.session()).months
    return g.tag_months


def _last_months() -> str:
    return ngettext("last month", "last %(num)s months", _months())


def _titles() -> dict[str, str]:
    return {
        POS_REVENUE: _("In-store, %(window)s", window=_last_months()),
        REVENUE: _("Any channel, %(window)s", window=_last_months()),
        SLEEPING: _("Sleeping"),
        INTEREST: _("Interested in the bonus programme"),
        INFORM: _("To be told about the bonus programme"),
        INCOMPLETE: _("Incomplete profile"),
    }


def _sentences() -> dict[str, str]:
    months = _months()
    return {
        POS_REVENUE: ngettext(
            "Spent money in one of your shops within the last month.",
            "Spent money in one of your shops within the last %(num)s months.",
            months,
        ),
        REVENUE: ngettext(
            "Spent money within the last month, in a shop or online.",
            "Spent money within the last %(num)s months, in a shop or online.",
            months,
        ),
        SLEEPING: ngettext(
            "Came before, but not within the last month: no purchase and no voucher anywhere.",
            "Came before, but not within the last %(num)s months: no purchase and no voucher anywhere.",
            months,
        ),
        INTEREST: _("Opened the bonus page, asked for the balance, or ticked the box about the bonus programme."),
        INFORM: _("Is interested in the bonus programme and agreed to reminders by e-mail."),
        INCOMPLETE: _("Something is missing in the profile: a name, an address, a phone number or the birthday."),
    }


def _state(name: str) -> str:
    """The shortest way to say that a member has the tag."""
    states = {
        POS_REVENUE: _("POS-active"),
        REVENUE: _("active"),
        SLEEPING: _("sleeping"),
        INTEREST: _("interested in the bonus programme"),
        INFORM: _("to be told about the bonus programme"),
        INCOMPLETE: _("profile incomplete"),
    }
    return states.get(name) or f"“{name}”"


def _came(name: str, facts: Facts) -> str:
    because = facts.get("because") or {}
    causes = {
        POS_REVENUE: _("Bought in store"),
        REVENUE: _("Bought something"),
        SLEEPING: ngettext("Not seen for a month", "Not seen for %(num)s months", _months()),
        INFORM: _("Agreed to reminders by e-mail"),
    }
    if name == INTEREST:
        return _act(because)
    if name == INCOMPLETE:
        return _("Missing: %(fields)s", fields=missing_words(because.get("missing")))
    return causes.get(name) or _by_whom(str(facts.get("source") or "rule"))


def _went(name: str, because: Facts) -> str:
    silence = (
        ngettext("No purchase in store for a month", "No purchase in store for %(num)s months", _months())
        if name == POS_REVENUE
        else ngettext("No purchase for a month", "No purchase for %(num)s months", _months())
    )
    causes = {
        "time": silence,
        "refund": _("The purchase was refunded"),
        "visit": _("Came back"),
        "settings": _("The window was changed"),
        "consent": _("No longer wants reminders by e-mail"),
        "withdrawn": _("No longer interested"),
        "completed": _("The profile is complete"),
        "hand": _("Taken off by hand"),
        "automation": _("Taken off by an automation"),
    }
    return causes.get(str(because.get("why"))) or _("No longer fulfils the rule")


def _by_whom(source: str) -> str:
    return {
        "hand": _("Put on by hand"),
        "automation": _("Put on by an automation"),
        "import": _("Came with a file"),
        "api": _("Put on by a program"),
    }.get(source) or _("Fulfils the rule")


def _act(because: Facts) -> str:
    acts = {
        interest.BALANCE_INQUIRED: _("Asked for the balance"),
        interest.PAGE_OPENED: _("Opened the bonus page"),
        interest.DECLARED: _("Ticked the box about the bonus programme"),
    }
    return acts.get(str(because.get("act"))) or _("Showed interest")


def _day(because: Facts) -> str:
    try:
        return filters.day(date.fromisoformat(str(because.get("on"))))
    except ValueError:
        return "–"


def _bill(because: Facts, bills: Bills) -> Bill | None:
    for kind in ("purchase", "redemption"):
        if bill := bills.get(kind, {}).get(because.get(kind) or 0):
            return bill
    return None


def _because_of_revenue(because: Facts, bills: Bills) -> str:
    bill = _bill(because, bills)
    if bill is None:
        return _("bought something on %(day)s", day=_day(because))
    return _("%(bill)s on %(day)s", bill=bill_words(bill), day=_day(because))


def _because_of_silence(because: Facts, bills: Bills) -> str:
    bill = _bill(because, bills)
    if bill is None:
        return _("last here on %(day)s", day=_day(because))
    return _("last here on %(day)s: %(bill)s", day=_day(because), bill=bill_words(bill))


def bill_words(bill: Bill) -> str:
    """`€4.50 at Museumsplatz`."""
    if bill.voucher is not None:
        return _("voucher “%(name)s”", name=bill.voucher)
    amount = filters.money(bill.amount_minor, bill.currency)
    if bill.channel == "online":
        return _("%(amount)s online", amount=amount)
    return _("%(amount)s at %(place)s", amount=amount, place=bill.location) if bill.location else amount


def _because_of_an_act(because: Facts, _bills: Bills) -> str:
    return _("%(act)s on %(day)s", act=_act(because), day=_day(because))


def _because_of_consent(because: Facts, _bills: Bills) -> str:
    return _("agreed to reminders by e-mail on %(day)s; %(act)s", day=_day(because), act=_act(because))


def _because_of_gaps(because: Facts, _bills: Bills) -> str:
    return _("missing: %(fields)s", fields=missing_words(because.get("missing")))


_BECAUSE = {
    POS_REVENUE: _because_of_revenue,
    REVENUE: _because_of_revenue,
    SLEEPING: _because_of_silence,
    INTEREST: _because_of_an_act,
    INFORM: _because_of_consent,
    INCOMPLETE: _because_of_gaps,
}
