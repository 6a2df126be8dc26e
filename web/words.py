"""How what the rules know is said to people: greetings, reasons, causes, what needs a look. Never a code on a page."""

from datetime import datetime
from typing import Any

from flask import Flask, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from domain.insight.today import Attention, Name
from models.message import Reason
from web import filters


def init_app(app: Flask) -> None:
    """Offer the words to all templates."""
    app.jinja_env.globals.update(
        greeting=greeting,
        short_name=short_name,
        why_today=why_today,
        attention_words=attention_words,
        reason_words=reason_words,
        reason_advice=reason_advice,
        channel_words=channel_words,
        topic_words=topic_words,
    )


def greeting(now: datetime) -> str:
    """What one says at this hour in the café's zone."""
    hour = now.astimezone(filters.zone()).hour
    if hour < 5 or hour >= 18:
        return _("Good evening")
    return _("Good morning") if hour < 12 else _("Good afternoon")


def short_name(member: Any) -> str:
    """`Leonie H.`, or what there is of a name, or the number."""
    first, last = member.first_name, member.last_name
    if first and last:
        return f"{first} {last[0]}."
    return first or last or member.external_id


def why_today(name: Name) -> str:
    """Why this member is worth a word today."""
    if name.why == "birthday":
        days = name.number
        return _("birthday today") if not days else ngettext("birthday tomorrow", "birthday in %(num)s days", days)
    if name.why == "almost":
        shown = filters.number(name.number)
        missing = ngettext("%(shown)s point to go", "%(shown)s points to go", name.number, shown=shown)
        return f"{missing}: {name.detail}"
    usual = ngettext("usually comes every day", "usually every %(num)s days", int(name.detail))
    return usual + ", " + ngettext("it has been %(num)s day", "it has been %(num)s days", name.number)


def attention_words(each: Attention) -> tuple[str, str, str, str]:
    """Icon, sentence, address and words of the next step."""
    return _ATTENTION[each.kind](each)


def reason_words(reason: str | None) -> str:
    """Why a message was held back or stopped."""
    return _reasons().get(reason or "", ("", ""))[0]


def reason_advice(reason: str | None) -> str:
    """What would change a reason."""
    return _reasons().get(reason or "", ("", ""))[1]


def channel_words(channel: str) -> str:
    """A channel as it is called."""
    return {
        "email": _("E-mail"),
        "sms": _("SMS"),
        "push": _("Push"),
        "viber": "Viber",
        "whatsapp": "WhatsApp",
        "messenger": "Messenger",
        "social": _("Social networks"),
        "voice": _("Voice call"),
        "chat": _("Chat"),
        "receipt": _("Receipt"),
        "cashier": _("Cashier"),
    }[channel]


def topic_words(topic: str) -> str:
    """A topic as a guest would call it."""
    return {"promotional": _("Offers"), "rewards": _("Rewards"), "reminders": _("Reminders")}[topic]


def _reasons() -> dict[str, tuple[str, str]]:
    return {
        Reason.NO_CONSENT: (_("never said yes"), _("Ask them at the till, or print the join code.")),
        Reason.UNSUBSCRIBED: (_("took their yes back"), _("Only the guest can say yes again.")),
        Reason.SUPPRESSED: (_("this address refuses mail or texts"), _("Ask the guest for another address.")),
        Reason.NO_ADDRESS: (_("no address for this channel"), _("Ask the guest at the till.")),
        Reason.INVALID_ADDRESS: (
            _("this address takes no such message"),
            _("A landline takes no texts: ask for a mobile."),
        ),
        Reason.MARKET_CLOSED: (_("no SMS in this country"), _("Ask us to open the country for your café.")),
        Reason.FREQUENCY_CAP: (_("had enough messages lately"), _("It will be their turn again in a few days.")),
        Reason.CONTROL_GROUP: (_("in the quiet group"), _("The quiet group shows what messages are worth.")),
        Reason.CAP_REACHED: (_("the limit was reached"), _("Raise the limit, or wait until it starts anew.")),
        Reason.EXPIRED: (_("too late to be of use"), _("A reward is told within three days, or not at all.")),
        Reason.EVENT_HAPPENED: (_("no longer true: it was used or given back"), ""),
        Reason.LEFT_AUDIENCE: (_("no longer in the audience"), ""),
        Reason.SWITCHED_OFF: (_("the messages were switched off"), _("Switch them on where you set them up.")),
        Reason.GATEWAY_MISSING: (_("no gateway is connected"), _("Connect one in the settings.")),
        Reason.TEMPLATE_MISSING: (_("the text is missing"), _("Write it where you set the message up.")),
        Reason.DUPLICATE: (_("was told already"), ""),
        Reason.STOPPED_BY_OWNER: (_("stopped by you"), ""),
        Reason.MEMBER_ERASED: (_("the guest asked to be forgotten"), ""),
    }


def _gateway_stopped(each: Attention) -> tuple[str, str, str, str]:
    words = _("A gateway stopped: %(detail)s. Its messages wait and are not lost.", detail=each.detail)
    return "plug", words, url_for("settings.gateways"), _("Look at the gateways")


def _unsure(each: Attention) -> tuple[str, str, str, str]:
    words = ngettext(
        "%(shown)s message may have arrived: the line broke at the last moment. It is not repeated by itself.",
        "%(shown)s messages may have arrived: the line broke at the last moment. They are not repeated by themselves.",
        each.count,
        shown=filters.number(each.count),
    )
    return "help-circle", words, url_for("messages.index", state="unsure"), _("Show them")


def _hooks_parked(each: Attention) -> tuple[str, str, str, str]:
    words = ngettext(
        "%(shown)s sale from the till could not be read.",
        "%(shown)s sales from the till could not be read.",
        each.count,
        shown=filters.number(each.count),
    )
    return "receipt", words, url_for("settings.connectors"), _("See why")


def _connector_stopped(each: Attention) -> tuple[str, str, str, str]:
    words = _("The connection to %(system)s stopped.", system=each.detail.capitalize())
    return "plug", words, url_for("settings.connectors"), _("Connect it again")


def _gateway_missing(each: Attention) -> tuple[str, str, str, str]:
    words = ngettext(
        "%(shown)s message was held back this week because no gateway is connected.",
        "%(shown)s messages were held back this week because no gateway is connected.",
        each.count,
        shown=filters.number(each.count),
    )
    return "plug", words, url_for("settings.gateways"), _("Connect one")


def _reward_without_message(each: Attention) -> tuple[str, str, str, str]:
    words = ngettext(
        "%(num)s reward unlocks in silence: %(name)s.",
        "%(num)s rewards unlock in silence, among them %(name)s.",
        each.count,
        name=each.detail,
    )
    return "gift", words, url_for("rewards.index"), _("Tell guests automatically")


def _console_late(_each: Attention) -> tuple[str, str, str, str]:
    words = _("Tags have not been looked at for more than two of their intervals: the schedule stands still.")
    return "clock", words, url_for("loyalty_management.show", _anchor="console"), _("See since when")


_ATTENTION = {
    "gateway_stopped": _gateway_stopped,
    "unsure": _unsure,
    "hooks_parked": _hooks_parked,
    "connector_stopped": _connector_stopped,
    "gateway_missing": _gateway_missing,
    "reward_without_message": _reward_without_message,
    "console_late": _console_late,
}
